package puente.launcher;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import puente.admin.CapacityPlans;
import puente.plan.BadInput;
import puente.plan.Plan;
import puente.plan.PlanField;
import puente.plan.Text;

/** The capacity planner without a server. */
@Command(
    name = "plan",
    header = {
      "Plan capacity: how many nodes, what if, until when, at what price.",
      "",
      "  puente plan --bhca 60000 --hold-seconds 300      calls per busy hour, and how long they are",
      "  puente plan --concurrent-calls 5000 --zones 3 --survive-zones 1",
      "  puente plan --bhca 60k --mix av720p=60,voice=40 --relay-ratio 22%% --egress-cap-bps 5G",
      "  puente plan --bhca 60k --mix mine=100:1300/186   a class of 1300 kb/s, 186 packets/s each way",
      "  puente plan --bhca 60k --growth 6 --nodes-running 6   6 %% a month: when do six run out?",
      "  puente plan --file plan.json --explain           each number with its formula and inputs",
      "  puente plan --file plan.json --json | jq .nodes.recommended",
      ""
    },
    footer = {
      "",
      "The file is what POST /api/v1/capacity/plan takes; docs/CAPACITY.md describes it. Options win.",
      "Numbers may end in %%, k, M, G or T."
    },
    customSynopsis = "puente plan (--bhca=N | --concurrent-calls=N | --file=FILE) [OPTIONS]",
    sortOptions = false)
final class PlanCommand implements Callable<Integer> {
  /** Years of daily history are 50 KB. */
  private static final long FILE_MAX = 1_000_000;

  private static final Pattern NUMBER =
      Pattern.compile("([-+]?[0-9]*\\.?[0-9]+(?:[eE][-+]?[0-9]{1,3})?)([%kMGT]?)");

  private static final Pattern PART =
      Pattern.compile("([\\w.-]{1,60})=([0-9.]+)%?(?::([0-9.]+)/([0-9.]+))?");

  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-f", "--file"},
      paramLabel = "FILE",
      description = "A request as JSON.")
  private Optional<Path> file;

  @Option(
      names = "--mix",
      paramLabel = "CLASS=PERCENT,...",
      description =
          "What relayed calls are: voice, av360p, av720p, av1080p, screen, data, camera, or"
              + " NAME=PERCENT:KBPS/PPS.")
  private Optional<String> mix;

  @Option(
      names = "--growth",
      paramLabel = "PERCENT",
      description = "Growth per month; says when the nodes run out.")
  private Optional<String> growth;

  @Option(names = "--preset", paramLabel = "ID", description = "Whose prices.")
  private Optional<String> preset;

  @Option(names = "--prices", paramLabel = "FILE", description = "Prices of your own, as JSON.")
  private Optional<Path> prices;

  @Option(names = "--explain", description = "Each number with formula, inputs and source.")
  private boolean explain;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  PlanCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** An option for each number of a plan. */
  static void addNumbers(CommandSpec spec) {
    for (PlanField field : PlanField.values()) {
      String fallback =
          Double.isNaN(field.fallback()) ? "" : " Default: " + Text.number(field.fallback()) + ".";
      String unit = field.unit().isEmpty() ? "" : " (" + field.unit() + ")";
      String meaning =
          field.meaning().substring(0, 1).toUpperCase(Locale.ROOT) + field.meaning().substring(1);
      spec.addOption(
          OptionSpec.builder("--" + field.option())
              .type(String.class)
              .paramLabel("N")
              .description((meaning + unit + "." + fallback).replace("%", "%%"))
              .build());
    }
  }

  @Override
  public Integer call() throws StartFailure {
    try {
      JsonObject request =
          file.isPresent() ? CapacityPlans.object("--file", text(file.get())) : new JsonObject();
      addOptions(request);
      CapacityPlans plans =
          prices.isPresent()
              ? CapacityPlans.withPrices(text(prices.get()))
              : CapacityPlans.withKnownPrices();
      // Through text, so that options and file are alike to who reads them.
      JsonObject alike = CapacityPlans.object("plan", request.encode());
      Plan plan = plans.plan(alike, LocalDate.now(surroundings.clock()));
      surroundings
          .out()
          .print(
              json
                  ? CapacityPlans.document(plan).encodePrettily() + "\n"
                  : PlanReport.text(plan, explain));
      return 0;
    } catch (BadInput wrong) {
      throw StartFailure.configuration(SafeText.escape(String.valueOf(wrong.getMessage())));
    }
  }

  private String text(Path name) throws StartFailure {
    Path path = surroundings.directory().resolve(name);
    try {
      if (Files.isRegularFile(path) && Files.size(path) > FILE_MAX) {
        throw StartFailure.configuration(
            SafeText.escape(name.toString()) + ": more than " + FILE_MAX + " bytes");
      }
      return Files.readString(path);
    } catch (IOException unreadable) {
      throw StartFailure.configuration(
          SafeText.escape(name.toString()) + ": cannot be read as text");
    }
  }

  private void addOptions(JsonObject request) {
    ParseResult parsed = spec.commandLine().getParseResult();
    for (PlanField field : PlanField.values()) {
      String given = parsed.matchedOptionValue("--" + field.option(), "");
      if (!given.isEmpty()) {
        put(request, field.path(), number(field.option(), given));
      }
    }
    mix.ifPresent(text -> put(request, "demand.mix", mix(text)));
    preset.ifPresent(id -> put(request, "price.preset", id));
    growth.ifPresent(
        text ->
            put(
                request,
                "demand.growth",
                new JsonObject()
                    .put("kind", "percentPerMonth")
                    .put("value", number("growth", text.replace("%", "")))));
  }

  private static void put(JsonObject request, String path, Object value) {
    JsonObject at = request;
    String[] names = path.split("\\.");
    for (int i = 0; i < names.length - 1; i++) {
      if (!(at.getValue(names[i]) instanceof JsonObject)) {
        at.put(names[i], new JsonObject());
      }
      at = at.getJsonObject(names[i]);
    }
    at.put(names[names.length - 1], value);
  }

  private static double number(String option, String text) {
    Matcher matcher = NUMBER.matcher(text);
    if (!matcher.matches()) {
      throw new BadInput("--" + option, "\"" + SafeText.excerpt(text, 40) + "\" is not a number");
    }
    double factor =
        switch (matcher.group(2)) {
          case "%" -> 0.01;
          case "k" -> 1e3;
          case "M" -> 1e6;
          case "G" -> 1e9;
          case "T" -> 1e12;
          default -> 1;
        };
    double number = Double.parseDouble(matcher.group(1)) * factor;
    if (!Double.isFinite(number)) {
      throw new BadInput("--" + option, SafeText.excerpt(text, 40) + " is too large");
    }
    return number;
  }

  private static JsonArray mix(String text) {
    JsonArray mix = new JsonArray();
    for (String part : text.split(",")) {
      Matcher matcher = PART.matcher(part.strip());
      if (!matcher.matches()) {
        throw new BadInput(
            "--mix", "\"" + SafeText.excerpt(part, 40) + "\" is not CLASS=PERCENT[:KBPS/PPS]");
      }
      JsonObject one =
          new JsonObject()
              .put("class", matcher.group(1).toLowerCase(Locale.ROOT))
              .put("share", number("mix", matcher.group(2)) / 100);
      if (matcher.group(3) != null) {
        one.put("kbps", number("mix", matcher.group(3)));
        one.put("pps", number("mix", matcher.group(4)));
      }
      mix.add(one);
    }
    return mix;
  }
}
