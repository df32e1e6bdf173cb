package puente.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.launcher.Migration.Fate;
import puente.launcher.Migration.Outcome;

/** Says what becomes of a coturn configuration, line by line, and writes the new one. */
@Command(
    name = "migrate",
    header = {
      "Say what a coturn configuration becomes, and write it.",
      "",
      "  puente migrate /etc/turnserver.conf                    each line, and why",
      "  puente migrate /etc/turnserver.conf -o puente.conf     the new file, with its secrets",
      "  puente migrate turnserver.conf --userdb /var/lib/turn/turndb -o puente.conf",
      "  puente migrate --json /etc/turnserver.conf",
      "",
      "'puente serve -c turnserver.conf' takes the old file as it is, and its database."
    },
    sortOptions = false)
final class MigrateCommand implements Callable<Integer> {
  private final Surroundings surroundings;

  @Parameters(paramLabel = "FILE", description = "The file to read.")
  private String file;

  @Option(
      names = "--userdb",
      paramLabel = "FILE",
      description = "coturn's SQLite database: users, secrets, peer rules, realm options.")
  private Optional<Path> database = Optional.empty();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Write the new configuration, secrets included, for its owner only.")
  private Optional<Path> output = Optional.empty();

  @Option(names = "--force", description = "Write over a file that is there.")
  private boolean force;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(names = "--show-secrets", description = "Print secrets, too.")
  private boolean showSecrets;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  MigrateCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    Migration migration = new Migration();
    List<ConfigFile.Line> lines = ConfigFile.read(surroundings.directory().resolve(file));
    migration.file(lines);
    if (database.isPresent()) {
      migration.database(CoturnDatabase.read(surroundings.directory().resolve(database.get())));
    }
    List<Outcome> outcomes = migration.outcomes();
    boolean malformed = outcomes.stream().anyMatch(one -> one.fate() == Fate.MALFORMED);
    if (output.isPresent() && !malformed) {
      write(surroundings.directory().resolve(output.get()), outcomes);
    }
    surroundings.out().print(json ? json(outcomes) : text(outcomes));
    if (database.isEmpty() && lines.stream().anyMatch(line -> line.key().equals("userdb"))) {
      surroundings
          .err()
          .println(
              "puente: the database is used as it is; --userdb takes its entries over instead");
    }
    if (malformed) {
      surroundings.err().println("puente: mend the malformed lines first; nothing was written");
    }
    return malformed ? Puente.EXIT_USAGE : 0;
  }

  /** Whole or not at all, and only what a start would take. */
  private void write(Path target, List<Outcome> outcomes) throws StartFailure {
    StringBuilder text = new StringBuilder("# Made of " + SafeText.escape(file) + "\n");
    outcomes.stream()
        .filter(one -> !one.result().isEmpty())
        .forEach(one -> text.append(one.result()).append('\n'));
    try {
      if (!force && Files.exists(target)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      Path whole =
          Files.createTempFile(
              target.toAbsolutePath().getParent(),
              ".puente",
              ".conf",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try {
        Files.writeString(
            whole, text, StandardCharsets.UTF_8, StandardOpenOption.TRUNCATE_EXISTING);
        check(whole, target);
        place(whole, target);
      } finally {
        Files.deleteIfExists(whole);
      }
    } catch (FileAlreadyExistsException there) {
      throw StartFailure.configuration(target + " is there already; --force writes over it");
    } catch (IOException unwritable) {
      throw new StartFailure(
          StartFailure.Kind.PERMISSION, target + ": cannot be written", unwritable);
    }
  }

  /** A link never replaces what came there in the meantime; a move does. */
  private void place(Path whole, Path target) throws IOException {
    if (force) {
      Files.move(whole, target, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.createLink(target, whole);
    }
  }

  private void check(Path whole, Path target) throws StartFailure {
    try {
      ConfigLoader.load(
          new ConfigLoader.Sources(
              Optional.of(whole), false, Map.of(), List.of(), surroundings.directory()));
    } catch (StartFailure wrong) {
      throw StartFailure.configuration(wrong.line().replace(whole.toString(), target.toString()));
    }
  }

  private String text(List<Outcome> outcomes) {
    StringBuilder text = new StringBuilder();
    text.append("# What becomes of ").append(SafeText.escape(file)).append(", line by line:\n#\n");
    for (Outcome outcome : outcomes) {
      String line =
          String.format(
              Locale.ROOT,
              "# %-16s %-34s %-11s  %s",
              outcome.place(),
              outcome.word(),
              outcome.fate().word(),
              outcome.why());
      text.append(line.stripTrailing()).append('\n');
    }
    if (output.isPresent()) {
      return text.append("#\n# Written to ").append(output.get()).append('\n').toString();
    }
    text.append("#\n# The configuration of Puente:\n\n");
    for (Outcome outcome : outcomes) {
      if (!outcome.result().isEmpty()) {
        text.append(result(outcome)).append('\n');
      }
    }
    return text.toString();
  }

  private String result(Outcome outcome) {
    return showSecrets ? outcome.result() : outcome.shown();
  }

  private String json(List<Outcome> outcomes) {
    List<Map<String, Object>> lines = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("place", outcome.place());
      line.put("setting", outcome.word());
      line.put("fate", outcome.fate().word());
      line.put("why", outcome.why());
      line.put("result", outcome.result().isEmpty() ? "" : result(outcome));
      lines.add(line);
    }
    return Json.pretty(Map.of("lines", lines)) + "\n";
  }
}
