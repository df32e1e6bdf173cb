package puente.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** One row of the table in {@link Settings}: everything there is to know about one setting. */
final class Setting<T> {
  /** What becomes of the setting in this version. */
  enum Status {
    /** It does what it says. */
    WORKS,
    /** It is another word for a different setting. */
    MAPPED,
    /** Puente always behaves so; only the contrary draws a warning. */
    HELD,
    /** It is accepted, has no effect, and a warning says what happens instead. */
    IGNORED
  }

  /** What several values of one setting mean. */
  enum Repeat {
    /** The last one of the most important source wins. */
    ONCE,
    /** The list of the most important source wins. */
    REPLACES,
    /** The lists of all sources are joined, so that a flag cannot silently lift a rule. */
    ADDS
  }

  /** The chapters of the documentation. */
  enum Group {
    LISTENERS("Listeners"),
    RELAY("Relay"),
    CREDENTIALS("Credentials"),
    PEERS("Peers"),
    LIMITS("Limits"),
    PROTOCOL("Protocol"),
    TLS("TLS"),
    ADMIN("Administration"),
    HTTP("HTTP and signaling"),
    CLUSTER("Cluster"),
    LOGGING("Logging"),
    PROCESS("Process");

    private final String title;

    Group(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }
  }

  /** Another word for a setting: the setting, and its text for a text of this one. */
  record Mapping(Setting<?> target, UnaryOperator<String> conversion) {}

  private final Row<T> row;

  private Setting(Row<T> row) {
    this.row = row;
  }

  static <T> Row<T> row(Group group, String name, Type<T> type, String help) {
    return new Row<>(group, name, type, help);
  }

  String name() {
    return row.name;
  }

  /** Other long names that coturn knows it by. */
  List<String> aliases() {
    return List.copyOf(row.aliases);
  }

  /** The short option of coturn, if there is one. */
  Optional<Character> letter() {
    return row.letter == 0 ? Optional.empty() : Optional.of(row.letter);
  }

  Type<T> type() {
    return row.type;
  }

  /** The default as a person would write it; empty when there is none. */
  String fallback() {
    return row.fallback;
  }

  /** What a bare key without a value means. */
  Optional<String> bare() {
    return row.type == Type.FLAG ? Optional.of("yes") : row.bare;
  }

  Repeat repeat() {
    return row.repeat;
  }

  Status status() {
    return row.status;
  }

  /** Of a setting that does not work: what happens instead. */
  String note() {
    return row.note;
  }

  Optional<Mapping> mapping() {
    return row.mapping;
  }

  /** Whether coturn does not know this word any more, though guides still use it. */
  boolean dead() {
    return row.dead;
  }

  boolean secret() {
    return row.secret;
  }

  Group group() {
    return row.group;
  }

  String help() {
    return row.help;
  }

  String environmentName() {
    return environmentName(row.name);
  }

  static String environmentName(String name) {
    return "PUENTE_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** The value as it may be shown to anybody. */
  String show(Object value) {
    return row.secret && row.type != Type.USER && row.type != Type.TOKEN_KEY
        ? "(secret)"
        : Type.show(value);
  }

  @Override
  public String toString() {
    return row.name;
  }

  /** A row being written. */
  static final class Row<T> {
    private final Group group;
    private final String name;
    private final Type<T> type;
    private final String help;
    private final List<String> aliases = new ArrayList<>();
    private char letter;
    private String fallback = "";
    private Optional<String> bare = Optional.empty();
    private Repeat repeat = Repeat.ONCE;
    private Status status = Status.WORKS;
    private String note = "";
    private Optional<Mapping> mapping = Optional.empty();
    private boolean dead;
    private boolean secret;

    private Row(Group group, String name, Type<T> type, String help) {
      this.group = group;
      this.name = name;
      this.type = type;
      this.help = help;
      this.secret = type == Type.SECRET || type == Type.USER || type == Type.TOKEN_KEY;
    }

    Row<T> or(String alias) {
      aliases.add(alias);
      return this;
    }

    Row<T> letter(char option) {
      letter = option;
      return this;
    }

    Row<T> fallback(String text) {
      fallback = text;
      return this;
    }

    Row<T> bare(String text) {
      bare = Optional.of(text);
      return this;
    }

    Row<T> adds() {
      repeat = Repeat.ADDS;
      return this;
    }

    Row<T> replaces() {
      repeat = Repeat.REPLACES;
      return this;
    }

    Row<T> secret() {
      secret = true;
      return this;
    }

    Row<T> dead() {
      dead = true;
      return this;
    }

    Row<T> held(String why) {
      status = Status.HELD;
      note = why;
      return this;
    }

    Row<T> ignored(String what) {
      status = Status.IGNORED;
      note = what;
      return this;
    }

    Row<T> mapsTo(Setting<?> target, UnaryOperator<String> conversion) {
      status = Status.MAPPED;
      note = "another word for " + target.name();
      mapping = Optional.of(new Mapping(target, conversion));
      return this;
    }

    Setting<T> in(List<Setting<?>> table) {
      Setting<T> setting = new Setting<>(this);
      table.add(setting);
      return setting;
    }
  }
}
