package puente.metrics;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * One picture of a dashboard.
 *
 * @param help what it shows and what to make of it
 * @param unit in Grafana's words
 */
record Panel(String title, Shape shape, String unit, String help, List<Query> queries) {

  /** How it is drawn, and how much of the 24 columns and how many rows it takes. */
  enum Shape {
    FIGURE("stat", 4, 4),
    BARS("bargauge", 6, 7),
    LINES("timeseries", 12, 8),
    STACK("timeseries", 12, 8);

    private final String type;
    private final int width;
    private final int height;

    Shape(String type, int width, int height) {
      this.type = type;
      this.width = width;
      this.height = height;
    }

    int width() {
      return width;
    }

    int height() {
      return height;
    }
  }

  /**
   * A question to Prometheus.
   *
   * @param expression with {@code $job} and {@code $node} as chosen above the dashboard
   * @param legend with labels in double braces
   */
  record Query(String expression, String legend) {}

  static Panel figure(String title, String unit, String help, String expression) {
    return new Panel(title, Shape.FIGURE, unit, help, List.of(new Query(expression, "")));
  }

  /** Shares of something that has an end. */
  static Panel bars(String title, String help, String expression) {
    return new Panel(
        title, Shape.BARS, "percentunit", help, List.of(new Query(expression, "{{node}}")));
  }

  static Panel lines(String title, String unit, String help, Query... queries) {
    return new Panel(title, Shape.LINES, unit, help, List.of(queries));
  }

  static Panel stack(String title, String unit, String help, Query... queries) {
    return new Panel(title, Shape.STACK, unit, help, List.of(queries));
  }

  /** As Grafana keeps it. */
  JsonObject json(int id, int x, int y) {
    JsonArray targets = new JsonArray();
    for (int i = 0; i < queries.size(); i++) {
      Query query = queries.get(i);
      targets.add(
          new JsonObject()
              .put("refId", String.valueOf((char) ('A' + i)))
              .put("datasource", source())
              .put("expr", query.expression)
              .put("legendFormat", query.legend)
              .put("instant", shape == Shape.FIGURE || shape == Shape.BARS)
              .put("range", shape == Shape.LINES || shape == Shape.STACK));
    }
    return new JsonObject()
        .put("id", id)
        .put("type", shape.type)
        .put("title", title)
        .put("description", help)
        .put("datasource", source())
        .put("gridPos", Dashboard.place(x, y, shape.width, shape.height))
        .put("fieldConfig", new JsonObject().put("defaults", field()).put("overrides", none()))
        .put("options", options())
        .put("targets", targets);
  }

  private JsonObject field() {
    JsonObject field = new JsonObject().put("unit", unit).put("noValue", "no data");
    return switch (shape) {
      case FIGURE ->
          field.put("color", new JsonObject().put("mode", "fixed").put("fixedColor", "text"));
      case BARS -> field.put("min", 0).put("max", 1).put("thresholds", fullness());
      case LINES -> field.put("min", 0).put("custom", drawing(0, "none"));
      case STACK -> field.put("min", 0).put("custom", drawing(25, "normal"));
    };
  }

  private static JsonObject drawing(int fill, String stacking) {
    return new JsonObject()
        .put("drawStyle", "line")
        .put("lineWidth", 1)
        .put("fillOpacity", fill)
        .put("showPoints", "never")
        .put("spanNulls", false)
        .put("stacking", new JsonObject().put("mode", stacking).put("group", "A"));
  }

  /** As the alerts have it: look at 85 %, hurry at 95 %. */
  private static JsonObject fullness() {
    return new JsonObject()
        .put("mode", "absolute")
        .put(
            "steps",
            new JsonArray()
                .add(new JsonObject().put("color", "green").putNull("value"))
                .add(new JsonObject().put("color", "orange").put("value", 0.85))
                .add(new JsonObject().put("color", "red").put("value", 0.95)));
  }

  private JsonObject options() {
    JsonObject last =
        new JsonObject()
            .put("calcs", new JsonArray().add("lastNotNull"))
            .put("fields", "")
            .put("values", false);
    return switch (shape) {
      case FIGURE -> new JsonObject().put("reduceOptions", last).put("graphMode", "none");
      case BARS ->
          new JsonObject()
              .put("reduceOptions", last)
              .put("orientation", "horizontal")
              .put("displayMode", "basic");
      case LINES, STACK ->
          new JsonObject()
              .put("tooltip", new JsonObject().put("mode", "multi").put("sort", "desc"))
              .put(
                  "legend",
                  new JsonObject()
                      .put("displayMode", "table")
                      .put("placement", "bottom")
                      .put("calcs", new JsonArray().add("lastNotNull").add("max")));
    };
  }

  private static JsonArray none() {
    return new JsonArray();
  }

  private static JsonObject source() {
    return new JsonObject().put("type", "prometheus").put("uid", "${datasource}");
  }
}
