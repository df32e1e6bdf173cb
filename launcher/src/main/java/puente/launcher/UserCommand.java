package puente.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import puente.stun.IntegrityKey;
import puente.stun.OpaqueString;
import puente.stun.PasswordAlgorithm;
import puente.users.DatabaseFailure;
import puente.users.Row;
import puente.users.Table;
import puente.users.UserDatabase;

/** Users of the database, as {@code turnadmin -a}, {@code -d} and {@code -l}. */
@Command(
    name = "user",
    header = {
      "Manage the users of the user database.",
      "",
      "  puente user add ana                       makes a password and prints it",
      "  puente user add ana --password-stdin < file",
      "  puente user list",
      "  puente user remove ana -c /etc/turnserver.conf",
      ""
    })
final class UserCommand {
  private static final int PASSWORD_BYTES = 18;

  /** RFC 8489 §14.3. */
  private static final int NAME_BYTES_MAX = 508;

  @Mixin private final HelpOption help = new HelpOption();

  static CommandLine of(Surroundings surroundings, InputStream in) {
    return TableCommands.of(
        new UserCommand(),
        new Add(surroundings, in),
        new Listing(surroundings),
        new Remove(surroundings));
  }

  @Command(name = "add", header = "Add a user, or give one another password.")
  static final class Add extends UserTableOptions {
    private final InputStream in;

    @Parameters(paramLabel = "NAME", description = "The user's name.")
    private String name;

    @Option(
        names = {"-p", "--password"},
        paramLabel = "PASSWORD",
        description = "The password; other users of this machine may see it.")
    private Optional<String> password = Optional.empty();

    @Option(names = "--password-stdin", description = "Read the password from the input.")
    private boolean fromInput;

    @Option(
        names = "--sha256",
        description = "Keep a key for SHA-256 beside the one for MD5 (RFC 8489).")
    private boolean sha256;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    Add(Surroundings surroundings, InputStream in) {
      super(surroundings);
      this.in = in;
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      boolean isMade = password.isEmpty() && !fromInput;
      String text =
          isMade ? FreshSecret.of(PASSWORD_BYTES) : fromInput ? read() : password.orElseThrow();
      String prepared = checked(database);
      String key = key(PasswordAlgorithm.MD5, prepared, ofRealm, text);
      if (sha256) {
        key += key(PasswordAlgorithm.SHA_256, prepared, ofRealm, text);
      }
      database.put(Table.USERS, new Row(ofRealm, prepared, key));
      done("added " + shown(prepared) + " of realm " + shown(ofRealm));
      return isMade ? done("password " + text) : 0;
    }

    /** The name as clients say it (RFC 8489 §14.3); with a slash, Redis' keys were another's. */
    private String checked(UserDatabase database) {
      int bytes = name.getBytes(StandardCharsets.UTF_8).length;
      boolean isSplit = name.indexOf('/') >= 0 && database.place().startsWith("redis");
      if (bytes == 0 || bytes > NAME_BYTES_MAX || isSplit) {
        throw new IllegalArgumentException(
            "a name has 1 to " + NAME_BYTES_MAX + " bytes, and no slash in Redis");
      }
      return OpaqueString.enforce(name);
    }

    private static String key(
        PasswordAlgorithm algorithm, String name, String realm, String password) {
      if (password.isEmpty()) {
        throw new IllegalArgumentException("an empty password");
      }
      IntegrityKey key =
          IntegrityKey.longTerm(algorithm, name, realm, OpaqueString.enforce(password));
      return HexFormat.of().formatHex(key.bytes());
    }

    private String read() {
      try {
        String line =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
        if (line == null || line.isEmpty()) {
          throw new IllegalArgumentException("no password in the input");
        }
        return line;
      } catch (IOException broken) {
        throw new IllegalArgumentException("the input cannot be read", broken);
      }
    }
  }

  @Command(name = "list", header = "List the users.")
  static final class Listing extends UserTableOptions {
    Listing(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      for (Row row : database.rows(Table.USERS)) {
        if (isWanted(row)) {
          done(SafeText.escape(row.name()) + "\t" + shown(row.realm()));
        }
      }
      return 0;
    }
  }

  @Command(name = "remove", header = "Remove a user.")
  static final class Remove extends UserTableOptions {
    @Parameters(paramLabel = "NAME", description = "The user's name.")
    private String name;

    @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
    Remove(Surroundings surroundings) {
      super(surroundings);
    }

    @Override
    int run(UserDatabase database, String ofRealm) throws DatabaseFailure {
      boolean wasThere = database.remove(Table.USERS, new Row(ofRealm, name, ""));
      return removed(wasThere, "user " + shown(name) + " of realm " + shown(ofRealm));
    }
  }
}
