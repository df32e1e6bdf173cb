package puente.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import puente.doctor.NatWords;
import puente.peer.Mesh;
import puente.peer.Peer;

/** A room in a terminal: everybody in it is connected with everybody. */
@Command(
    name = "chat",
    header = {
      "Talk with everybody in ROOM, directly where the NATs allow it, encrypted end to end.",
      "",
      "  puente chat picnic --server https://turn.example.org:8443 --key-file key",
      "  echo 'it is done' | puente chat builds --name ci",
      "",
      "In the room: /who shows by which path each is reached, how far away, and the code that",
      "both sides compare; /nat says what the NAT here does; /quit or ^D leaves.",
      "Exit: 0 left, 1 could not enter, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class ChatCommand implements Callable<Integer> {
  private static final long FLUSH_MS = 15_000;
  private static final int NAT_PATIENCE_MS = 1_500;
  private static final byte TEXT = 1;
  private static final List<String> COMMANDS = List.of("/who", "/nat", "/help", "/quit");

  private final Surroundings surroundings;
  private final InputStream in;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final CompletableFuture<Boolean> joined = new CompletableFuture<>();

  @Parameters(paramLabel = "ROOM", description = "The room's name.")
  private String room = "";

  @Mixin private final GatewayOptions options = new GatewayOptions();
  @Mixin private final RelayOptions relay = new RelayOptions();
  @Mixin private final HelpOption help = new HelpOption();

  ChatCommand(Surroundings surroundings, InputStream in) {
    this.surroundings = surroundings;
    this.in = in;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    PeerLines said = new PeerLines(surroundings, ended);
    Mesh.Entry entry = new Mesh.Entry(room, options.name(), "chat", relay.max());
    try (Mesh mesh = new Mesh(options.gateway(surroundings), entry, new Hearing(said))) {
      mesh.start();
      // Who is here is known before the first line is read, which may be the only one.
      joined.thenRunAsync(
          () -> read(mesh, said),
          work -> Thread.ofPlatform().daemon().name("keyboard").start(work));
      String why = ended.join();
      if (!why.isEmpty()) {
        throw new StartFailure(StartFailure.Kind.OTHER, why);
      }
      for (Peer peer : mesh.peers()) {
        if (!peer.flush(FLUSH_MS)) {
          said.note(peer.name() + " has not got all of it");
        }
      }
    }
    return 0;
  }

  private void read(Mesh mesh, PeerLines said) {
    try (Keyboard keyboard =
        said.isTerminal()
            ? Keyboard.ofTerminal(options.name() + "> ", COMMANDS, said::above)
            : Keyboard.of(in)) {
      String line = keyboard.line();
      while (line != null && !line.strip().equals("/quit")) {
        understand(mesh, said, line.strip());
        line = keyboard.line();
      }
      said.above(null);
    } catch (IOException gone) {
      said.note("nothing more can be read: " + gone.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    ended.complete("");
  }

  private static void understand(Mesh mesh, PeerLines said, String line)
      throws InterruptedException {
    if (line.equals("/who")) {
      if (mesh.peers().isEmpty()) {
        said.note("nobody else is here");
      }
      mesh.peers().forEach(peer -> said.note(PeerLines.where(peer)));
    } else if (line.equals("/nat")) {
      Thread.ofPlatform().daemon().name("nat").start(() -> said.note("your NAT: " + nat(mesh)));
    } else if (line.startsWith("/")) {
      said.note("/who is here, by which path, and the code to compare; /nat: what yours does");
      said.note("/quit leaves, as ^D does");
    } else if (!line.isEmpty()) {
      tell(mesh, said, line);
    }
  }

  private static String nat(Mesh mesh) {
    List<InetSocketAddress> servers = mesh.stunServers();
    if (servers.isEmpty()) {
      return "not known, the server offers no STUN";
    }
    List<String> words = new ArrayList<>();
    for (InetSocketAddress server : servers) {
      boolean isSecond = !words.isEmpty();
      words.add((isSecond ? "with IPv6 " : "") + nat(server));
    }
    return String.join("; ", words);
  }

  private static String nat(InetSocketAddress server) {
    try {
      return NatWords.of(server, NAT_PATIENCE_MS);
    } catch (IOException failed) {
      return "not known: " + failed.getMessage();
    }
  }

  private static void tell(Mesh mesh, PeerLines said, String line) throws InterruptedException {
    byte[] text = line.getBytes(StandardCharsets.UTF_8);
    if (text.length >= Peer.messageMax()) {
      said.note("a line is " + (Peer.messageMax() - 1) + " bytes at most");
      return;
    }
    byte[] message = new byte[text.length + 1];
    message[0] = TEXT;
    System.arraycopy(text, 0, message, 1, text.length);
    boolean isHeard = false;
    for (Peer peer : mesh.peers()) {
      if (peer.role().equals("chat")) {
        isHeard |= peer.send(message);
      }
    }
    if (!isHeard) {
      said.note("nobody is here to read that");
    }
  }

  private final class Hearing extends PeerLines.Told {
    Hearing(PeerLines said) {
      super(said);
    }

    @Override
    public void onJoined(int others) {
      said()
          .note(
              String.format(
                  Locale.ROOT, "in %s with %d other%s", room, others, others == 1 ? "" : "s"));
      joined.complete(true);
    }

    @Override
    public void onMessage(Peer peer, byte[] message) {
      if (message.length > 0 && message[0] == TEXT) {
        String text = new String(message, 1, message.length - 1, StandardCharsets.UTF_8);
        said().data("<" + peer.name() + "> " + text);
      }
    }
  }
}
