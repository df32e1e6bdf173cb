package puente.launcher;

import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.users.DatabaseFailure;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/** Shared secrets of the database, as {@code turnadmin -s}, {@code -X} and {@code -S}. */
@Command(
    name = "secret",
    header = {
      "Manage the shared secrets of the user database.",
      "",
      "  puente secret add                         makes one and prints it",
      "  puente secret list --show-secrets",
      "  puente secret remove SECRET",
      ""
    })
final class SecretCommand {
  private static final int SECRET_BYTES = 24;
  private static final int SECRET_MAX = 256;

  @Mixin private final HelpOption help = new HelpOption();

  static CommandLine of(Surroundings surroundings) {
    return TableCommands.of(
        new SecretCommand(),
        new Add(surroundings),
        new Listing(surroundings),
        new Remove(surroundings));
  }

  @Command(name = "add", header = "Add a secret; those that are there stay good.")
  static final class Add extends UserTableOptions {
    @Parameters(paramLabel = "SECRET", arity = "0..1", description = "Without it, one is made.")
    private Optional<String> secret = Optional.empty();

    Add(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      String text = secret.orElseGet(() -> FreshSecret.of(SECRET_BYTES));
      if (text.isEmpty() || text.length() > SECRET_MAX) {
        throw new IllegalArgumentException("a secret has 1 to " + SECRET_MAX + " characters");
      }
      database.put(Table.SECRETS, new Row(ofRealm, "", text));
      done("added a secret of realm " + shown(ofRealm));
      return secret.isEmpty() ? done("secret " + text) : 0;
    }
  }

  @Command(name = "list", header = "List the secrets' realms.")
  static final class Listing extends UserTableOptions {
    @Option(names = "--show-secrets", description = "Print the secrets, too.")
    private boolean showSecrets;

    Listing(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      for (Row row : database.rows(Table.SECRETS)) {
        if (isWanted(row)) {
          done(
              (showSecrets ? SafeText.escape(row.value()) : "(secret)")
                  + "\t"
                  + shown(row.realm()));
        }
      }
      return 0;
    }
  }

  @Command(name = "remove", header = "Remove a secret: what it has signed is worth nothing.")
  static final class Remove extends UserTableOptions {
    @Parameters(paramLabel = "SECRET", description = "The secret.")
    private String secret;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    Remove(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      boolean wasThere = database.remove(Table.SECRETS, new Row(ofRealm, "", secret));
      return removed(wasThere, "such secret of realm " + shown(ofRealm));
    }
  }
}
