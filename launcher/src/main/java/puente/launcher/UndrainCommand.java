package puente.launcher;

import io.vertx.core.json.JsonObject;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lets a running server take new allocations again. */
@Command(
    name = "undrain",
    header = {"Take new allocations again.", "", "  puente undrain", "  puente undrain turn-b", ""},
    sortOptions = false)
final class UndrainCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Mixin private final AdminOptions admin = new AdminOptions();

  @Mixin private final NodeOption meant = new NodeOption();

  @Mixin private final HelpOption help = new HelpOption();

  UndrainCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    String path = "nodes/" + SessionsCommand.encoded(meant.node()) + "/undrain";
    JsonObject state = admin.send("POST", path, new JsonObject(), surroundings);
    surroundings
        .out()
        .println(
            admin.json()
                ? state.encodePrettily()
                : SafeText.escape(state.getString("id", "")) + " " + state.getString("state"));
    return 0;
  }
}
