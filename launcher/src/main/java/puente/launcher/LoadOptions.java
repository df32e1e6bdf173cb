package puente.launcher;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What every kind of load takes. */
final class LoadOptions {
  /** As with k6. */
  static final int EXIT_BROKEN = 99;

  @Option(
      names = "--threshold",
      paramLabel = "LIMIT",
      description =
          "What must hold, such as 'p99<20ms', 'lost<0.1%%' or 'alloc_success>99.9%%': any figure"
              + " of the report by its name in --json. Several times.")
  private List<String> thresholds = new ArrayList<>();

  @Option(names = "--anywhere", description = "The target may be a public address, if it is yours.")
  private boolean anywhere;

  @Option(names = "--json", description = "The result as JSON.")
  private boolean json;

  boolean anywhere() {
    return anywhere;
  }

  boolean json() {
    return json;
  }

  /**
   * What must hold.
   *
   * @throws IllegalArgumentException if one cannot be read
   */
  List<LoadThreshold> limits() {
    return thresholds.stream().map(LoadThreshold::parse).toList();
  }
}
