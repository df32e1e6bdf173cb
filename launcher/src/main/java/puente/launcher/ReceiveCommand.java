package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.peer.FileReceiving;
import puente.peer.Mesh;
import puente.peer.Peer;

/** Receives what is sent in a room. */
@Command(
    name = "receive",
    header = {
      "Receive the files that somebody sends in ROOM.",
      "",
      "  puente receive picnic --key-file key",
      "  puente receive nightly --into backups --keep      and what comes after",
      "",
      "What was broken off is gone on with when the same file is sent again. Nothing that is there",
      "is overwritten. Exit: 0 all files are here, 1 one is not, 2 bad usage.",
      ""
    },
    sortOptions = false)
final class ReceiveCommand implements Callable<Integer> {
  private final Surroundings surroundings;
  private final CompletableFuture<String> ended = new CompletableFuture<>();
  private volatile boolean isBad;

  @Parameters(paramLabel = "ROOM", description = "The room's name.")
  private String room = "";

  @Option(names = "--into", paramLabel = "FOLDER", description = "Where to; by default here.")
  private Optional<Path> into = Optional.empty();

  @Option(names = "--keep", description = "Go on when the sender has no more.")
  private boolean keep;

  @Mixin private final GatewayOptions options = new GatewayOptions();
  @Mixin private final RelayOptions relay = new RelayOptions();
  @Mixin private final HelpOption help = new HelpOption();

  ReceiveCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    Path folder = surroundings.directory().resolve(into.orElse(Path.of("")));
    if (!Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw StartFailure.configuration(folder + " is no folder that can be written to");
    }
    PeerLines said = new PeerLines(surroundings, ended);
    Mesh.Entry entry = new Mesh.Entry(room, options.name(), "receive", relay.max());
    try (Mesh mesh = new Mesh(options.gateway(surroundings), entry, new Hearing(said, folder))) {
      mesh.start();
      String why = ended.join();
      if (!why.isEmpty()) {
        throw new StartFailure(StartFailure.Kind.OTHER, why);
      }
      for (Peer peer : mesh.peers()) {
        peer.flush(3_000);
      }
    }
    return isBad ? Puente.EXIT_FAILURE : 0;
  }

  private final class Hearing extends PeerLines.Told {
    private final Path folder;
    private final Map<String, FileReceiving> receivingById = new ConcurrentHashMap<>();

    Hearing(PeerLines said, Path folder) {
      super(said);
      this.folder = folder;
    }

    @Override
    public void onJoined(int others) {
      if (receivingById.isEmpty()) {
        said().note("waiting for somebody to send in " + room);
      }
    }

    @Override
    public void onPeer(Peer peer) {
      if (!peer.role().equals("send")) {
        return;
      }
      super.onPeer(peer);
      receivingById.put(peer.id(), new FileReceiving(peer, folder, progress(peer)));
    }

    private FileReceiving.Progress progress(Peer peer) {
      FileProgress shown = new FileProgress(said(), peer, " from ");
      return new FileReceiving.Progress() {
        @Override
        public void begin(String name, long size, long from) {
          shown.begin(name, size, from);
        }

        @Override
        public void at(String name, long size, long bytes) {
          shown.at(name, size, bytes);
        }

        @Override
        public void done(String name, boolean isGood, String what) {
          isBad |= !isGood;
          shown.done(name, isGood, what);
        }

        @Override
        public void noMore() {
          if (!keep) {
            said().end("");
          }
        }
      };
    }

    @Override
    public void onGone(Peer peer, String why) {
      FileReceiving receiving = receivingById.remove(peer.id());
      if (receiving != null) {
        super.onGone(peer, why);
        receiving.close();
      }
    }

    @Override
    public void onMessage(Peer peer, byte[] message) {
      FileReceiving receiving = receivingById.get(peer.id());
      if (receiving != null) {
        try {
          receiving.onMessage(message);
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
