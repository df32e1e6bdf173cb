package puente.admin;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What operators see of this node's configuration and process, and may do with it. Called on a
 * worker; it may block. What cannot be is thrown as a {@link puente.admin.access.AccessProblem}.
 */
public interface OperationsView {

  /**
   * A setting in force.
   *
   * @param values as they may be shown to anybody: a secret is dots
   * @param fallback its default; empty when there is none
   * @param isPending whether the configuration says otherwise by now, and takes a restart
   */
  record SettingInfo(
      String word,
      List<String> values,
      boolean isList,
      String fallback,
      String origin,
      String group,
      String help,
      boolean isSecret,
      boolean isReloadable,
      boolean isPending) {}

  /**
   * All settings.
   *
   * @param files that were read
   */
  record Configuration(List<String> files, List<SettingInfo> settings, List<String> warnings) {}

  /** What would change. */
  record SettingChange(String word, String from, String to, boolean isReloadable) {}

  /** Whether a start would take it. */
  record Validation(List<String> errors, List<String> warnings, List<SettingChange> changes) {}

  /**
   * A certificate in use.
   *
   * @param keyType such as {@code EC P-256}
   */
  record CertificateInfo(
      String listener,
      String subject,
      String issuer,
      List<String> names,
      String keyType,
      Instant notBefore,
      Instant notAfter,
      boolean isSelfSigned,
      String fingerprint,
      String origin) {}

  /**
   * Something looked at.
   *
   * @param status {@code pass}, {@code warn} or {@code fail}
   * @param advice what to do; empty when nothing
   */
  record Finding(String name, String status, String detail, String advice) {}

  /** A port of this node, and whether another node got through to it. */
  record Knock(String kind, int port, boolean isReached) {}

  /**
   * What another node has reached of this one.
   *
   * @param by the other node
   * @param address at which this one is said to be
   */
  record Probe(String by, String address, List<Knock> knocks) {}

  Configuration configuration();

  /**
   * Looks at a configuration as a start would.
   *
   * @param text of a file; without it, the files in use
   */
  Validation validate(Optional<String> text);

  /**
   * What a reload left as it was.
   *
   * @param waiting settings that take a restart
   * @param refused why the listeners are as before, where they should not be
   */
  record Reloaded(List<String> waiting, Optional<String> refused) {}

  /** As SIGHUP does. */
  Reloaded reload();

  List<CertificateInfo> certificates();

  List<Finding> findings();

  /** Has other nodes knock at this one's ports; none where there is no other. */
  List<Probe> probe();

  /** The level of each component that has one of its own. */
  Map<String, String> logLevels();

  /**
   * Sets one.
   *
   * @param level {@code error} to {@code trace}
   */
  void setLogLevel(String component, String level);
}
