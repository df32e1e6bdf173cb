package puente.doctor;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import puente.doctor.Finding.Part;
import puente.doctor.Finding.Verdict;
import puente.doctor.StunClient.Answer;
import puente.doctor.StunClient.Login;
import puente.stun.AttributeType;
import puente.stun.Method;

/** Looks at a server as its clients do: each transport, a relayed round trip, what it refuses. */
public final class ServerChecks {

  /** How a credential is made that is good for so many seconds. */
  public interface Credentials {
    Credential make(long seconds);
  }

  /** A name and a password. */
  public record Credential(String user, String password) {}

  /**
   * What is looked at.
   *
   * @param host as clients write it
   * @param credentials none leaves out what needs one
   * @param roots trusted beside the well-known ones
   * @param patienceMs how long an answer is waited for
   */
  public record Target(
      String host,
      int port,
      int tlsPort,
      Optional<Credentials> credentials,
      List<X509Certificate> roots,
      int patienceMs) {}

  private static final long MINUTES = 600;
  private static final long A_DAY = 86_400;

  private final Target target;
  private final Instant now;
  private final List<Finding> findings = new ArrayList<>();

  public ServerChecks(Target target, Instant now) {
    this.target = target;
    this.now = now;
  }

  public List<Finding> findings() {
    List<InetAddress> addresses = addresses();
    if (addresses.isEmpty()) {
      return findings;
    }
    InetAddress first = addresses.getFirst();
    InetSocketAddress server = new InetSocketAddress(first, target.port());
    guarded("udp", () -> findings.addAll(new NatBehavior(server, target.patienceMs()).findings()));
    ipv6(addresses);
    guarded("turn udp", () -> turn("udp", new Wire.Datagrams(server)));
    guarded(
        "turn tcp",
        () -> turn("tcp", new Wire.Stream(Connecting.connect(server, target.patienceMs()))));
    guarded("turn tls", () -> tls(new InetSocketAddress(first, target.tlsPort())));
    guarded("turn dtls", () -> dtls(new InetSocketAddress(first, target.tlsPort())));
    if (isGood("turn udp")) {
      RelayChecks relay = new RelayChecks(server, target, findings);
      guarded("relay", () -> relay.roundTrip(login(MINUTES)));
      guarded("peers", () -> relay.refusedPeers(login(MINUTES)));
      guarded("relay ipv6", () -> relay.ipv6(login(MINUTES)));
    }
    return findings;
  }

  private interface Look {
    void look() throws IOException;
  }

  /** What the network says on the way is a finding, too. */
  private void guarded(String name, Look look) {
    try {
      look.look();
    } catch (ConnectException | SocketTimeoutException closed) {
      findings.add(
          Finding.problem(
              Part.SERVER,
              name,
              "cannot connect: " + closed.getMessage(),
              "See that the server listens there and that firewalls let it through."));
    } catch (SSLException refused) {
      findings.add(
          Finding.problem(
              Part.SERVER,
              name,
              "no TLS: " + refused.getMessage(),
              "See that " + target.tlsPort() + " is tls-listening-port, and what stands between."));
    } catch (IOException broken) {
      findings.add(
          Finding.problem(
              Part.SERVER,
              name,
              "broke off: " + broken.getMessage(),
              "See the server's log at this time."));
    }
  }

  private boolean isGood(String name) {
    return findings.stream()
        .anyMatch(found -> found.name().equals(name) && found.verdict() == Verdict.GOOD);
  }

  private List<InetAddress> addresses() {
    try {
      List<InetAddress> all = List.of(InetAddress.getAllByName(target.host()));
      String text = String.join(", ", all.stream().map(InetAddress::getHostAddress).toList());
      findings.add(Finding.good(Part.SERVER, "name", target.host() + " is " + text));
      // The first of IPv4, as most clients are; IPv6 is looked at besides.
      return Stream.concat(
              all.stream().filter(one -> !(one instanceof Inet6Address)),
              all.stream().filter(one -> one instanceof Inet6Address))
          .toList();
    } catch (UnknownHostException unknown) {
      findings.add(
          Finding.problem(
              Part.SERVER,
              "name",
              target.host() + " has no address",
              "Make an A record (and AAAA for IPv6) for it, or correct --server."));
      return List.of();
    }
  }

