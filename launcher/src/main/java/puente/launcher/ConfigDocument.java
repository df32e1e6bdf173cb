package puente.launcher;

import puente.launcher.Setting.Group;
import puente.launcher.Setting.Repeat;
import puente.launcher.Setting.Status;

/** The reference of all settings, docs/CONFIG.md, from the table. */
final class ConfigDocument {
  private static final String INTRODUCTION =
      """
      # Settings

      This page is made from the table in the source: `puente config --markdown > docs/CONFIG.md`.

      A setting is written in one of four places. A flag wins over the environment, which wins over
      the file, which wins over the default. `puente config --effective` shows each value and where
      it came from.

      | place | form |
      |---|---|
      | flag | `--name=value`, `--name value`, or the letter of coturn, `-p 3478` |
      | environment | `PUENTE_NAME=value`; `PUENTE_NAME__FILE=path` reads the value from a file |
      | file | `name=value` or `name value`; a bare `name` means yes; `#` starts a comment line |

      The file is the one that `-c` or `PUENTE_CONFIG` names, else `./puente.conf`, else
      `/etc/puente/puente.conf`; `-n` reads none. It is written in the language of turnserver.conf:
      a coturn configuration starts unmodified. A word that is not known is ignored with a warning;
      a malformed value stops the start with exit code 2. No and off, false, f, n and 0 are the same.
      Durations are seconds, or `90s`, `15m`, `1h`, `7d`.

      Where a setting may be given several times, variables separate the values by spaces or new
      lines. *Joined* means that the values of all places count, so that a flag cannot lift a rule
      of the file by accident; *replaced* means that the most important place counts.
      """;

  private ConfigDocument() {}

  static String markdown() {
    StringBuilder page = new StringBuilder(INTRODUCTION);
    for (Group group : Group.values()) {
      works(group, page);
    }
    page.append("\n## Words of coturn\n\nThese are accepted, too.\n");
    page.append("\n| setting | what happens |\n|---|---|\n");
    for (Setting<?> setting : Settings.TABLE) {
      if (setting.status() != Status.WORKS) {
        page.append("| ").append(names(setting)).append(" | ").append(fate(setting)).append(" |\n");
      }
    }
    return page.toString();
  }

  private static void works(Group group, StringBuilder page) {
    StringBuilder rows = new StringBuilder();
    for (Setting<?> setting : Settings.TABLE) {
      if (setting.group() == group && setting.status() == Status.WORKS) {
        String fallback = setting.fallback().isEmpty() ? "" : "`" + setting.fallback() + "`";
        rows.append("| ").append(names(setting)).append(" | ");
        rows.append(setting.type().words()).append(" | ").append(fallback).append(" | ");
        rows.append(setting.help()).append(repeat(setting.repeat())).append(" |\n");
      }
    }
    if (!rows.isEmpty()) {
      page.append("\n## ").append(group.title()).append('\n');
      page.append("\n| setting | value | default | meaning |\n|---|---|---|---|\n").append(rows);
    }
  }

  private static String names(Setting<?> setting) {
    StringBuilder names = new StringBuilder("`" + setting.name() + "`");
    setting.letter().ifPresent(letter -> names.append(" `-").append(letter).append('`'));
    setting.aliases().forEach(alias -> names.append(" `").append(alias).append('`'));
    return names.toString();
  }

  private static String repeat(Repeat repeat) {
    return switch (repeat) {
      case ONCE -> "";
      case ADDS -> " *Joined.*";
      case REPLACES -> " *Replaced.*";
    };
  }

  private static String fate(Setting<?> setting) {
    String dropped = setting.dead() ? " coturn has dropped the word." : "";
    return switch (setting.status()) {
      case WORKS -> "";
      case MAPPED -> "Mapped: " + setting.note() + "." + dropped;
      case HELD -> "Not needed: " + setting.note() + "." + dropped;
      case IGNORED -> "Ignored with a warning: " + setting.note() + "." + dropped;
    };
  }
}
