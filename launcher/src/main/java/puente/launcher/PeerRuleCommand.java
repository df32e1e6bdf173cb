package puente.launcher;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.stun.AddressRange;
import puente.users.DatabaseFailure;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/** Peer rules of the database. */
@Command(
    name = "peer-rule",
    header = {
      "Manage the peer rules of the user database.",
      "",
      "  puente peer-rule add deny 203.0.113.0/24",
      "  puente peer-rule add allow 10.1.2.3 --realm a.example",
      "  puente peer-rule add deny 198.51.100.1 --every-realm",
      "  puente peer-rule list",
      "  puente peer-rule remove deny 203.0.113.0/24",
      ""
    })
final class PeerRuleCommand {
  private enum Kind {
    allow(Table.ALLOWED_PEERS),
    deny(Table.DENIED_PEERS);

    private final Table table;

    Kind(Table table) {
      this.table = table;
    }
  }

  @Mixin private final HelpOption help = new HelpOption();

  static CommandLine of(Surroundings surroundings) {
    return TableCommands.of(
        new PeerRuleCommand(),
        new Add(surroundings),
        new Listing(surroundings),
        new Remove(surroundings));
  }

  /** One that names a rule. */
  private abstract static class OfOne extends UserTableOptions {
    @Parameters(index = "0", paramLabel = "allow|deny", description = "allow wins over deny.")
    Kind kind;

    @Parameters(index = "1", paramLabel = "RANGE", description = "ip, ip-ip or ip/prefix.")
    String range;

    @Option(names = "--every-realm", description = "For the users of all realms.")
    boolean everyRealm;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    OfOne(Surroundings surroundings) {
      super(surroundings);
    }

    Row row(String ofRealm) {
      return new Row(everyRealm ? "" : ofRealm, "", range);
    }

    String words(String ofRealm) {
      return kind + " " + shown(range) + " of realm " + shown(row(ofRealm).realm());
    }
  }

  @Command(name = "add", header = "Add a rule.")
  static final class Add extends OfOne {
    Add(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      AddressRange.parse(range);
      database.put(kind.table, row(ofRealm));
      return done("added " + words(ofRealm));
    }
  }

  @Command(name = "list", header = "List the rules.")
  static final class Listing extends UserTableOptions {
    Listing(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      for (Kind kind : List.of(Kind.allow, Kind.deny)) {
        for (Row row : database.rows(kind.table)) {
          if (isWanted(row)) {
            done(kind + "\t" + SafeText.escape(row.value()) + "\t" + shown(row.realm()));
          }
        }
      }
      return 0;
    }
  }

  @Command(name = "remove", header = "Remove a rule.")
  static final class Remove extends OfOne {
    Remove(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      return removed(database.remove(kind.table, row(ofRealm)), "rule " + words(ofRealm));
    }
  }
}
