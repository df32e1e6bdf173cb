package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lines as Linux writes them to /proc/net/udp and udp6. */
class NodeMetricsSocketsTest {

  private static final String HEAD =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
          + "inode ref pointer drops             \n";
  private static final int US = 1000;

  @TempDir private Path directory;
  private Path v4 = Path.of("");
  private Path v6 = Path.of("");
  private long now;

  /** How far the clock goes on whenever it is looked at. */
  private long step;

  private NodeMetricsSockets sockets = new NodeMetricsSockets(port -> false, 0, List.of(), () -> 0);

  @BeforeEach
  void start() throws IOException {
    v4 = directory.resolve("udp");
    v6 = directory.resolve("udp6");
    sockets =
        new NodeMetricsSockets(
            port -> port == 3478 || port >= 49152, US, List.of(v4, v6), () -> now += step);
    Files.writeString(v4, HEAD);
    Files.writeString(v6, HEAD);
  }

  @Test
  void countsOurPortsInBothTables() throws IOException {
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5) + v4(53, US, 12, 100) + v4(49152, US, 13, 7));
    Files.writeString(v6, HEAD + v6(65535, US, 14, 20));
    assertEquals(32, look());
  }

  @Test
  void leavesOutOtherUsersSockets() throws IOException {
    Files.writeString(v4, HEAD + v4(50000, US + 1, 11, 5) + v4(50000, US, 12, 1));
    assertEquals(1, look());
  }

  @Test
  void addsWhatCameSinceTheLastLook() throws IOException {
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5));
    assertEquals(5, look());
    assertEquals(5, look());
    Files.writeString(v4, HEAD + v4(3478, US, 11, 9));
    assertEquals(9, look());
  }

  @Test
  void neverFallsWhenSocketsGo() throws IOException {
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5) + v4(49153, US, 12, 4));
    assertEquals(9, look());
    Files.writeString(v4, HEAD + v4(3478, US, 11, 6));
    assertEquals(10, look());
    Files.writeString(v4, HEAD + v4(3478, US, 11, 2));
    assertEquals(12, look());
  }

  @Test
  void livesWithTablesItCannotRead() throws IOException {
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5));
    assertEquals(5, look());
    Files.delete(v6);
    assertEquals(5, look());
    Files.writeString(v6, "nonsense\n\n 1 2 3\n:::: -- :\n");
    assertEquals(5, look());
  }

  /** A look that takes a second is not made each second. */
  @Test
  void looksAtMostForThreePercentOfTheTime() throws IOException {
    step = 1_000_000_000;
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5));
    assertEquals(5, sockets.drops());
    Files.writeString(v4, HEAD + v4(3478, US, 11, 9));
    for (int i = 0; i < 31; i++) {
      assertEquals(5, sockets.drops());
    }
    assertEquals(9, sockets.drops());
  }

  @Test
  void aQuickLookIsMadeEachSecond() throws IOException {
    Files.writeString(v4, HEAD + v4(3478, US, 11, 5));
    assertEquals(5, sockets.drops());
    Files.writeString(v4, HEAD + v4(3478, US, 11, 9));
    now += 999_999_999;
    assertEquals(5, sockets.drops());
    now += 1;
    assertEquals(9, sockets.drops());
  }

  @Test
  void readsManyLines() throws IOException {
    StringBuilder many = new StringBuilder(HEAD);
    for (int i = 0; i < 16_384; i++) {
      many.append(v4(49152 + i, US, 1000 + i, 1));
    }
    Files.writeString(v4, many);
    assertEquals(16_384, look());
  }

  private long look() {
    sockets.look();
    return sockets.total();
  }

  private static String v4(int port, int user, int inode, long drops) {
    return line("0100007F:%04X 00000000:0000".formatted(port), user, inode, drops);
  }

  private static String v6(int port, int user, int inode, long drops) {
    String any = "0".repeat(32);
    return line("%s:%04X %s:0000".formatted(any, port, any), user, inode, drops);
  }

  private static String line(String addresses, int user, int inode, long drops) {
    String line =
        "%5d: %s 07 00000000:00000000 00:00000000 00000000 %5d %8d %d 2 0000000000000000 %d"
            .formatted(inode, addresses, user, 0, inode, drops);
    return "%-127s\n".formatted(line);
  }
}
