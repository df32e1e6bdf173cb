package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import puente.launcher.Setting.Repeat;
import puente.supervisor.Words;

/**
 * Makes one {@link Config} of the flags, the environment, a file and the defaults, in this order of
 * importance.
 */
final class ConfigLoader {
  /** Enough for any list of peer rules; a variable naming /dev/zero must not fill the memory. */
  private static final int SECRET_FILE_BYTES_MAX = 1 << 16;

  /** Read by the script that starts the program. */
  private static final List<String> FOREIGN_VARIABLES =
      List.of(
          "PUENTE_CONFIG",
          "PUENTE_DOCTOR_ROOT",
          "PUENTE_DOCTOR_METADATA",
          "PUENTE_HOME",
          "PUENTE_JDK",
          "PUENTE_JAVA_HOME",
          "PUENTE_JAVA_OPTS",
          "PUENTE_JDK_API",
          "PUENTE_TEST_ENGINE",
          Words.VARIABLE);

  /**
   * A flag of the command line.
   *
   * @param name of the setting
   * @param text its value; empty for a bare flag
   */
  record Flag(String name, String text) {}

  /**
   * What a configuration is made of.
   *
   * @param file the configuration file that was asked for
   * @param searchesFile whether to look at the usual places when none was asked for
   * @param directory what relative names are relative to
   */
  record Sources(
      Optional<Path> file,
      boolean searchesFile,
      Map<String, String> environment,
      List<Flag> flags,
      Path directory) {

    /** The same with these flags in place of its own. */
    Sources withFlags(List<Flag> others) {
      return new Sources(file, searchesFile, environment, others, directory);
    }
  }

  /** One mention of a setting in one of the sources, not yet read. */
  private record Mention(Setting<?> setting, String text, Origin origin) {}

  private final Sources sources;
  private final Set<String> warnings = new LinkedHashSet<>();
  private final Map<Setting<?>, List<Config.Value<?>>> values = new HashMap<>();

  private ConfigLoader(Sources sources) {
    this.sources = sources;
  }

  static Config load(Sources sources) throws StartFailure {
    return new ConfigLoader(sources).load();
  }

  /** The file that is read; empty when there is none. */
  static Optional<Path> file(Sources sources) {
    if (sources.file().isPresent()) {
      return sources.file().map(sources.directory()::resolve);
    }
    String named = sources.environment().getOrDefault("PUENTE_CONFIG", "");
    if (!named.isEmpty() && sources.searchesFile()) {
      return Optional.of(sources.directory().resolve(named));
    }
    List<Path> usual =
        List.of(sources.directory().resolve("puente.conf"), Path.of("/etc/puente/puente.conf"));
    return sources.searchesFile()
        ? usual.stream().filter(Files::isRegularFile).findFirst()
        : Optional.empty();
  }

  private Config load() throws StartFailure {
    List<Mention> mentions = new ArrayList<>(fromFile());
    mentions.addAll(fromEnvironment());
    mentions.addAll(fromFlags());
    Map<Setting<?>, List<Mention>> bySetting = new HashMap<>();
    for (Mention mention : mapped(mentions)) {
      bySetting.computeIfAbsent(mention.setting(), key -> new ArrayList<>()).add(mention);
    }
    for (Setting<?> setting : Settings.TABLE) {
      read(setting, chosen(setting, bySetting.getOrDefault(setting, List.of())));
    }
    derive();
    check();
    return new Config(values, new ArrayList<>(warnings), Optional.of(sources));
  }

  private List<Mention> fromFile() throws StartFailure {
    Optional<Path> file = file(sources);
    if (file.isEmpty()) {
      return List.of();
    }
    Path directory = sources.directory();
    boolean inside = file.get().startsWith(directory);
    Path shown = inside ? directory.relativize(file.get()) : file.get();
    List<Mention> mentions = new ArrayList<>();
    for (ConfigFile.Line line : ConfigFile.read(file.get())) {
      Origin origin = Origin.file(shown, line.number());
      Optional<Setting<?>> setting = Settings.named(line.key());
      if (setting.isEmpty()) {
        warnings.add(origin + ": " + UnknownWord.inFile(line));
        continue;
      }
      if (line.value().endsWith(";")) {
        warnings.add(
            origin + ": " + setting.get() + ": the semicolon is taken as part of the value");
      }
      mentions.add(new Mention(setting.get(), line.value(), origin));
    }
    return mentions;
  }

