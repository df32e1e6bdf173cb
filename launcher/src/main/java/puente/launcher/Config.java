package puente.launcher;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The effective configuration: immutable, and valid since it exists. */
final class Config {
  /**
   * One value of one setting.
   *
   * @param value as its type read it
   * @param origin where it was written
   */
  record Value<T>(T value, Origin origin) {}

  private final Map<Setting<?>, List<Value<?>>> valuesBySetting;
  private final List<String> warnings;
  private final Optional<ConfigLoader.Sources> sources;

  Config(Map<Setting<?>, List<Value<?>>> valuesBySetting, List<String> warnings) {
    this(valuesBySetting, warnings, Optional.empty());
  }

  /**
   * @param sources what it was made of, where that can be read again
   */
  Config(
      Map<Setting<?>, List<Value<?>>> valuesBySetting,
      List<String> warnings,
      Optional<ConfigLoader.Sources> sources) {
    this.sources = sources;
    Map<Setting<?>, List<Value<?>>> copy = new HashMap<>();
    valuesBySetting.forEach((setting, values) -> copy.put(setting, List.copyOf(values)));
    this.valuesBySetting = Map.copyOf(copy);
    this.warnings = List.copyOf(warnings);
  }

  /** This one with other values of some settings. */
  Config with(Map<Setting<?>, List<Value<?>>> others) {
    Map<Setting<?>, List<Value<?>>> all = new HashMap<>(valuesBySetting);
    all.putAll(others);
    return new Config(all, warnings, sources);
  }

  /** What it was made of; empty when it was made by hand. */
  Optional<ConfigLoader.Sources> sources() {
    return sources;
  }

  /**
   * The value of a setting that has a default.
   *
   * @throws NoSuchElementException when it has none and none was given
   */
  <T> T value(Setting<T> setting) {
    return find(setting)
        .orElseThrow(() -> new NoSuchElementException(setting.name() + " has no value"));
  }

  /** The value of a setting that may have none. */
  <T> Optional<T> find(Setting<T> setting) {
    List<Value<T>> values = values(setting);
    return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast().value());
  }

  /** All values of a repeatable setting, in the order of file, environment and flags. */
  <T> List<T> all(Setting<T> setting) {
    return values(setting).stream().map(Value::value).toList();
  }

  /** Whether somebody gave the setting a value. */
  boolean isGiven(Setting<?> setting) {
    return origin(setting).source() != Origin.Source.DEFAULT;
  }

  /** Where the value came from; of several values, the last. */
  Origin origin(Setting<?> setting) {
    List<? extends Value<?>> values = values(setting);
    return values.isEmpty() ? Origin.BUILT_IN : values.getLast().origin();
  }

  /** One line for each thing that the operator should know: unknown words, words without effect. */
  List<String> warnings() {
    return warnings;
  }

  /** Whether all settings have the same values, wherever they were written. */
  boolean isSameAs(Config other) {
    return valuesBySetting.keySet().equals(other.valuesBySetting.keySet())
        && valuesBySetting.keySet().stream().allMatch(one -> all(one).equals(other.all(one)));
  }

  @SuppressWarnings("unchecked") // The loader puts only what setting.type() made.
  <T> List<Value<T>> values(Setting<T> setting) {
    return (List<Value<T>>) (List<?>) valuesBySetting.getOrDefault(setting, List.of());
  }

  /** The same, with other values for one setting. */
  <T> Config with(Setting<T> setting, List<Value<T>> values) {
    Map<Setting<?>, List<Value<?>>> changed = new HashMap<>(valuesBySetting);
    changed.put(setting, List.copyOf(values));
    return new Config(changed, warnings);
  }

  /** The same, with some settings as they are in another configuration. */
  Config with(List<Setting<?>> settings, Config other) {
    Map<Setting<?>, List<Value<?>>> changed = new HashMap<>(valuesBySetting);
    for (Setting<?> setting : settings) {
      List<Value<?>> values = other.valuesBySetting.get(setting);
      if (values == null) {
        changed.remove(setting);
      } else {
        changed.put(setting, values);
      }
    }
    return new Config(changed, warnings);
  }

  /** Whether clients need no credential: asked for, and nothing else says that they do. */
  boolean isAnonymous() {
    return value(Settings.NO_AUTH) && !hasCredentials();
  }

  /** Whether any user or shared secret was configured, or credentials were asked for. */
  boolean hasCredentials() {
    boolean asked = isGiven(Settings.LT_CRED_MECH) && value(Settings.LT_CRED_MECH);
    return asked
        || value(Settings.USE_AUTH_SECRET)
        || !all(Settings.USER).isEmpty()
        || UserSettings.areGiven(this);
  }

  /**
   * Whether ephemeral credentials are accepted: asked for, or nothing was configured at all, when
   * the generated secret serves. The server is never open by omission.
   */
  boolean usesSharedSecret() {
    return value(Settings.USE_AUTH_SECRET)
        || (!isAnonymous() && all(Settings.USER).isEmpty() && !UserSettings.areGiven(this));
  }
}
