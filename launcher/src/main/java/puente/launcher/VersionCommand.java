package puente.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prints what this is. */
@Command(
    name = "version",
    header = {"Print the version.", "", "  puente version", "  puente version --json", ""})
final class VersionCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final HelpOption help = new HelpOption();

  VersionCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  static String product() {
    return "Puente " + version();
  }

  static String version() {
    String version = Puente.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  @Override
  public Integer call() {
    String java = System.getProperty("java.vm.name") + " " + Runtime.version();
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("version", version());
    all.put("java", java);
    all.put("system", system);
    surroundings
        .out()
        .print(json ? Json.pretty(all) + "\n" : product() + "\n" + java + "\n" + system + "\n");
    return 0;
  }
}
