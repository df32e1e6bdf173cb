package puente.launcher;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The effective configuration with the origin of each value, without secrets. */
final class ConfigReport {
  private ConfigReport() {}

  /** In the language of the configuration file. */
  static String text(Config config, boolean everything) {
    StringBuilder text = new StringBuilder();
    for (Setting<?> setting : shown(config, everything)) {
      for (Config.Value<?> value : config.values(setting)) {
        String line = setting + "=" + SafeText.escape(setting.show(value.value()));
        text.append(String.format("%-48s # %s%n", line, value.origin()));
      }
    }
    return text.toString();
  }

  static String json(Config config, boolean everything) {
    List<Object> rows = new ArrayList<>();
    for (Setting<?> setting : shown(config, everything)) {
      for (Config.Value<?> value : config.values(setting)) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("setting", setting.name());
        row.put("value", value.value() instanceof Number n ? n : setting.show(value.value()));
        row.put("origin", value.origin().toString());
        rows.add(row);
      }
    }
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("settings", rows);
    all.put("warnings", config.warnings());
    return Json.pretty(all);
  }

  private static List<Setting<?>> shown(Config config, boolean everything) {
    List<Setting<?>> shown = new ArrayList<>();
    for (Setting<?> setting : Settings.TABLE) {
      if (setting.status() == Setting.Status.WORKS && (everything || config.isGiven(setting))) {
        shown.add(setting);
      }
    }
    return shown;
  }
}
