package puente.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import puente.users.DatabaseFailure;
import puente.users.Row;
import puente.users.UserDatabase;

/** What the commands that manage the user database have in common. */
abstract class UserTableOptions implements Callable<Integer> {

  final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-r", "--realm"},
      paramLabel = "REALM",
      description = "Another realm than the configured one.")
  Optional<String> realm = Optional.empty();

  @Option(
      names = {"-b", "--userdb"},
      paramLabel = "FILE",
      description = "A file of SQLite; it is made if it is not there.")
  private Optional<String> userdb = Optional.empty();

  @Option(
      names = {"-e", "--psql-userdb"},
      paramLabel = "WORDS",
      description = "PostgreSQL: \"host=... dbname=... user=...\".")
  private Optional<String> psql = Optional.empty();

  @Option(
      names = {"-M", "--mysql-userdb"},
      paramLabel = "WORDS",
      description = "MySQL or MariaDB.")
  private Optional<String> mysql = Optional.empty();

  @Option(
      names = {"-N", "--redis-userdb"},
      paramLabel = "WORDS",
      description = "Redis.")
  private Optional<String> redis = Optional.empty();

  @Option(
      names = "--state-dir",
      paramLabel = "DIR",
      description = "Where the database is when none is configured.")
  private Optional<String> stateDir = Optional.empty();

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  UserTableOptions(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    Config config = load();
    Path state =
        UserSettings.isDatabaseGiven(config)
            ? config.value(Settings.STATE_DIR)
            : StateDirectory.open(config).directory();
    try (UserDatabase database =
        NodeUsers.database(config, state, true)
            .orElseThrow(() -> new IllegalStateException("a database to write is always there"))) {
      return run(database, realm.orElse(config.value(Settings.REALM)));
    } catch (DatabaseFailure refused) {
      throw new StartFailure(StartFailure.Kind.OTHER, refused.line(), refused);
    } catch (IllegalArgumentException wrong) {
      throw StartFailure.configuration(String.valueOf(wrong.getMessage()));
    }
  }

  /** Does it; an {@link IllegalArgumentException} says what is wrong with what was asked for. */
  abstract int run(UserDatabase database, String ofRealm) throws DatabaseFailure;

  private Config load() throws StartFailure {
    ParseResult parsed = spec.commandLine().getParseResult();
    List<ConfigLoader.Flag> flags = new ArrayList<>();
    userdb.ifPresent(text -> flags.add(new ConfigLoader.Flag("userdb", text)));
    psql.ifPresent(text -> flags.add(new ConfigLoader.Flag("psql-userdb", text)));
    mysql.ifPresent(text -> flags.add(new ConfigLoader.Flag("mysql-userdb", text)));
    redis.ifPresent(text -> flags.add(new ConfigLoader.Flag("redis-userdb", text)));
    realm
        .filter(text -> !text.isEmpty())
        .ifPresent(text -> flags.add(new ConfigLoader.Flag("realm", text)));
    stateDir.ifPresent(text -> flags.add(new ConfigLoader.Flag("state-dir", text)));
    return ConfigLoader.load(SettingOptions.sources(parsed, surroundings).withFlags(flags));
  }

  /** Says in one line what was done. */
  int done(String line) {
    surroundings.out().println(line);
    return 0;
  }

  int removed(boolean wasThere, String what) {
    if (!wasThere) {
      surroundings.err().println("puente: there is no " + what);
      return Puente.EXIT_FAILURE;
    }
    return done("removed " + what);
  }

  /** Of this realm, where one was named; else of all. */
  boolean isWanted(Row row) {
    return realm.isEmpty() || row.realm().equals(realm.get());
  }

  static String shown(String text) {
    return text.isEmpty() ? "(every realm)" : SafeText.excerpt(text, 128);
  }
}
