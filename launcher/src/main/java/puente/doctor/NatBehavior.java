package puente.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.doctor.Finding.Part;
import puente.doctor.StunClient.Answer;
import puente.stun.AttributeType;
import puente.stun.Method;

/** What the NAT before this host does (RFC 5780), asked of a server with two addresses. */
final class NatBehavior {
  /** RFC 5780 §7.2: the bits of CHANGE-REQUEST. */
  private static final int CHANGE_IP = 4;

  private static final int CHANGE_PORT = 2;
  private static final String RELAY_HELPS =
      "Calls from here take the relay where a peer's NAT does the same: see that turn below works,"
          + " or have this NAT map by endpoint-independent rules (RFC 4787 REQ-1).";

  private final InetSocketAddress server;
  private final int patienceMs;
  private final List<Finding> findings = new ArrayList<>();

  NatBehavior(InetSocketAddress server, int patienceMs) {
    this.server = server;
    this.patienceMs = patienceMs;
  }

  /** RFC 5780 §4.3 and §4.4. */
  List<Finding> findings() throws IOException {
    Wire.Datagrams wire = new Wire.Datagrams(server);
    try (StunClient client = new StunClient(wire, patienceMs)) {
      Answer first = client.binding();
      InetSocketAddress mapped =
          first == null ? null : first.address(AttributeType.XOR_MAPPED_ADDRESS);
      if (first == null || mapped == null) {
        findings.add(
            Finding.problem(
                Part.NETWORK,
                "udp",
                "no answer from " + text(server) + " over UDP",
                "Open UDP "
                    + server.getPort()
                    + " to the server in the firewalls on the way; if only this network blocks"
                    + " UDP, its users depend on turns: over TCP."));
        return findings;
      }
      findings.add(Finding.good(Part.NETWORK, "udp", "yes, seen from outside as " + text(mapped)));
      InetSocketAddress other = first.plainAddress(AttributeType.OTHER_ADDRESS);
      if (other == null || other.getAddress().equals(server.getAddress())) {
        findings.add(
            Finding.skipped(
                Part.NETWORK,
                "nat mapping",
                "the server tells no second address (rfc5780 with two listening-ip, or two nodes)"));
      } else {
        mapping(wire, client, mapped, other);
        filtering();
      }
      hairpin(client, mapped);
    }
    return findings;
  }

  /** RFC 5780 §4.3. */
  private void mapping(
      Wire.Datagrams wire, StunClient client, InetSocketAddress first, InetSocketAddress other)
      throws IOException {
    if (first.getPort() == wire.localPort() && isHere(first.getAddress())) {
      findings.add(Finding.good(Part.NETWORK, "nat mapping", "no NAT"));
      return;
    }
    wire.aim(new InetSocketAddress(other.getAddress(), server.getPort()));
    InetSocketAddress second = mapped(client.binding());
    wire.aim(other);
    InetSocketAddress third = mapped(client.binding());
    wire.aim(server);
    if (second == null || third == null) {
      findings.add(
          Finding.warning(
              Part.NETWORK,
              "nat mapping",
              "the server's second address " + text(other) + " does not answer",
              "Open UDP to it, too, or switch rfc5780 off on the server."));
    } else if (second.equals(first)) {
      findings.add(Finding.good(Part.NETWORK, "nat mapping", "endpoint-independent"));
    } else {
      String how = second.equals(third) ? "address-dependent" : "address- and port-dependent";
      findings.add(Finding.warning(Part.NETWORK, "nat mapping", how, RELAY_HELPS));
    }
  }

  /** RFC 5780 §4.4, from a port that has sent to nobody else. */
  private void filtering() throws IOException {
    try (StunClient fresh = new StunClient(new Wire.Datagrams(server), patienceMs)) {
      fresh.binding();
      String how =
          changed(fresh, CHANGE_IP | CHANGE_PORT)
              ? "endpoint-independent"
              : changed(fresh, CHANGE_PORT) ? "address-dependent" : "address- and port-dependent";
      findings.add(Finding.good(Part.NETWORK, "nat filtering", how));
    }
  }

  private static boolean changed(StunClient client, int what) throws IOException {
    Answer answer =
        client.ask(Method.BINDING, message -> message.i32(AttributeType.CHANGE_REQUEST, what));
    return answer != null && answer.isSuccess();
  }

  /** RFC 5780 §4.5: whether two hosts behind this NAT reach each other by its outer address. */
  private void hairpin(StunClient first, InetSocketAddress mapped) throws IOException {
    try (Wire.Datagrams second = new Wire.Datagrams(mapped)) {
      byte[] probe = "puente doctor".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      for (int attempt = 0; attempt < 3; attempt++) {
        second.send(probe, probe.length);
        byte[] got = first.wire().receive(patienceMs / 6);
        if (got != null && java.util.Arrays.equals(got, probe)) {
          findings.add(Finding.good(Part.NETWORK, "nat hairpin", "yes"));
          return;
        }
      }
    }
    findings.add(Finding.good(Part.NETWORK, "nat hairpin", "no"));
  }

  private static @Nullable InetSocketAddress mapped(@Nullable Answer answer) {
    return answer == null ? null : answer.address(AttributeType.XOR_MAPPED_ADDRESS);
  }

  private static boolean isHere(InetAddress address) throws IOException {
    return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
