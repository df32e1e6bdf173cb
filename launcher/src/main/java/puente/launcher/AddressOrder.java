package puente.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Of a name with addresses of both families, Java tries IPv4 alone. That suits most hosts: a server's
 * HTTP port is at IPv4 unless it was told otherwise. One that has no way out but by IPv6 would never
 * come there.
 */
final class AddressOrder {
  private static final Path ROUTES = Path.of("/proc/net/route");
  private static final Path ROUTES_6 = Path.of("/proc/net/ipv6_route");

  private AddressOrder() {}

  /** Before anything is looked up: Java reads it once. */
  static void suitThisHost() {
    if (isIpv6Alone(lines(ROUTES), lines(ROUTES_6))) {
      System.setProperty("java.net.preferIPv6Addresses", "true");
    }
  }

  /** Whether the default routes, as Linux lists them, are of IPv6 alone. */
  static boolean isIpv6Alone(List<String> routes, List<String> routes6) {
    boolean hasIpv4 =
        routes.stream().map(AddressOrder::words).anyMatch(w -> w.length > 1 && isZero(w[1]));
    boolean hasIpv6 =
        routes6.stream()
            .map(AddressOrder::words)
            .anyMatch(
                w -> w.length > 2 && isZero(w[0]) && isZero(w[1]) && !w[w.length - 1].equals("lo"));
    return hasIpv6 && !hasIpv4;
  }

  private static String[] words(String line) {
    return line.strip().split("\\s+");
  }

  private static boolean isZero(String hex) {
    return hex.matches("0+");
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.US_ASCII);
    } catch (IOException notLinux) {
      return List.of();
    }
  }
}
