package puente.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import puente.doctor.Finding.Part;
import puente.doctor.StunClient.Answer;
import puente.doctor.StunClient.Login;
import puente.stun.AttributeType;
import puente.stun.ChannelData;
import puente.stun.Method;

/** What an allocation is good for: a round trip over two relays, and peers that are no peers. */
final class RelayChecks {
  private static final int PACKETS = 50;
  private static final int PAYLOAD = 200;
  private static final int IPV6 = 0x02 << 24;

  /** Nobody's business outside: the cloud's metadata, the host itself, its private network. */
  private static final List<String> NEVER = List.of("169.254.169.254", "127.0.0.1", "0.0.0.0");

  private static final List<String> RARELY = List.of("10.0.0.1", "192.168.1.1");

  private final InetSocketAddress server;
  private final int patienceMs;
  private final List<Finding> findings;

  RelayChecks(InetSocketAddress server, ServerChecks.Target target, List<Finding> findings) {
    this.server = server;
    patienceMs = target.patienceMs();
    this.findings = findings;
  }

  private StunClient client(Login login) throws IOException {
    StunClient client = new StunClient(new Wire.Datagrams(server), patienceMs);
    client.logIn(login);
    return client;
  }

  private static @Nullable InetSocketAddress allocate(StunClient client) throws IOException {
    Answer answer = client.askSigned(Method.ALLOCATE, StunClient::allocate);
    return answer == null || !answer.isSuccess()
        ? null
        : answer.address(AttributeType.XOR_RELAYED_ADDRESS);
  }

  /** From one allocation of ours to another, and what comes of it. */
  void roundTrip(Login login) throws IOException {
    try (StunClient here = client(login);
        StunClient there = client(login)) {
      InetSocketAddress ours = allocate(here);
      InetSocketAddress theirs = allocate(there);
      if (ours == null || theirs == null) {
        findings.add(
            Finding.problem(
                Part.SERVER,
                "relay",
                "no second allocation for the same user",
                "Raise user-quota: a browser holds one for each URL and interface."));
        return;
      }
      if (isHidden(server.getAddress(), ours.getAddress())) {
        findings.add(
            Finding.problem(
                Part.SERVER,
                "relay address",
                "relays are at " + NatBehavior.text(ours) + ", which nobody outside can reach",
                "Set external-ip to the address of the server as clients see it, or to auto."));
      }
      Answer bound = here.bind(ChannelData.FIRST_CHANNEL, theirs);
      Answer back = there.bind(ChannelData.FIRST_CHANNEL, ours);
      findings.add(
          bound != null && back != null && bound.isSuccess() && back.isSuccess()
              ? carried(here, there)
              : refused(bound));
      here.release();
      there.release();
    }
  }

  /** A public server that hands out private addresses cannot be reached there. */
  static boolean isHidden(InetAddress asked, InetAddress relayed) {
    boolean isPublic =
        !asked.isSiteLocalAddress() && !asked.isLoopbackAddress() && !asked.isLinkLocalAddress();
    return isPublic && (relayed.isSiteLocalAddress() || relayed.isLoopbackAddress());
  }

  private static Finding refused(@Nullable Answer bound) {
    int error = bound == null ? 0 : bound.error();
    return error == 403
        ? Finding.skipped(
            Part.SERVER,
            "relay",
            "the server does not relay to its own relays (hairpin=no, or its address is denied)")
        : Finding.problem(
            Part.SERVER,
            "relay",
            "ChannelBind is refused with " + error,
            "Ask the server why: the console's page 'why'.");
  }

  private Finding carried(StunClient here, StunClient there) throws IOException {
    List<Long> trips = new ArrayList<>();
    for (int number = 0; number < PACKETS; number++) {
      byte[] payload = ByteBuffer.allocate(PAYLOAD).putInt(number).array();
      long sent = System.nanoTime();
      here.send(ChannelData.FIRST_CHANNEL, payload);
      // A lost one is waited for shortly, so that all fifty take seconds at worst.
      for (byte[] got = there.receive(patienceMs / 20); got != null; got = there.receive(1)) {
        if (got.length == PAYLOAD && ByteBuffer.wrap(got).getInt() == number) {
          trips.add(System.nanoTime() - sent);
          break;
        }
      }
    }
    if (trips.isEmpty()) {
      return Finding.problem(
          Part.SERVER,
          "relay",
          "allocations are granted, but no packet comes through",
          "Open UDP min-port to max-port (49152-65535) to the server, and see that external-ip is"
              + " its address: behind a NAT without hairpinning the server cannot reach itself.");
    }
    Collections.sort(trips);
    double loss = 100.0 * (PACKETS - trips.size()) / PACKETS;
    String detail =
        String.format(
            Locale.ROOT,
            "%d of %d packets over two relays, p50 %.1f ms, loss %.0f %%",
            trips.size(),
            PACKETS,
            trips.get(trips.size() / 2) / 1e6,
            loss);
    return loss > 2
        ? Finding.warning(
            Part.SERVER,
            "relay",
            detail,
            "See udp kernel drops on the server (puente doctor there) and the path in between.")
        : Finding.good(Part.SERVER, "relay", detail);
  }

  /** What a relay must not reach. */
  void refusedPeers(Login login) throws IOException {
    try (StunClient client = client(login)) {
      if (allocate(client) == null) {
        return;
      }
      List<String> open = open(client, NEVER);
      List<String> near = open(client, RARELY);
      client.release();
      if (!open.isEmpty()) {
        findings.add(
            Finding.problem(
                Part.SERVER,
                "peers",
                "anybody with a credential reaches " + String.join(", ", open) + " from the server",
                "Take allow-loopback-peers, dev, and allowed-peer-ip for it out."));
      } else if (!near.isEmpty()) {
        findings.add(
            Finding.warning(
                Part.SERVER,
                "peers",
                "private peers are allowed: " + String.join(", ", near),
                "Unless that is meant: take allow-private-peers out, or allow single addresses."));
      } else {
        findings.add(
            Finding.good(
                Part.SERVER, "peers", "metadata, loopback and private addresses are refused"));
      }
    }
  }

  private static List<String> open(StunClient client, List<String> peers) throws IOException {
    List<String> open = new ArrayList<>();
    for (String peer : peers) {
      Answer answer = client.permit(new InetSocketAddress(InetAddress.ofLiteral(peer), 80));
      if (answer != null && answer.isSuccess()) {
        open.add(peer);
      }
    }
    return open;
  }

  /** RFC 8656 §7.1: whether peers with IPv6 only can be reached. */
  void ipv6(Login login) throws IOException {
    try (StunClient client = client(login)) {
      Answer answer =
          client.askSigned(
              Method.ALLOCATE,
              message -> {
                StunClient.allocate(message);
                message.i32(AttributeType.REQUESTED_ADDRESS_FAMILY, IPV6);
              });
      InetSocketAddress relayed =
          answer == null ? null : answer.address(AttributeType.XOR_RELAYED_ADDRESS);
      if (relayed != null) {
        findings.add(Finding.good(Part.SERVER, "relay ipv6", "at " + NatBehavior.text(relayed)));
        client.release();
        return;
      }
      int error = answer == null ? 0 : answer.error();
      findings.add(
          Finding.warning(
              Part.SERVER,
              "relay ipv6",
              "an IPv6 relay is refused with " + error,
              "Give the server an IPv6 address as relay-ip, if peers with IPv6 only matter."));
    }
  }
}
