package puente.doctor;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** What the NAT before this host does (RFC 5780), in the words of somebody who wants direct paths. */
public final class NatWords {
  private NatWords() {}

  /** Takes up to some seconds. */
  public static String of(InetSocketAddress server, int patienceMs) throws IOException {
    List<Finding> findings = new NatBehavior(server, patienceMs).findings();
    if (detail(findings, "udp").startsWith("no answer")) {
      return "no UDP comes through: direct paths by TCP alone, else the relay";
    }
    String mapping = detail(findings, "nat mapping");
    String filtering = detail(findings, "nat filtering");
    return switch (mapping) {
      case "no NAT" -> none(filtering);
      case "endpoint-independent" -> cone(filtering);
      case "address-dependent", "address- and port-dependent" ->
          "symmetric (another port for each destination): direct paths only to peers whose NAT lets"
              + " in any port, else the relay";
      default -> "not known: " + mapping;
    };
  }

  private static String none(String filtering) {
    return filtering.startsWith("address")
        ? "none, but a firewall (open to those that were sent to): direct paths to whoever sends at"
            + " the same time"
        : "none: whoever no firewall hinders reaches you directly";
  }

  private static String cone(String filtering) {
    return switch (filtering) {
      case "endpoint-independent" ->
          "full cone (one port for all, open to all): direct paths to everybody";
      case "address-dependent" ->
          "address-restricted (one port, open to addresses that were sent to): direct paths to"
              + " everybody";
      default ->
          "port-restricted (one port, open to ports that were sent to): direct paths to everybody"
              + " but those behind symmetric NATs";
    };
  }

  private static String detail(List<Finding> findings, String name) {
    return findings.stream()
        .filter(finding -> finding.name().equals(name))
        .map(Finding::detail)
        .findFirst()
        .orElse("");
  }
}