  private List<Mention> fromEnvironment() throws StartFailure {
    Map<String, Setting<?>> settingByVariable = variables();
    List<Mention> mentions = new ArrayList<>();
    for (var entry : new TreeMap<>(sources.environment()).entrySet()) {
      String variable = entry.getKey();
      if (!variable.startsWith("PUENTE_")
          || FOREIGN_VARIABLES.contains(variable)
          || entry.getValue().isEmpty()) {
        continue;
      }
      boolean inFile = variable.endsWith("__FILE");
      String name = inFile ? variable.substring(0, variable.length() - 6) : variable;
      Setting<?> setting = settingByVariable.get(name);
      Origin origin = Origin.environment(variable);
      if (setting == null) {
        warnings.add(origin + ": " + UnknownWord.inEnvironment(name, settingByVariable.keySet()));
      } else if (inFile && sources.environment().containsKey(name)) {
        throw StartFailure.configuration(name + " and " + variable + " are both set");
      } else {
        String text = inFile ? secretFile(origin, entry.getValue()) : entry.getValue();
        mentions.addAll(mentions(setting, text.strip(), origin));
      }
    }
    return mentions;
  }

  private static Map<String, Setting<?>> variables() {
    Map<String, Setting<?>> settingByVariable = new HashMap<>();
    for (Setting<?> setting : Settings.TABLE) {
      // "Verbose" gives way to "verbose": the variable of both has one name.
      settingByVariable.putIfAbsent(setting.environmentName(), setting);
      for (String alias : setting.aliases()) {
        settingByVariable.putIfAbsent(Setting.environmentName(alias), setting);
      }
    }
    return settingByVariable;
  }

  private String secretFile(Origin origin, String name) throws StartFailure {
    try {
      return ConfigFile.text(sources.directory().resolve(name), SECRET_FILE_BYTES_MAX);
    } catch (StartFailure e) {
      throw new StartFailure(e.kind(), origin + ": " + e.line(), e);
    }
  }

  private static List<Mention> mentions(Setting<?> setting, String text, Origin origin) {
    if (setting.repeat() == Repeat.ONCE) {
      return List.of(new Mention(setting, text, origin));
    }
    List<Mention> mentions = new ArrayList<>();
    for (String one : text.split("\\s+")) {
      if (!one.isEmpty()) {
        mentions.add(new Mention(setting, one, origin));
      }
    }
    return mentions;
  }

  private List<Mention> fromFlags() {
    List<Mention> mentions = new ArrayList<>();
    for (Flag flag : sources.flags()) {
      Setting<?> setting = Settings.named(flag.name()).orElseThrow();
      mentions.add(new Mention(setting, flag.text(), Origin.flag("--" + flag.name())));
    }
    return mentions;
  }

  /** Replaces another word for a setting by the setting, and says what has no effect. */
  private List<Mention> mapped(List<Mention> mentions) throws StartFailure {
    List<Mention> result = new ArrayList<>();
    List<Mention> direct = new ArrayList<>();
    for (Mention mention : mentions) {
      Setting<?> setting = mention.setting();
      switch (setting.status()) {
        case WORKS -> direct.add(mention);
        case IGNORED -> ignored(mention);
        case HELD -> held(mention);
        case MAPPED -> {
          if (setting.dead()) {
            warn(mention, "a word coturn has dropped; " + setting.note());
          }
          Setting.Mapping mapping = setting.mapping().orElseThrow();
          String text = converted(mention, mapping);
          if (!text.isEmpty()) {
            result.add(new Mention(mapping.target(), text, mention.origin()));
          }
        }
      }
    }
    // Last, so that the setting's own word wins over another word in the same source.
    result.addAll(direct);
    return result;
  }

  private void ignored(Mention mention) {
    boolean off = mention.setting().type() == Type.FLAG && isOff(mention.text());
    if (!off) {
      warn(mention, "no effect: " + mention.setting().note());
    }
  }

  private void held(Mention mention) {
    if (mention.setting().dead()) {
      warn(mention, "a word coturn has dropped; not needed: " + mention.setting().note());
    } else if (isOff(mention.text())) {
      warn(mention, "no effect: " + mention.setting().note());
    }
  }

