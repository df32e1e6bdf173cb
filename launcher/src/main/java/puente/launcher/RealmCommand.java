package puente.launcher;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.turn.RealmRules;
import puente.users.DatabaseFailure;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/** Realms of the database, as {@code turnadmin -g}, {@code -G}, {@code -O}, {@code -R}, {@code -I}. */
@Command(
    name = "realm",
    header = {
      "Manage the realms of the user database: their limits and their origins.",
      "",
      "  puente realm add a.example --user-quota 10 --max-bps 250000",
      "  puente realm add a.example --origin https://app.a.example",
      "  puente realm list",
      "  puente realm remove a.example --origin https://app.a.example",
      "  puente realm remove a.example",
      ""
    })
final class RealmCommand {
  @Mixin private final HelpOption help = new HelpOption();

  static CommandLine of(Surroundings surroundings) {
    return TableCommands.of(
        new RealmCommand(),
        new Add(surroundings),
        new Listing(surroundings),
        new Remove(surroundings));
  }

  private static String checked(String name) {
    return Type.REALM.reader().apply(name);
  }

  @Command(name = "add", header = "Set limits of a realm, or send an origin to it.")
  static final class Add extends UserTableOptions {
    @Parameters(paramLabel = "REALM", description = "The realm.")
    private String name;

    @Option(
        names = "--max-bps",
        paramLabel = "BYTES",
        description = "Bytes/s of one allocation, each way; 0 takes the limit away.")
    private Optional<Long> maxBps = Optional.empty();

    @Option(
        names = "--user-quota",
        paramLabel = "N",
        description = "Allocations of one user; 0 takes the limit away.")
    private Optional<Long> userQuota = Optional.empty();

    @Option(
        names = "--total-quota",
        paramLabel = "N",
        description = "Allocations of the realm; 0 takes the limit away.")
    private Optional<Long> totalQuota = Optional.empty();

    @Option(
        names = {"-o", "--origin"},
        paramLabel = "URL",
        description = "Clients of pages of this origin are asked for this realm.")
    private Optional<String> origin = Optional.empty();

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    Add(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      Map<String, Long> limits = new LinkedHashMap<>();
      maxBps.ifPresent(number -> limits.put("max-bps", number));
      userQuota.ifPresent(number -> limits.put("user-quota", number));
      totalQuota.ifPresent(number -> limits.put("total-quota", number));
      if (limits.isEmpty() && origin.isEmpty()) {
        throw new IllegalArgumentException("give a limit or --origin");
      }
      String realmName = checked(name);
      for (Map.Entry<String, Long> limit : limits.entrySet()) {
        if (limit.getValue() < 0) {
          throw new IllegalArgumentException("--" + limit.getKey() + ": 0 or more");
        }
        Row row = new Row(realmName, limit.getKey(), limit.getValue().toString());
        if (limit.getValue() == 0) {
          database.remove(Table.OPTIONS, row);
        } else {
          database.put(Table.OPTIONS, row);
        }
      }
      if (origin.isPresent()) {
        database.put(Table.ORIGINS, new Row(realmName, RealmRules.canonical(origin.get()), ""));
      }
      return done("set realm " + shown(realmName));
    }
  }

  @Command(name = "list", header = "List realms, their limits and their origins.")
  static final class Listing extends UserTableOptions {
    Listing(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      Map<String, StringBuilder> lines = new TreeMap<>();
      for (Row row : database.rows(Table.OPTIONS)) {
        line(lines, row).append('\t').append(row.name()).append('=').append(row.value());
      }
      for (Row row : database.rows(Table.ORIGINS)) {
        line(lines, row).append("\torigin=").append(row.name());
      }
      lines.forEach(
          (name, line) -> {
            if (realm.isEmpty() || realm.get().equals(name)) {
              done(shown(name) + SafeText.escape(line).replace("\\u0009", "\t"));
            }
          });
      return 0;
    }

    private static StringBuilder line(Map<String, StringBuilder> lines, Row row) {
      return lines.computeIfAbsent(row.realm(), unused -> new StringBuilder());
    }
  }

  @Command(name = "remove", header = "Take away a realm's limits and origins, or one origin.")
  static final class Remove extends UserTableOptions {
    @Parameters(paramLabel = "REALM", description = "The realm.")
    private String name;

    @Option(
        names = {"-o", "--origin"},
        paramLabel = "URL",
        description = "This origin only.")
    private Optional<String> origin = Optional.empty();

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    Remove(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      boolean wasThere = false;
      for (Row row : database.rows(Table.ORIGINS)) {
        boolean meant =
            origin.map(one -> RealmRules.canonical(one).equals(row.name())).orElse(true);
        if (row.realm().equals(name) && meant) {
          wasThere |= database.remove(Table.ORIGINS, row);
        }
      }
      for (Row row : database.rows(Table.OPTIONS)) {
        if (row.realm().equals(name) && origin.isEmpty()) {
          wasThere |= database.remove(Table.OPTIONS, row);
        }
      }
      return removed(wasThere, "realm " + shown(name));
    }
  }
}
