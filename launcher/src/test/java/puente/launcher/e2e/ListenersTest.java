package puente.launcher.e2e;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import puente.turn.Credentials;

/** What a reload changes under a call, listeners first of all; supervised, as it is in service. */
@Tag("e2e")
@Timeout(240)
class ListenersTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String BOTH = "listening-ip=127.0.0.1\nlistening-ip=127.0.0.2";
  private static final String TENANT = "suffix-realm\nuser=ana@a.example:pass";
  private static final String OWN = "relay-realm=127.0.0.2 a.example";
  private static final Pattern DROPPED =
      Pattern.compile("puente_turn_relay_dropped_total\\{.*\"bandwidth_quota\".*\\} [1-9]");

  @TempDir private Path folder;
  private final int base = Ports.free(5);
  private int port = base;
  private @Nullable Program program;

  @Test
  void everythingChangesUnderACallAndNothingIsLost() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
    var unused = replace("first");
    write("listening-ip=127.0.0.1");
    try (Program running = start()) {
      program = running;
      awaits("is running");
      TurnClient caller = client("127.0.0.1", "caller");
      try (Call call = new Call(caller, tcp("caller"))) {
        call.carries(100);
        listenersCome();
        takenPort();
        call.carries(50);
        certificates();
        usersAndSecrets();
        call.carries(50);
        peersAndLimits();
        otherServersAndAddresses();
        call.carries(50);
        realms();
        call.carries(50);
        listenersGo();
        TurnClient later = relays("127.0.0.1", () -> client("127.0.0.1", "later"));
        TurnClient tenant = relays("127.0.0.2", () -> client("127.0.0.1", "ana@a.example"));
        call.carries(200);
        call.assertNothingLost();
        rate(caller);
        held(caller, later, tenant);
        lastOneCloses(caller);
      }
      running.signal("TERM");
      assertEquals(0, running.finish(LIMIT).exit(), running.output());
    }
  }

  private void listenersCome() throws Exception {
    reload(BOTH);
    for (String kind : List.of("udp", "tcp")) {
      said("event=listener-opened transport=" + kind + " address=127.0.0.2:" + port);
    }
    said("event=listener-opened transport=tls address=127.0.0.2:" + (port + 1));
    said("event=listener-opened transport=dtls address=127.0.0.2:" + (port + 1));
    becomes(0, () -> client("127.0.0.2", "caller"));
  }

  /** One that cannot be opened leaves the listeners as they were; all else is taken over. */
  private void takenPort() throws Exception {
    try (var taken = new DatagramSocket(new InetSocketAddress("127.0.0.3", port))) {
      assertTrue(taken.isBound());
      reload(
          "listening-ip=127.0.0.1",
          "listening-ip=127.0.0.4",
          "listening-ip=127.0.0.3",
          "user=early:pass");
      said("event=listeners-refused");
      said("cannot open 127.0.0.3:" + port + ": the port is in use");
    }
    assertFalse(program().output().contains("127.0.0.4"), program().output());
    assertThrows(ConnectException.class, () -> new Socket("127.0.0.4", port).close());
    becomes(0, () -> client("127.0.0.2", "caller"));
    becomes(0, () -> client("127.0.0.1", "early"));
  }

  private void certificates() throws Exception {
    Certificate second = replace("second");
    assertThrows(SSLException.class, () -> handshake(second));
    reload(BOTH);
    handshake(second);
    reload(BOTH, "cert-check-interval=1");
    Certificate third = replace("third");
    awaits("event=certificate-renewed");
    handshake(third);
  }

  /** What is presented when it has been taken. */
  private Certificate replace(String name) throws IOException {
    Certificate made = Certificate.in(Files.createDirectories(folder.resolve(name)));
    Path chain = Files.copy(made.chain(), folder.resolve(name + ".pem"));
    Files.move(made.chain(), folder.resolve("chain.pem"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(made.key(), folder.resolve("key.pem"), StandardCopyOption.REPLACE_EXISTING);
    return new Certificate(chain, folder.resolve("key.pem"));
  }

  private void usersAndSecrets() throws Exception {
    String name = (System.currentTimeMillis() / 1000 + 3600) + ":eva";
    reload(BOTH, "user=later:pass", "use-auth-secret", "static-auth-secret=north");
    becomes(0, () -> client("127.0.0.1", "later"));
    becomes(0, () -> ephemeral(name, "north"));
    reload(BOTH, "use-auth-secret", "static-auth-secret=south");
    becomes(401, () -> client("127.0.0.1", "later"));
    becomes(401, () -> ephemeral(name, "north"));
    becomes(0, () -> ephemeral(name, "south"));
  }

  private void peersAndLimits() throws Exception {
    try (TurnClient client = client("127.0.0.1", "caller")) {
      client.allocate();
      var peer = new InetSocketAddress("127.0.0.77", 7);
      client.permit(peer);
      reload(BOTH, "denied-peer-ip=127.0.0.77", "user-quota=3");
      awaits("the peer is denied", () -> Admission.code(permission(client, peer)) == 403);
      becomes(486, () -> client("127.0.0.1", "caller"));
      client.refresh(0);
    }
  }

  private static byte[] permission(TurnClient client, InetSocketAddress peer) {
    return client.signed(
        Stun.CREATE_PERMISSION, message -> message.with(Stun.XOR_PEER_ADDRESS, peer));
  }

  private void otherServersAndAddresses() throws Exception {
    reload(
        BOTH,
        "external-ip=192.0.2.9/127.0.0.1",
        "tcp-alternate-server=192.0.2.1:3478",
        "alternate-check-interval=0");
    becomes(300, () -> tcp("caller"));
    relays("192.0.2.9", () -> client("127.0.0.1", "caller")).refresh(0);
  }

  /** Realms, with relay addresses of their own; and what takes a restart is said. */
  private void realms() throws Exception {
    reload(BOTH, TENANT, OWN, "listener-realm=127.0.0.2 b.example", "min-port=50000");
    awaits("event=restart-needed settings=\"min-port\"");
    relays("127.0.0.2", () -> client("127.0.0.1", "ana@a.example")).refresh(0);
    try (TurnClient stranger = client("127.0.0.2", "stranger")) {
      byte[] challenge = stranger.exchange(Stun.request(Stun.ALLOCATE).bytes());
      byte[] realm = Stun.attribute(challenge, Stun.REALM);
      assertEquals("b.example", realm == null ? "" : new String(realm, US_ASCII));
    }
    write(BOTH, TENANT, OWN, "relay-realm=192.0.2.77 a.example");
    program().signal("HUP");
    awaits("event=reload-refused");
    said("cannot open 192.0.2.77:0: this machine does not have the address");
  }

  private void listenersGo() throws Exception {
    int old = port;
    port = Ports.free(2);
    reload("listening-ip=127.0.0.1", "user=later:pass", TENANT, OWN);
    said("event=listener-opened transport=udp address=127.0.0.1:" + port);
    said("event=listener-retired transport=udp address=127.0.0.1:" + old);
    awaits("event=listener-closed transport=udp address=127.0.0.2:" + old);
    assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", old).close());
    assertFalse(answers(old), "a new client by the port that was taken out");
    assertTrue(answers(port), "a new client by the new port");
  }

  /** A limit of bytes per second holds for what is there already. */
  private void rate(TurnClient caller) throws Exception {
    reload("listening-ip=127.0.0.1", "user=later:pass", TENANT, OWN, "max-bps=1000");
    awaits(
        "too much is dropped",
        () -> {
          caller.sendChannel(Call.CHANNEL, new byte[1000]);
          return DROPPED.matcher(metrics()).find();
        });
  }

  /** The socket closes with its last allocation, in the supervisor as well. */
  private void lastOneCloses(TurnClient caller) throws Exception {
    assertThrows(IOException.class, () -> bind(base));
    caller.refresh(0);
    awaits("event=listener-closed transport=udp address=127.0.0.1:" + base);
    awaits("the port is free", () -> isFree(base));
  }

  /** What was opened at a reload outlives the process like everything else. */
  private void held(TurnClient caller, TurnClient later, TurnClient tenant) throws Exception {
    ProcessHandle serving =
        ProcessHandle.of(program().pid()).orElseThrow().children().findFirst().get();
    assertTrue(serving.destroyForcibly());
    awaits("event=respawned");
    caller.refresh(600);
    later.refresh(600);
    tenant.refresh(600);
    assertFalse(answers(base), "a new client by the port that was taken out");
  }

  // ---- the server

  private void reload(String... more) throws Exception {
    int before = times("event=reloaded");
    write(more);
    program().signal("HUP");
    awaits("it is reloaded", () -> times("event=reloaded") > before);
  }

  private void write(String... more) throws IOException {
    var lines =
        new ArrayList<>(
            List.of(
                "relay-ip=127.0.0.1",
                "relay-threads=2",
                "standby=no",
                "listening-port=" + port,
                "tls-listening-port=" + (port + 1),
                "admin-port=" + (base + 3),
                "http-port=" + (base + 4),
                "https-port=0",
                "cert=" + folder.resolve("chain.pem"),
                "pkey=" + folder.resolve("key.pem"),
                "realm=" + ServerProcess.REALM,
                "lt-cred-mech",
                "user=caller:pass",
                "allow-loopback-peers"));
    lines.addAll(List.of(more));
    Files.write(folder.resolve("puente.conf"), lines);
  }

  private Program start() throws IOException {
    var server = ServerProcess.command(folder, folder.resolve("puente.conf"));
    var command = new ArrayList<>(List.of(server.getFirst(), "-Xmx16m", "-XX:+UseSerialGC"));
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp"));
    command.addAll(List.of(server.get(server.indexOf("-cp") + 1), "puente.supervisor.Supervisor"));
    command.addAll(server);
    return Program.start(new ProcessBuilder(command), folder.resolve("supervisor.log"));
  }

  private Program program() {
    return Objects.requireNonNull(program);
  }

  private void awaits(String words) throws Exception {
    awaits(words, () -> program().output().contains(words));
  }

  private void awaits(String what, Admission.Condition condition) throws Exception {
    try {
      Admission.awaits(what, condition);
    } catch (AssertionError never) {
      throw new AssertionError(never.getMessage() + "\n" + program().output(), never);
    }
  }

  private int times(String words) {
    return program().output().split(words, -1).length - 1;
  }

  private void said(String words) {
    assertTrue(program().output().contains(words), words + "\n" + program().output());
  }

  private String metrics() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + (base + 3) + "/metrics");
    try (var http = HttpClient.newHttpClient()) {
      HttpRequest request = HttpRequest.newBuilder(uri).timeout(LIMIT).build();
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }
  }

  // ---- clients

  /** Makes a client, which is closed when it has been asked. */
  private interface Caller {
    TurnClient call() throws IOException;
  }

  private TurnClient client(String address, String user) throws IOException {
    return client(address, user, "pass");
  }

  private TurnClient client(String address, String user, String password) throws IOException {
    var wire = new TurnClient.Datagrams(new InetSocketAddress(address, port));
    return new TurnClient(wire, user, password);
  }

  private TurnClient ephemeral(String name, String secret) throws IOException {
    return client("127.0.0.1", name, Credentials.ephemeralPassword(secret, name));
  }

  private TurnClient tcp(String user) throws IOException {
    var socket = new Socket("127.0.0.1", port);
    socket.setTcpNoDelay(true);
    return new TurnClient(new TurnClient.Stream(socket), user, "pass");
  }

  /** Shards take a new configuration over one after the other: it is asked until they have. */
  private void becomes(int code, Caller caller) throws Exception {
    awaits(
        "Allocate is answered with " + code,
        () -> {
          try (TurnClient client = caller.call()) {
            int answered = Admission.code(Admission.allocate(client));
            if (answered == 0) {
              client.refresh(0);
            }
            return answered == code;
          }
        });
  }

  private TurnClient relays(String address, Caller caller) throws Exception {
    var found = new ArrayList<TurnClient>();
    awaits(
        "it is relayed at " + address,
        () -> {
          TurnClient client = caller.call();
          if (client.allocate().getAddress().getHostAddress().equals(address)) {
            return found.add(client);
          }
          client.refresh(0);
          client.close();
          return false;
        });
    return found.getFirst();
  }

  private void handshake(Certificate trusted) throws IOException {
    try (var socket =
        (SSLSocket)
            TlsTunnel.trusting(trusted)
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port + 1)) {
      socket.startHandshake();
    }
  }

  /** Asks as somebody new does; it is sent often enough that all of them are lost by no accident. */
  private static boolean answers(int listening) throws IOException {
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      socket.setSoTimeout(300);
      byte[] request = Stun.request(Stun.BINDING).bytes();
      var to = new InetSocketAddress(InetAddress.getLoopbackAddress(), listening);
      for (int attempt = 0; attempt < 5; attempt++) {
        socket.send(new DatagramPacket(request, request.length, to));
        try {
          socket.receive(new DatagramPacket(new byte[500], 500));
          return true;
        } catch (SocketTimeoutException silent) {
          // Again.
        }
      }
      return false;
    }
  }

  private static void bind(int listening) throws IOException {
    try (var socket = new DatagramSocket(null)) {
      socket.setReuseAddress(false);
      socket.bind(new InetSocketAddress("127.0.0.1", listening));
      assertNotNull(socket.getLocalAddress());
    }
  }

  private static boolean isFree(int listening) {
    try {
      bind(listening);
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