  private static boolean isOff(String text) {
    try {
      return !Type.flag(text);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private void warn(Mention mention, String what) {
    warnings.add(mention.origin() + ": " + mention.setting() + ": " + what);
  }

  private static String converted(Mention mention, Setting.Mapping mapping) throws StartFailure {
    try {
      return mapping.conversion().apply(mention.text());
    } catch (IllegalArgumentException e) {
      throw malformed(mention.setting(), mention, e);
    }
  }

  /** Those mentions that count, by {@link Repeat}. */
  private List<Mention> chosen(Setting<?> setting, List<Mention> mentions) {
    if (mentions.isEmpty() || setting.repeat() == Repeat.ADDS) {
      return mentions;
    }
    Origin.Source top =
        mentions.stream()
            .map(mention -> mention.origin().source())
            .max(Enum::compareTo)
            .orElseThrow();
    List<Mention> best =
        mentions.stream().filter(mention -> mention.origin().source() == top).toList();
    if (setting.repeat() == Repeat.REPLACES) {
      return best;
    }
    Mention last = best.getLast();
    if (best.size() > 1 && !best.getFirst().text().equals(last.text())) {
      warn(last, "given " + best.size() + " times; this one counts");
    }
    return List.of(last);
  }

  private <T> void read(Setting<T> setting, List<Mention> mentions) throws StartFailure {
    List<Config.Value<?>> read = new ArrayList<>();
    for (Mention mention : mentions) {
      read.add(new Config.Value<>(value(setting, mention), mention.origin()));
    }
    if (read.isEmpty() && !setting.fallback().isEmpty()) {
      T fallback = setting.type().reader().apply(setting.fallback());
      read.add(new Config.Value<>(fallback, Origin.BUILT_IN));
    }
    if (!read.isEmpty()) {
      values.put(setting, read);
    }
  }

  private static <T> T value(Setting<T> setting, Mention mention) throws StartFailure {
    String text = mention.text();
    if (text.isEmpty()) {
      text = setting.bare().orElse("");
    }
    if (!setting.type().freeText()) {
      // Such a value contains no '#', so that what follows one is a comment even here.
      int hash = text.indexOf('#');
      text = (hash < 0 ? text : text.substring(0, hash)).strip();
    }
    try {
      return setting.type().reader().apply(text);
    } catch (IllegalArgumentException e) {
      throw malformed(setting, mention, e);
    }
  }

  private static StartFailure malformed(
      Setting<?> setting, Mention mention, IllegalArgumentException why) {
    String shown = setting.secret() ? "" : " \"" + SafeText.excerpt(mention.text(), 80) + "\"";
    return StartFailure.configuration(
        mention.origin() + ": " + setting + shown + ": " + why.getMessage());
  }

  /** Defaults that depend on the surroundings or on other settings. */
  private void derive() {
    if (!values.containsKey(Settings.STATE_DIR)) {
      put(Settings.STATE_DIR, StateDirectory.usual(sources.environment()), "default");
    }
    besideFile(Settings.CERT);
    besideFile(Settings.PKEY);
    if (config().value(Settings.DEV)) {
      for (var allow : List.of(Settings.ALLOW_LOOPBACK_PEERS, Settings.ALLOW_PRIVATE_PEERS)) {
        if (!config().isGiven(allow)) {
          put(allow, true, "dev");
        }
      }
    }
    if (!config().isGiven(Settings.USE_AUTH_SECRET)
        && !config().all(Settings.STATIC_AUTH_SECRET).isEmpty()) {
      put(Settings.USE_AUTH_SECRET, true, "static-auth-secret");
    }
  }

  /** A relative name that is not in the working directory may be meant beside the file. */
  private void besideFile(Setting<Path> setting) {
    Config.Value<Path> named = config().values(setting).stream().findFirst().orElse(null);
    Path file = file(sources).orElse(null);
    if (named == null || file == null || file.getParent() == null) {
      return;
    }
    Path here = sources.directory().resolve(named.value());
    Path beside = file.resolveSibling(named.value());
    boolean better = !Files.exists(here) && Files.exists(beside);
    values.put(setting, List.of(new Config.Value<>(better ? beside : here, named.origin())));
  }

  private <T> void put(Setting<T> setting, T value, String why) {
    values.put(setting, List.of(new Config.Value<>(value, Origin.derived(why))));
  }

  private Config config() {
    return new Config(values, List.of());
  }

  /** What no single row can say. */
  private void check() throws StartFailure {
    Config config = config();
    if (config.value(Settings.MIN_PORT) > config.value(Settings.MAX_PORT)) {
      Setting<?> given = config.isGiven(Settings.MIN_PORT) ? Settings.MIN_PORT : Settings.MAX_PORT;
      throw StartFailure.configuration(config.origin(given) + ": min-port is higher than max-port");
    }
    if (config.value(Settings.REST_API_SEPARATOR).length() != 1) {
      throw StartFailure.configuration(
          config.origin(Settings.REST_API_SEPARATOR) + ": rest-api-separator: not one character");
    }
    if (config.isGiven(Settings.PKEY) && !config.isGiven(Settings.CERT)) {
      throw StartFailure.configuration(
          config.origin(Settings.PKEY) + ": pkey is given without cert");
    }
    if (config.value(Settings.NO_AUTH) && config.hasCredentials()) {
      warnings.add(
          config.origin(Settings.NO_AUTH)
              + ": no-auth: no effect, since credentials are configured");
    }
  }
}
