package puente.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.peer.FileExchange;
import puente.peer.Mesh;
import puente.peer.Peer;

/** Sends files to everybody who receives in a room. */
@Command(
    name = "send",
    header = {
      "Send files to everybody who receives in ROOM, directly where the NATs allow it.",
      "",
      "  puente send holiday.mp4 photos.zip picnic --key-file key",
      "  puente send backup.tar nightly --wait         wait for somebody to receive it",
      "",
      "Exit: 0 everybody has all files (with --wait: somebody), 1 not so, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class SendCommand implements Callable<Integer> {
  private static final long FINISH_MS = 10_000;
  private static final long LARGE_BYTES = 500_000_000;

  private final Surroundings surroundings;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final Set<Peer> open = new HashSet<>();
  private final Set<String> served = new HashSet<>();

  /** Identities of those who vanished; somebody who comes back is another peer with the same one. */
  private final List<String> vanished = new ArrayList<>();

  private final Map<Peer, String> identities = new HashMap<>();

  private int bad;

  @Parameters(
      arity = "2..*",
      paramLabel = "FILE... ROOM",
      hideParamSyntax = true,
      description = "Files, and last the room's name.")
  private List<String> words = List.of();

  @Option(
      names = "--wait",
      description = "If nobody is there, or who was there left, wait for somebody.")
  private boolean wait;

  @Mixin private final GatewayOptions options = new GatewayOptions();
  @Mixin private final RelayOptions relay = new RelayOptions();
  @Mixin private final HelpOption help = new HelpOption();

  SendCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    PeerLines said = new PeerLines(surroundings, ended);
    List<Path> files =
        words.subList(0, words.size() - 1).stream()
            .map(word -> surroundings.directory().resolve(Path.of(word)))
            .toList();
    Mesh.Entry entry = new Mesh.Entry(words.getLast(), options.name(), "send", relay.max());
    Sending progress = new Sending(said);
    files.stream()
        .filter(file -> file.toFile().length() > LARGE_BYTES)
        .forEach(file -> said.note("reading " + file.getFileName() + " once, for its digests"));
    try (FileExchange exchange = FileExchange.sending(files, progress);
        Mesh mesh = new Mesh(options.gateway(surroundings), entry, new Hearing(said, exchange))) {
      progress.among(mesh::peers);
      mesh.start();
      String why = ended.join();
      if (!why.isEmpty()) {
        throw new StartFailure(StartFailure.Kind.OTHER, why);
      }
      exchange.finish(FINISH_MS);
      progress.served(exchange);
    } catch (IOException unreadable) {
      throw StartFailure.configuration(String.valueOf(unreadable.getMessage()));
    }
    return isGood() ? 0 : Puente.EXIT_FAILURE;
  }

  private synchronized boolean isGood() {
    // Who waits does so for those who left, too: perhaps the last one was the first.
    return bad == 0 && served.containsAll(vanished) || wait && !served.isEmpty();
  }

  private synchronized void met(Peer receiver) {
    open.add(receiver);
  }

  private synchronized void complete(Peer receiver, boolean isGood) {
    open.remove(receiver);
    if (isGood) {
      served.add(identity(receiver));
    } else if (receiver.isSilent()) {
      vanished.add(identity(receiver));
    } else {
      bad++;
    }
  }

  /** Of whom nothing more is known: the name of this one program, which the server gave. */
  private String identity(Peer receiver) {
    return identities.getOrDefault(receiver, receiver.id());
  }

  private synchronized void known(Peer receiver, String identity) {
    identities.put(receiver, identity);
  }

  /** Whoever vanished and came back as another is not waited for. */
  private synchronized boolean isOver() {
    boolean again = wait && served.isEmpty();
    return !again
        && open.stream().allMatch(one -> one.isSilent() && served.contains(identity(one)));
  }

  private synchronized boolean isUnderWay() {
    return !open.isEmpty() || !served.isEmpty();
  }

  private final class Sending extends FileProgress {
    Sending(PeerLines said) {
      super(said);
    }

    @Override
    public void complete(Peer receiver, boolean isGood) {
      SendCommand.this.complete(receiver, isGood);
      if (isOver()) {
        said().end("");
      }
    }

    @Override
    public void known(Peer receiver, String identity) {
      SendCommand.this.known(receiver, identity);
    }

    @Override
    public void noMore() {
      throw new IllegalStateException("a sender decides that himself");
    }
  }

  private final class Hearing extends FileHearing {
    Hearing(PeerLines said, FileExchange exchange) {
      super(said, exchange, Set.of("receive"));
    }

    @Override
    public void onJoined(int others) {
      if (isUnderWay()) {
        return;
      }
      if (wait) {
        said().note("waiting for somebody to receive in " + words.getLast());
        return;
      }
      String nobody = "nobody receives in " + words.getLast();
      said().end(nobody + "; there: puente receive ROOM; here: --wait");
    }

    @Override
    void met(Peer peer) {
      SendCommand.this.met(peer);
      super.met(peer);
    }

    @Override
    public void onSilent(Peer peer) {
      super.onSilent(peer);
      if (isUnderWay() && isOver()) {
        said().end("");
      }
    }
  }
}
