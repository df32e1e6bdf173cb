package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import puente.plan.CpuModel;
import puente.plan.Percentile95;
import puente.series.Figure;
import puente.series.History;
import puente.series.Point;
import puente.series.Tier;

/**
 * What the cluster's own history says to the planner: of this node in full, of the others as they
 * have told, so that it needs nobody's answer. It takes the points that it needs on the loop that
 * the history belongs to, and works on them on any thread.
 */
final class Measured {

  /** Of each day the busiest hour. */
  static final Map<String, ToDoubleFunction<float[]>> RESOURCES =
      Map.of(
          "ports", values -> of(values, Figure.PORTS_USED),
          "egress", values -> of(values, Figure.RELAY_UP) + of(values, Figure.RELAY_DOWN),
          "processor", values -> of(values, Figure.PROCESSOR),
          "memory", values -> of(values, Figure.MEMORY_USED));

  private static final int DAY = 86_400;
  private static final int HOURS = 24;
  private static final int DAYS_MAX = 400;
  private static final int WEEKS = 28;
  private static final int FIT_POINTS_MIN = 60;
  private static final double FIT_GOOD = 0.8;
  private static final List<String> KINDS =
      List.of("kpps", "allocations/s", "TLS Mb/s", "messages/s");

  /** What is known of one node; points do not change. */
  private record Known(List<Point> hours, List<Point> quarters, @Nullable Point newest) {
    static Known of(History history, Tier newest, long now) {
      long today = now - now % DAY;
      return new Known(
          history.points(Tier.HOUR, today - (long) DAYS_MAX * DAY, today),
          history.points(Tier.QUARTER, now - (long) WEEKS * DAY, now),
          history.newest(newest));
    }
  }

  private final Known own;
  private final List<Point> minutes;
  private final List<Known> all;
  private final long now;
  private @Nullable Map<String, TreeMap<LocalDate, Double>> daily;

  Measured(History history, Collection<History> others, long now) {
    this.now = now;
    own = Known.of(history, Tier.SECOND, now);
    minutes = history.points(Tier.MINUTE, now - 14L * DAY, now);
    all = new ArrayList<>();
    others.forEach(other -> all.add(Known.of(other, Tier.HOUR, now)));
    all.add(own);
  }

  private static double of(float[] values, Figure figure) {
    float value = values[figure.ordinal()];
    return Float.isNaN(value) ? 0 : value;
  }

  LocalDate today() {
    return LocalDate.ofEpochDay(now / DAY);
  }

  /** Busy-hour values of whole days, all nodes together, the last of yesterday; by day. */
  TreeMap<LocalDate, Double> daily(String resource) {
    if (daily == null) {
      daily = new HashMap<>();
      RESOURCES.forEach((name, value) -> daily.put(name, wholeDays(byHour(value))));
    }
    return new TreeMap<>(daily.getOrDefault(resource, new TreeMap<>()));
  }

  /** Of all nodes together, the first hour of the day as many days ago as can be; NaN: unknown. */
  private double[] byHour(ToDoubleFunction<float[]> value) {
    double[] byHour = new double[DAYS_MAX * HOURS];
    Arrays.fill(byHour, Double.NaN);
    long first = now / DAY * HOURS - byHour.length;
    for (Known node : all) {
      for (Point point : node.hours) {
        int hour = (int) (point.step() - first);
        double before = Double.isNaN(byHour[hour]) ? 0 : byHour[hour];
        byHour[hour] = before + value.applyAsDouble(point.mean());
      }
    }
    return byHour;
  }

  /** A day without any measurement would be a zero that nobody has measured: begin after it. */
  private TreeMap<LocalDate, Double> wholeDays(double[] byHour) {
    TreeMap<LocalDate, Double> days = new TreeMap<>();
    LocalDate day = today();
    for (int end = byHour.length; end > 0; end -= HOURS) {
      OptionalDouble busiest =
          Arrays.stream(byHour, end - HOURS, end).filter(sum -> !Double.isNaN(sum)).max();
      if (busiest.isEmpty()) {
        break;
      }
      day = day.minusDays(1);
      days.put(day, busiest.getAsDouble());
    }
    return days;
  }

  /** The limit of a resource on all nodes together, times its target; NaN if it is not known. */
  double limit(String resource, double target, double egressPerNode) {
    double sum = 0;
    for (Known node : all) {
      Point point = node.newest;
      if (point != null && now - point.second() <= 3 * 3600) {
        sum +=
            switch (resource) {
              case "ports" -> of(point.mean(), Figure.PORTS_LIMIT);
              case "memory" -> of(point.mean(), Figure.MEMORY_LIMIT);
              case "egress" -> egressPerNode > 0 ? egressPerNode : Double.NaN;
              default -> 1;
            };
      }
    }
    return sum * target;
  }