  private void ipv6(List<InetAddress> addresses) {
    boolean here = hasIpv6();
    Optional<InetAddress> address =
        addresses.stream().filter(one -> one instanceof Inet6Address).findFirst();
    if (address.isEmpty()) {
      findings.add(
          Finding.skipped(
              Part.NETWORK,
              "ipv6",
              (here ? "this host has it" : "this host has none")
                  + "; the server's name has no IPv6 address"));
    } else if (!here && !address.get().isLoopbackAddress()) {
      findings.add(Finding.skipped(Part.NETWORK, "ipv6", "this host has none"));
    } else {
      guarded("ipv6", () -> ipv6(new InetSocketAddress(address.get(), target.port())));
    }
  }

  private void ipv6(InetSocketAddress server) throws IOException {
    try (StunClient client = new StunClient(new Wire.Datagrams(server), target.patienceMs())) {
      Answer answer = client.binding();
      findings.add(
          answer != null
              ? Finding.good(Part.NETWORK, "ipv6", "yes, " + NatBehavior.text(server) + " answers")
              : Finding.problem(
                  Part.NETWORK,
                  "ipv6",
                  "the name has an IPv6 address that does not answer: clients lose time on it",
                  "Open UDP "
                      + server.getPort()
                      + " for IPv6, too, or take the AAAA record away."));
    }
  }

