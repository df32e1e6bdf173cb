package puente.launcher.e2e;

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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a reload changes under a call, listeners first of all; supervised, as it is in service. */
@Tag("e2e")
@Timeout(240)
class ListenersTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir private Path folder;
  private final int port = Ports.free(5);
  private final int next = Ports.free(2);

  @Test
  void everythingChangesUnderACallAndNothingIsLost() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && ServerProcess.isPuente());
    Certificate certificate = Certificate.in(folder);
    write(certificate, port, "listening-ip=127.0.0.1");
    Program program = start();
    try {
      Admission.awaits("it runs", () -> program.output().contains("is running"));
      TurnClient caller = client("127.0.0.1", port, "caller");
      try (Call call = new Call(caller, tcp(port))) {
        call.carries(100);
        addresses(program, certificate, call);
        refused(program, certificate, call);
        TurnClient later = everything(program, certificate, call);
        call.assertNothingLost();
        lastOneCloses(program, caller);
        held(program, later);
      }
    } finally {
      program.signal("TERM");
      assertEquals(0, program.finish(LIMIT).exit(), program.output());
    }
  }

  private void addresses(Program program, Certificate certificate, Call call) throws Exception {
    write(certificate, port, "listening-ip=127.0.0.1", "listening-ip=127.0.0.2");
    program.signal("HUP");
    awaits(program, "event=reloaded");
    for (String kind : List.of("udp", "tcp")) {
      said(program, "event=listener-opened transport=" + kind + " address=127.0.0.2:" + port);
    }
    said(program, "event=listener-opened transport=tls address=127.0.0.2:" + (port + 1));
    said(program, "event=listener-opened transport=dtls address=127.0.0.2:" + (port + 1));
    TurnClient there = client("127.0.0.2", port, "caller");
    there.allocate();
    there.refresh(0);
    call.carries(100);
  }

  /** One that cannot be opened leaves the listeners as they were; all else is taken over. */
  private void refused(Program program, Certificate certificate, Call call) throws Exception {
    try (var taken = new DatagramSocket(new InetSocketAddress("127.0.0.3", port))) {
      assertTrue(taken.isBound());
      write(
          certificate,
          port,
          "listening-ip=127.0.0.1",
          "listening-ip=127.0.0.4",
          "listening-ip=127.0.0.3",
          "user=early:pass");
      program.signal("HUP");
      awaits(program, "event=listeners-refused");
      said(program, "cannot open 127.0.0.3:" + port + ": the port is in use");
      Admission.awaits("the rest is taken", () -> times(program, "event=reloaded") == 2);
    }
    assertFalse(program.output().contains("127.0.0.4"), program.output());
    assertThrows(ConnectException.class, () -> new Socket("127.0.0.4", port).close());
    TurnClient there = client("127.0.0.2", port, "caller");
    there.allocate();
    there.refresh(0);
    client("127.0.0.1", port, "early").allocate();
    call.carries(100);
  }

  /** Certificate, users, rules, limits, external address, other servers, and the ports as well. */
  private TurnClient everything(Program program, Certificate certificate, Call call)
      throws Exception {
    Certificate fresh = Certificate.in(Files.createDirectories(folder.resolve("new")));
    Files.move(fresh.key(), certificate.key(), StandardCopyOption.REPLACE_EXISTING);
    Files.move(fresh.chain(), certificate.chain(), StandardCopyOption.REPLACE_EXISTING);
    write(
        certificate,
        next,
        "listening-ip=127.0.0.1",
        "user=later:pass",
        "denied-peer-ip=192.0.2.77",
        "user-quota=1",
        "external-ip=192.0.2.9/127.0.0.1",
        "tcp-alternate-server=192.0.2.1:3478",
        "alternate-check-interval=0");
    program.signal("HUP");
    awaits(program, "transport=udp address=127.0.0.1:" + next);
    awaits(program, "event=listener-retired transport=udp address=127.0.0.1:" + port);
    awaits(program, "event=listener-closed transport=udp address=127.0.0.2:" + port);
    assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", port).close());
    assertFalse(answers(port), "a new client by the port that was taken out");
    assertTrue(answers(next), "a new client by the new port");
    assertFalse(program.output().contains("event=restart-needed"), program.output());
    TurnClient later = client("127.0.0.1", next, "later");
    assertEquals("192.0.2.9", later.allocate().getAddress().getHostAddress());
    assertEquals(486, Admission.code(Admission.allocate(client("127.0.0.1", next, "later"))));
    call.carries(200);
    return later;
  }

  /** The socket closes with its last allocation, in the supervisor as well. */
  private void lastOneCloses(Program program, TurnClient caller) throws Exception {
    assertThrows(IOException.class, () -> bind(port));
    caller.refresh(0);
    awaits(program, "event=listener-closed transport=udp address=127.0.0.1:" + port);
    Admission.awaits("the port is free", () -> isFree(port));
  }

  /** A listener that was opened at a reload outlives the process like every other. */
  private static void held(Program program, TurnClient later) throws Exception {
    ProcessHandle serving =
        ProcessHandle.of(program.pid()).orElseThrow().children().findFirst().get();
    assertTrue(serving.destroyForcibly());
    awaits(program, "event=respawned");
    later.refresh(600);
  }

  // ---- the server

  private void write(Certificate certificate, int listening, String... more) throws IOException {
    var lines =
        new ArrayList<>(
            List.of(
                "relay-ip=127.0.0.1",
                "relay-threads=2",
                "standby=no",
                "listening-port=" + listening,
                "tls-listening-port=" + (listening + 1),
                "admin-port=" + (port + 3),
                "http-port=" + (port + 4),
                "https-port=0",
                "cert=" + certificate.chain(),
                "pkey=" + certificate.key(),
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

  private static void awaits(Program program, String words) throws Exception {
    try {
      Admission.awaits(words, () -> program.output().contains(words));
    } catch (AssertionError never) {
      throw new AssertionError(never.getMessage() + "\n" + program.output(), never);
    }
  }

  private static int times(Program program, String words) {
    return program.output().split(words, -1).length - 1;
  }

  private static void said(Program program, String words) {
    assertTrue(program.output().contains(words), words + "\n" + program.output());
  }

  // ---- clients

  private static TurnClient client(String address, int listening, String user) throws IOException {
    var wire = new TurnClient.Datagrams(new InetSocketAddress(address, listening));
    return new TurnClient(wire, user, "pass");
  }

  private static TurnClient tcp(int listening) throws IOException {
    var socket = new Socket("127.0.0.1", listening);
    socket.setTcpNoDelay(true);
    return new TurnClient(new TurnClient.Stream(socket), "caller", "pass");
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
