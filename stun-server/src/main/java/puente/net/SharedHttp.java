package puente.net;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where clients that speak HTTP at a port of ours are handed to: Unix sockets of a server in this
 * process, which reads a PROXY header first.
 *
 * @param plain for those without TLS; null where they are not served
 * @param secure for those whose TLS ended here; null where they are not served
 */
public record SharedHttp(@Nullable Path plain, @Nullable Path secure) {

  public static final SharedHttp NONE = new SharedHttp(null, null);

  /** RFC 9110 §9.3 and RFC 5789: how a request begins. A channel of ours can begin so later only. */
  private static final Set<Integer> BEGINNINGS =
      Set.of("GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "PATC").stream()
          .map(SharedHttp::number)
          .collect(Collectors.toUnmodifiableSet());

  private static int number(String four) {
    byte[] bytes = four.getBytes(StandardCharsets.US_ASCII);
    return bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
  }

  @Nullable Path door(boolean inTls) {
    return inTls ? secure : plain;
  }

  /** Whether these bytes, four at least, begin a request. */
  static boolean startsIn(ByteBuf bytes) {
    return BEGINNINGS.contains(bytes.getInt(bytes.readerIndex()));
  }
}
