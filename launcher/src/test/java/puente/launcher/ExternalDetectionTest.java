package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ExternalDetectionTest {
  @TempDir Path directory;
  private final AtomicInteger asked = new AtomicInteger();
  private HttpServer cloud;

  @BeforeEach
  void start() throws IOException {
    cloud = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    cloud.createContext(
        "/hetzner/v1/metadata/public-ipv4",
        exchange -> {
          asked.incrementAndGet();
          byte[] body = "203.0.114.7".getBytes(StandardCharsets.US_ASCII);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    cloud.start();
  }

  @AfterEach
  void stop() {
    cloud.stop(0);
  }

  private Config config(String... lines) throws StartFailure {
    List<ConfigLoader.Flag> flags =
        Stream.concat(
                Stream.of(lines), Stream.of("detect-stun-server=none", "state-dir=" + directory))
            .map(line -> line.split("=", 2))
            .map(words -> new ConfigLoader.Flag(words[0], words[1]))
            .toList();
    return ConfigLoader.load(
        new ConfigLoader.Sources(Optional.empty(), false, Map.of(), flags, directory));
  }

  private static ExternalDetection detection(String metadata) {
    return new ExternalDetection(metadata, 1);
  }

  private String metadata() {
    return "http://127.0.0.1:" + cloud.getAddress().getPort();
  }

  @Test
  void takesThePlaceOfAutoAndKeepsWhatWasGivenBesides() throws Exception {
    Config config = config("external-ip=auto", "external-ip=2a00:1450::9");
    Config resolved = detection(metadata()).resolved(config);
    List<ExternalAddress> addresses = resolved.all(Settings.EXTERNAL_IP);
    assertEquals("203.0.114.7", addresses.getFirst().publicAddress().getHostAddress());
    assertEquals("2a00:1450:0:0:0:0:0:9", addresses.getLast().publicAddress().getHostAddress());
    assertEquals(
        "auto: hetzner", resolved.values(Settings.EXTERNAL_IP).getFirst().origin().place());
  }

  /** A server that comes back after a crash must not wait for anybody. */
  @Test
  void asksOnceAndIsKnownToOtherCommandsFromThenOn() throws Exception {
    Config config = config("external-ip=$(detect-external-ip)");
    assertEquals(List.of(), ExternalDetection.known(config).all(Settings.EXTERNAL_IP));
    detection(metadata()).resolved(config);
    assertEquals(1, asked.get());
    detection("http://127.0.0.1:9").resolved(config);
    assertEquals(1, asked.get());
    assertEquals(1, ExternalDetection.known(config).all(Settings.EXTERNAL_IP).size());

    Files.writeString(directory.resolve("external-address"), "another boot\n203.0.114.8 x\n");
    detection(metadata()).resolved(config);
    assertEquals(2, asked.get());
  }

  @Test
  void failsInOneLineWhenNobodyKnows() throws Exception {
    StartFailure failure =
        assertThrows(
            StartFailure.class,
            () -> detection("http://127.0.0.1:9").resolved(config("external-ip=auto")));
    assertTrue(failure.line().contains("nobody knows this host's address"), failure.line());
    assertTrue(failure.line().contains("aws-imdsv2: "), failure.line());
  }

  @Test
  void asksNobodyUnlessItIsTold() throws Exception {
    Config config = config("external-ip=203.0.114.1");
    assertSame(config, detection(metadata()).resolved(config));
    assertEquals(0, asked.get());
    assertThrows(StartFailure.class, () -> config("external-ip=0.0.0.0"));
  }
}
