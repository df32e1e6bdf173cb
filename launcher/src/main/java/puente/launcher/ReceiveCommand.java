package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
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
    Receiving progress = new Receiving(said);
    try (FileExchange exchange = FileExchange.receiving(folder, progress);
        Mesh mesh = new Mesh(options.gateway(surroundings), entry, new Hearing(said, exchange))) {
      progress.among(mesh::peers);
      mesh.start();
      String why = ended.join();
      if (!why.isEmpty()) {
        throw new StartFailure(StartFailure.Kind.OTHER, why);
      }
      progress.served(exchange);
    }
    return isBad ? Puente.EXIT_FAILURE : 0;
  }

  private final class Receiving extends FileProgress {
    Receiving(PeerLines said) {
      super(said);
    }

    @Override
    public void done(String name, boolean isGood, String what) {
      isBad |= !isGood;
      super.done(name, isGood, what);
    }

    @Override
    public void complete(Peer receiver, boolean isGood) {
      throw new IllegalStateException("a receiver sends no files");
    }

    @Override
    public void known(Peer receiver, String identity) {
      throw new IllegalStateException("a receiver sends no files");
    }

    @Override
    public void noMore() {
      if (!keep) {
        said().end("");
      }
    }
  }

  private final class Hearing extends FileHearing {
    private boolean isWaiting;

    Hearing(PeerLines said, FileExchange exchange) {
      super(said, exchange, Set.of("send", "receive"));
    }

    @Override
    public void onJoined(int others) {
      if (!isWaiting) {
        isWaiting = true;
        said().note("in " + room + " for what somebody sends");
      }
    }
  }
}