  /** What a plan's request can be filled with, and where each number is from. */
  JsonObject request(int nodes) {
    JsonObject demand = new JsonObject();
    double[] allocations = quarters(Figure.ALLOC_TOTAL);
    if (allocations.length > 0) {
      double p95 = Percentile95.billable(allocations);
      demand.put("allocations", measured(p95, "p95 of quarter-hour means, 28 days"));
      double[] created = quarters(Figure.ANSWERS_SUCCESS);
      double busiest = Arrays.stream(created).max().orElse(0);
      double calls = busiest * 3600 / 6;
      demand.put(
          "bhca", assumed(calls, "allocations made in the busiest quarter, six of them to a call"));
      double rate = Arrays.stream(created).average().orElse(0);
      double mean = Arrays.stream(allocations).average().orElse(0);
      if (rate > 0) {
        demand.put(
            "holdSeconds", measured(Math.min(1e7, mean / rate), "Little's law: alive / made"));
      }
      double active = Arrays.stream(quarters(Figure.ALLOC_ACTIVE)).average().orElse(0);
      if (mean > 0) {
        // Of a client's three allocations one relays at most.
        demand.put(
            "relayRatio",
            measured(Math.min(1, 3 * active / mean), "relaying / alive, three to a client"));
      }
    }
    JsonObject request = new JsonObject().put("demand", demand).put("node", node());
    request.put(
        "policy", new JsonObject().put("nodesRunning", measured(Math.max(1, nodes), "alive now")));
    JsonObject daily = new JsonObject();
    for (String resource : List.of("ports", "egress", "processor", "memory")) {
      List<Double> days = new ArrayList<>(daily(resource).values());
      double factor = resource.equals("egress") ? 8 : 1;
      JsonArray values = new JsonArray();
      days.forEach(value -> values.add(value * factor));
      if (!values.isEmpty() && !resource.equals("processor")) {
        daily.put(resource, values);
      }
    }
    return daily.isEmpty() ? request : request.put("history", new JsonObject().put("daily", daily));
  }

  private JsonObject node() {
    JsonObject node = new JsonObject();
    Point newest = own.newest;
    if (newest != null) {
      double ports = of(newest.mean(), Figure.PORTS_LIMIT);
      if (ports >= 1 && ports <= 65_536) {
        node.put("ports", measured(ports, "relay ports of this node"));
      }
      double memory = of(newest.mean(), Figure.MEMORY_LIMIT);
      if (memory > 536_870_912) {
        node.put("memoryBytes", measured(memory, "greatest heap of this node"));
      }
    }
    fit(node);
    return node;
  }

  /** Packets per second that take all of the processor, as the last two weeks tell. */
  private void fit(JsonObject node) {
    if (minutes.size() < FIT_POINTS_MIN) {
      return;
    }
    double[][] work = new double[minutes.size()][];
    double[] processor = new double[work.length];
    for (int i = 0; i < work.length; i++) {
      float[] values = minutes.get(i).mean();
      double packets = of(values, Figure.RELAY_UP_PACKETS) + of(values, Figure.RELAY_DOWN_PACKETS);
      work[i] =
          new double[] {
            packets / 1000,
            of(values, Figure.ANSWERS_SUCCESS),
            8 * of(values, Figure.TLS_BYTES) / 1e6,
            of(values, Figure.SIGNAL_MESSAGES)
          };
      processor[i] = of(values, Figure.PROCESSOR);
    }
    CpuModel model = CpuModel.fit(KINDS, work, processor);
    double perKpps = model.costs()[1];
    double most = model.observedMax().getFirst();
    if (perKpps <= 0 || most <= 0) {
      return;
    }
    double kpps = Math.max(0, 1 - model.costs()[0]) / perKpps;
    boolean isSeen = !model.isExtrapolation(new double[] {kpps, 0, 0, 0});
    String from =
        String.format(
            Locale.ROOT,
            "%d minutes of this node: processor = %.3f + %.4f a kpps + ..., r2 %.2f, seen up to"
                + " %.1f kpps",
            work.length,
            model.costs()[0],
            perKpps,
            model.rSquared(),
            most);
    boolean isGood = isSeen && model.rSquared() >= FIT_GOOD;
    double capacity = Math.clamp(1000 * kpps, 1, 1e12);
    node.put("ppsCapacity", isGood ? measured(capacity, from) : assumed(capacity, from));
  }

  /** What a carrier would bill: the p95 of both ways together, in bits/s; NaN without a month. */
  double egressP95() {
    double[] up = quarters(Figure.RELAY_UP);
    double[] down = quarters(Figure.RELAY_DOWN);
    if (up.length == 0 || up.length != down.length) {
      return Double.NaN;
    }
    double[] both = new double[up.length];
    Arrays.setAll(both, i -> 8 * (up[i] + down[i]));
    return Percentile95.billable(both);
  }

  /** Quarter-hour means of the last 28 days, all nodes together. */
  private double[] quarters(Figure figure) {
    Map<Long, Double> sums = new TreeMap<>();
    for (Known node : all) {
      for (Point point : node.quarters) {
        sums.merge(point.step(), of(point.mean(), figure), Double::sum);
      }
    }
    return sums.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static JsonObject measured(double value, String from) {
    return new JsonObject().put("value", value).put("origin", "measured").put("from", from);
  }

  private static JsonObject assumed(double value, String from) {
    return new JsonObject().put("value", value).put("origin", "assumed").put("from", from);
  }
}