  private static boolean hasIpv6() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .anyMatch(
              one ->
                  one instanceof Inet6Address
                      && !one.isLoopbackAddress()
                      && !one.isLinkLocalAddress());
    } catch (IOException none) {
      return false;
    }
  }

  private void tls(InetSocketAddress server) throws IOException {
    Socket plain = Connecting.connect(server, target.patienceMs());
    try (SSLSocket secure = Connecting.secure(plain, target.host(), target.patienceMs())) {
      List<X509Certificate> chain =
          Arrays.stream(secure.getSession().getPeerCertificates())
              .map(X509Certificate.class::cast)
              .toList();
      findings.add(new TlsChain(target.host(), now, target.roots()).judge(chain, "tls chain"));
      turn("tls", new Wire.Stream(secure), ", " + secure.getSession().getProtocol());
    }
  }

  /** Few clients need it, and those fall back: its silence is no more than a warning. */
  private void dtls(InetSocketAddress server) throws IOException {
    DtlsWire wire;
    try {
      wire = new DtlsWire(server, target.patienceMs());
    } catch (IOException silent) {
      findings.add(
          Finding.warning(
              Part.SERVER,
              "turn dtls",
              "no DTLS at UDP " + server.getPort() + ": " + silent.getMessage(),
              "Open UDP "
                  + server.getPort()
                  + " as well as TCP; or do not hand out turns: with transport=udp."));
      return;
    }
    if (wire.chain().isEmpty()) {
      wire.close();
      throw new IOException("DTLS without a certificate");
    }
    // The chain is TLS's as a rule; another one is worth a word of its own.
    Finding judged =
        new TlsChain(target.host(), now, target.roots()).judge(wire.chain(), "dtls chain");
    if (findings.stream()
        .noneMatch(
            found -> found.name().equals("tls chain") && found.detail().equals(judged.detail()))) {
      findings.add(judged);
    }
    turn("dtls", wire);
  }

  private void turn(String transport, Wire wire) throws IOException {
    turn(transport, wire, "");
  }

  /** Binding, a refusal of strangers, and an allocation. */
  private void turn(String transport, Wire wire, String more) throws IOException {
    String name = "turn " + transport;
    try (StunClient client = new StunClient(wire, target.patienceMs())) {
      Answer binding = client.binding();
      if (binding == null) {
        findings.add(
            Finding.problem(
                Part.SERVER,
                "stun " + transport,
                "no answer to Binding",
                "See that the server listens there, that no-"
                    + transport
                    + " is not set, and"
                    + " that firewalls let it through."));
        return;
      }
      findings.add(Finding.good(Part.SERVER, "stun " + transport, described(binding) + more));
      Answer stranger = client.ask(Method.ALLOCATE, StunClient::allocate);
      if (stranger != null && transport.equals("udp")) {
        stranger(stranger);
      }
      if (target.credentials().isEmpty()) {
        findings.add(
            Finding.skipped(
                Part.SERVER,
                name,
                "no credential: give --user and --password-file, or --secret-file"));
        return;
      }
      client.logIn(login(MINUTES));
      Answer answer = client.askSigned(Method.ALLOCATE, StunClient::allocate);
      findings.add(allocated(name, answer));
      if (answer != null && answer.isSuccess()) {
        client.release();
      }
    }
  }

  private static String described(Answer binding) {
    String software = binding.text(AttributeType.SOFTWARE);
    boolean sealed = binding.message().has(AttributeType.FINGERPRINT);
    return milliseconds(binding.nanos())
        + (software.isEmpty() ? "" : ", \"" + software.replaceAll("[^ -~]", "?") + "\"")
        + (sealed ? ", fingerprint ok" : "");
  }

  static String milliseconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", nanos / 1e6);
  }

  /** What a stranger is told, and how many bytes a forged sender's victim would get for it. */
  private void stranger(Answer answer) {
    if (answer.isSuccess()) {
      findings.add(
          Finding.problem(
              Part.SERVER,
              "authentication",
              "anybody can allocate: an open relay",
              "Take no-auth out; give users or use-auth-secret."));
      return;
    }
    double factor = (double) answer.message().length() / answer.requestBytes();
    String detail =
        String.format(
            Locale.ROOT, "a stranger gets %d; amplification %.1f", answer.error(), factor);
    findings.add(
        factor > 4
            ? Finding.warning(
                Part.SERVER,
                "authentication",
                detail,
                "Shorten realm, switch software-attribute off, keep unauthorized-ratelimit on.")
            : Finding.good(Part.SERVER, "authentication", detail));
  }

  private Finding allocated(String name, @Nullable Answer answer) throws IOException {
    if (answer == null) {
      return Finding.problem(
          Part.SERVER, name, "no answer to Allocate", "See the server's log at this time.");
    }
    InetSocketAddress relayed = answer.address(AttributeType.XOR_RELAYED_ADDRESS);
    if (answer.isSuccess() && relayed != null) {
      return Finding.good(
          Part.SERVER, name, milliseconds(answer.nanos()) + ", relay " + NatBehavior.text(relayed));
    }
    return switch (answer.error()) {
      case 401 -> refused(name);
      case 486 ->
          Finding.problem(
              Part.SERVER, name, "486: the user's quota is used up", "Raise user-quota.");
      case 508 ->
          Finding.problem(
              Part.SERVER,
              name,
              "508: no relay port is free, or the node drains",
              "Widen min-port to max-port, raise total-quota, or add a node (puente plan).");
      case 300 ->
          Finding.warning(
              Part.SERVER,
              name,
              "300: sent to another node, this one drains",
              "Nothing, if that was ordered; else: puente undrain.");
      default ->
          Finding.problem(
              Part.SERVER,
              name,
              answer.error() + " to Allocate",
              "Ask the server why: puente sessions, or the console's page 'why'.");
    };
  }

  /** A credential that ends soon is refused by a clock that is ahead, a long one is not. */
  private Finding refused(String name) throws IOException {
    InetSocketAddress server =
        new InetSocketAddress(InetAddress.getByName(target.host()), target.port());
    try (StunClient again = new StunClient(new Wire.Datagrams(server), target.patienceMs())) {
      again.logIn(login(A_DAY));
      Answer answer = again.askSigned(Method.ALLOCATE, StunClient::allocate);
      if (answer != null && answer.isSuccess()) {
        again.release();
        return Finding.problem(
            Part.SERVER,
            name,
            "a credential of ten minutes has ended already for the server: its clock is ahead",
            "Set both clocks by NTP: timedatectl set-ntp true.");
      }
    }
    return Finding.problem(
        Part.SERVER,
        name,
        "401: the credential is refused",
        "See that user, password or secret are the server's own, and the realm that it names.");
  }

  private Login login(long seconds) {
    Function<Credentials, Credential> make = credentials -> credentials.make(seconds);
    Credential made = target.credentials().map(make).orElseThrow();
    return new Login(made.user(), made.password());
  }
}
