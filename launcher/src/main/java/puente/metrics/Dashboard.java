package puente.metrics;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * A page of pictures for Grafana.
 *
 * @param name of its file, and its address in Grafana
 */
public record Dashboard(String name, String title, String help, List<Row> rows) {

  /** Pictures that belong together, under a heading. */
  public record Row(String title, List<Panel> panels) {}

  private static final int COLUMNS = 24;
  private static final int SCHEMA = 39;

  static Row row(String title, Panel... panels) {
    return new Row(title, List.of(panels));
  }

  /** The file that Grafana reads. */
  public String file() {
    JsonArray panels = new JsonArray();
    int y = 0;
    for (Row row : rows) {
      panels.add(heading(row.title, panels.size() + 1, y));
      y = lay(row.panels, y + 1, panels);
    }
    return new JsonObject()
            .put("uid", name)
            .put("title", title)
            .put("description", help + " Made from Puente's table of metrics.")
            .put("tags", new JsonArray().add("puente"))
            .put("schemaVersion", SCHEMA)
            .put("version", 1)
            .put("editable", true)
            .put("graphTooltip", 1)
            .put("refresh", "15s")
            .put("time", new JsonObject().put("from", "now-1h").put("to", "now"))
            .put("links", new JsonArray().add(links()))
            .put("annotations", new JsonObject().put("list", new JsonArray().add(alerts())))
            .put("templating", new JsonObject().put("list", variables()))
            .put("panels", panels)
            .encodePrettily()
        + "\n";
  }

  /** From left to right, in as many lines as it takes; answers where the next line begins. */
  private static int lay(List<Panel> row, int top, JsonArray panels) {
    int x = 0;
    int y = top;
    int height = 0;
    for (Panel panel : row) {
      if (x + panel.shape().width() > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      panels.add(panel.json(panels.size() + 1, x, y));
      x += panel.shape().width();
      height = Math.max(height, panel.shape().height());
    }
    return y + height;
  }

  static JsonObject place(int x, int y, int width, int height) {
    return new JsonObject().put("x", x).put("y", y).put("w", width).put("h", height);
  }

  private static JsonObject heading(String title, int id, int y) {
    return new JsonObject()
        .put("id", id)
        .put("type", "row")
        .put("title", title)
        .put("collapsed", false)
        .put("gridPos", place(0, y, COLUMNS, 1))
        .put("panels", new JsonArray());
  }

  private static JsonObject links() {
    return new JsonObject()
        .put("type", "dashboards")
        .put("title", "Puente")
        .put("tags", new JsonArray().add("puente"))
        .put("includeVars", true)
        .put("keepTime", true)
        .put("asDropdown", false);
  }

  /** Alerts that fire are marked in every picture. */
  private static JsonObject alerts() {
    return new JsonObject()
        .put("name", "Alerts")
        .put("enable", true)
        .put("iconColor", "red")
        .put("datasource", new JsonObject().put("type", "prometheus").put("uid", "${datasource}"))
        .put("expr", "ALERTS{alertname=~\"Puente.+\",alertstate=\"firing\",job=~\"$job\"}")
        .put("titleFormat", "{{alertname}}")
        .put("textFormat", "{{node}} {{severity}}");
  }

  private static JsonArray variables() {
    return new JsonArray()
        .add(
            new JsonObject()
                .put("name", "datasource")
                .put("label", "Prometheus")
                .put("type", "datasource")
                .put("query", "prometheus"))
        .add(variable("job", "Cluster", "label_values(puente_turn_ports_limit, job)"))
        .add(
            variable("node", "Node", "label_values(puente_turn_ports_limit{job=~\"$job\"}, node)"));
  }

  private static JsonObject variable(String name, String label, String query) {
    return new JsonObject()
        .put("name", name)
        .put("label", label)
        .put("type", "query")
        .put("datasource", new JsonObject().put("type", "prometheus").put("uid", "${datasource}"))
        .put("query", new JsonObject().put("query", query).put("refId", name))
        .put("definition", query)
        .put("refresh", 2)
        .put("sort", 1)
        .put("multi", true)
        .put("includeAll", true)
        .put("allValue", ".*")
        .put("current", new JsonObject().put("text", "All").put("value", "$__all"));
  }
}
