package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The configurations that the guides of Jitsi, Synapse, Nextcloud Talk and BigBlueButton ask for,
 * each in a network of its own that has the addresses it names, on the ports it names. Only paths
 * of files are moved into the test's folder.
 */
@Tag("e2e")
class GuidesStartTest {

  private static final Duration LIMIT = Duration.ofSeconds(40);

  /**
   * The application's users get what the guide means them to have: an allocation by the shared
   * secret, datagrams to a permitted peer and back, and no way to a denied one.
   */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "jitsi, 192.0.2.10, jitsi-and-prosody-share-this, 8.8.4.4, 10.0.0.9",
    "synapse, 10.0.0.1, s3cret with a # and spaces, 10.0.0.1, 192.168.0.9",
    "nextcloud-talk, 192.0.2.30,"
        + " 5b1ff2c0ffeef00d5b1ff2c0ffeef00d5b1ff2c0ffeef00d5b1ff2c0ffeef00d, 8.8.4.4, 127.0.0.1",
    "bigbluebutton, 192.0.2.40, bbb-and-the-turn-server-share-this, 192.0.2.40, 8.8.4.4"
  })
  void startsUnmodified(String guide, String address, String secret, String peer, String denied)
      throws IOException {
    Program.require("ip", "turnutils_uclient", "turnutils_peer");
    ServerProcess.requireServer();
    try (var network = new Network(guide, address, peer, denied)) {
      var server = network.serve(configuration(guide, network.folder), 3478);
      var echo = network.start("peer", "turnutils_peer", "-L", peer, "-p", "3490");
      network.awaitUdp(echo, 3490);
      var talk = network.uclient(address, secret, peer);
      assertEquals(0, talk.exit(), talk.output() + server.output());
      assertTrue(talk.output().contains("tot_send_msgs=20, tot_recv_msgs=20"), talk.output());
      var refused = network.uclient(address, secret, denied);
      assertNotEquals(0, refused.exit(), refused.output() + server.output());
      var stranger = network.uclient(address, "not the secret", peer);
      assertNotEquals(0, stranger.exit(), stranger.output());
      server.signal("TERM");
      var end = server.finish(LIMIT);
      if (ServerProcess.isPuente()) {
        assertEquals(0, end.exit(), end.output());
      }
    }
  }

  private static Path configuration(String guide, Path folder) throws IOException {
    var certificate = Certificate.in(folder);
    try (var resource = GuidesStartTest.class.getResourceAsStream("/guides/" + guide + ".conf")) {
      assertNotNull(resource, guide);
      var text =
          new String(resource.readAllBytes(), StandardCharsets.UTF_8)
              .replaceAll("(?m)^cert=.*", "cert=" + certificate.chain())
              .replaceAll("(?m)^pkey=.*", "pkey=" + certificate.key())
              .replaceAll("(?m)^dh-file=.*\n", "")
              .replaceAll("(?m)^log-file=.*", "log-file=" + folder.resolve("guide.log"))
              .replaceAll("(?m)^proc-(user|group)=.*\n", "");
      if (ServerProcess.isPuente()) {
        // For the client of the test, which draws channels from all that RFC 5766 allowed.
        text += "\nrfc5766-channel-numbers\n";
      }
      return Files.writeString(folder.resolve(guide + ".conf"), text);
    }
  }

  /** A network namespace whose bridge carries the addresses of a guide. */
  private static final class Network implements AutoCloseable {
    final Path folder;
    private final String name;
    private final List<Program> programs = new ArrayList<>();

    Network(String guide, String... addresses) throws IOException {
      name = "puente-" + guide.substring(0, 3) + "-" + ProcessHandle.current().pid();
      folder = Path.of("target", "e2e", "guide-" + guide).toAbsolutePath();
      Files.createDirectories(folder);
      ip("netns", "add", name);
      ip("-n", name, "link", "set", "lo", "up");
      ip("-n", name, "link", "add", "br0", "type", "bridge");
      ip("-n", name, "link", "set", "br0", "up");
      for (var address : Arrays.stream(addresses).distinct().toList()) {
        if (!address.startsWith("127.")) {
          ip("-n", name, "address", "add", address + "/24", "dev", "br0");
        }
      }
    }

    private void ip(String... words) {
      var command = new ArrayList<>(List.of("ip"));
      command.addAll(List.of(words));
      var done = Program.start(new ProcessBuilder(command), folder.resolve("ip.out")).finish(LIMIT);
      if (done.exit() != 0) {
        System.err.println("LEFT OUT: the guides' networks need root: " + done.output());
        Assumptions.abort("no network namespace: " + done.output());
      }
    }

    Program start(String log, String... command) {
      var inside = new ArrayList<>(List.of("ip", "netns", "exec", name));
      inside.addAll(List.of(command));
      // `ip netns exec` becomes the command, so the process is the command's own.
      var program = Program.start(new ProcessBuilder(inside), folder.resolve(log + ".out"));
      programs.add(program);
      return program;
    }

    Program serve(Path configuration, int port) throws IOException {
      var command = ServerProcess.command(folder, configuration);
      var server = start("server", command.toArray(String[]::new));
      awaitUdp(server, port);
      return server;
    }

    /** The process's own view of its network: is the port bound? */
    void awaitUdp(Program program, int port) throws IOException {
      var sockets = Path.of("/proc/" + program.pid() + "/net/udp");
      var bound = ":%04X ".formatted(port);
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (Files.readAllLines(sockets).stream().noneMatch(line -> local(line).contains(bound))) {
        if (System.nanoTime() > deadline || program.endsWithin(Duration.ofMillis(50))) {
          throw new AssertionError("did not bind port " + port + "\n" + program.output());
        }
      }
    }

    private static String local(String line) {
      return line.length() > 24 ? line.substring(0, 24) : "";
    }

    Program.Finished uclient(String server, String secret, String peer) {
      return start(
              "uclient",
              "turnutils_uclient",
              "-n",
              "20",
              "-c",
              "-u",
              "ana",
              "-W",
              secret,
              "-e",
              peer,
              "-r",
              "3490",
              server)
          .finish(LIMIT);
    }

    @Override
    public void close() {
      programs.forEach(Program::end);
      ip("netns", "del", name);
    }
  }
}
