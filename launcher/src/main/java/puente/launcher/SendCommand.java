package puente.launcher;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.peer.FileSending;
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
      "Exit: 0 everybody has all files, 1 nobody is there or somebody has not, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class SendCommand implements Callable<Integer> {
  private final Surroundings surroundings;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private final Map<String, FileSending> sendingById = new ConcurrentHashMap<>();
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger bad = new AtomicInteger();
  private final AtomicInteger good = new AtomicInteger();

  @Parameters(
      arity = "2..*",
      paramLabel = "FILE... ROOM",
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
    List<FileSending.Source> files = new ArrayList<>();
    try {
      for (String word : words.subList(0, words.size() - 1)) {
        files.add(new FileSending.Source(surroundings.directory().resolve(Path.of(word))));
      }
    } catch (IOException unreadable) {
      throw StartFailure.configuration(String.valueOf(unreadable.getMessage()));
    }
    PeerLines said = new PeerLines(surroundings, ended);
    Mesh.Entry entry = new Mesh.Entry(words.getLast(), options.name(), "send", relay.max());
    Hearing hearing = new Hearing(said, files);
    try (Mesh mesh = new Mesh(options.gateway(surroundings), entry, hearing)) {
      mesh.start();
      String why = ended.join();
      if (!why.isEmpty()) {
        throw new StartFailure(StartFailure.Kind.OTHER, why);
      }
    }
    return bad.get() == 0 ? 0 : Puente.EXIT_FAILURE;
  }

  private final class Hearing extends PeerLines.Told {
    private final List<FileSending.Source> files;

    Hearing(PeerLines said, List<FileSending.Source> files) {
      super(said);
      this.files = files;
    }

    @Override
    public void onJoined(int others) {
      if (sendingById.isEmpty() && good.get() == 0) {
        if (wait) {
          said().note("waiting for somebody to receive in " + words.getLast());
        } else {
          said()
              .end(
                  "nobody receives in "
                      + words.getLast()
                      + "; there: puente receive ROOM; here: --wait");
        }
      }
    }

    @Override
    public void onPeer(Peer peer) {
      if (!peer.role().equals("receive")) {
        return;
      }
      super.onPeer(peer);
      running.incrementAndGet();
      FileSending sending = new FileSending(peer, files, new FileProgress(said(), peer, " to "));
      sendingById.put(peer.id(), sending);
      Thread.ofPlatform().daemon().name("send to " + peer.name()).start(() -> send(peer, sending));
    }

    private void send(Peer peer, FileSending sending) {
      boolean isGood;
      try {
        isGood = sending.run();
      } catch (InterruptedException stopped) {
        isGood = false;
      }
      sendingById.remove(peer.id(), sending);
      (isGood ? good : bad).incrementAndGet();
      boolean again = wait && good.get() == 0;
      if (running.decrementAndGet() == 0 && !again) {
        said().end("");
      }
    }

    @Override
    public void onMessage(Peer peer, byte[] message) {
      FileSending sending = sendingById.get(peer.id());
      if (sending != null) {
        sending.onMessage(message);
      }
    }
  }
}
