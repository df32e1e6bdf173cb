package puente.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Makes of bench/run's raw figures what people read: medians with their spread as a Markdown table,
 * ratios as a plot (SVG), and whether two generators agree.
 */
final class Report {
  /** Below this, two generators measured the same. */
  private static final double AGREEMENT = 0.05;

  private static final String BEGIN = "<!-- bench:begin -->";
  private static final String END = "<!-- bench:end -->";

  private record Key(String work, String server, String generator, String metric) {}

  private record Line(String work, String metric, double[] coturn, double[] puente) {
    double ratio() {
      return median(coturn) / median(puente);
    }
  }

  private Report() {}

  public static void main(String[] arguments) throws IOException {
    if (arguments[0].equals("--agree")) {
      System.exit(agree(Path.of(arguments[1])) ? 0 : 1);
    } else if (arguments[0].equals("--publish")) {
      publish(Path.of(arguments[1]), Path.of(arguments[2]));
    } else {
      Path results = Path.of(arguments[0]);
      String table = table(lines(results), loss(read(results)));
      Files.writeString(results.resolve("table.md"), table);
      Files.writeString(results.resolve("ratios.svg"), plot(lines(results)));
      System.out.print(table);
    }
  }

  private static Map<Key, List<Double>> read(Path results) throws IOException {
    Map<Key, List<Double>> values = new LinkedHashMap<>();
    for (String row : Files.readAllLines(results.resolve("raw.csv")).stream().skip(1).toList()) {
      String[] cells = row.split(",");
      Key key = new Key(cells[0], cells[1], cells[2], cells[4]);
      values.computeIfAbsent(key, none -> new ArrayList<>()).add(Double.valueOf(cells[5]));
    }
    return values;
  }

  private static List<Line> lines(Path results) throws IOException {
    Map<Key, List<Double>> values = read(results);
    List<Line> lines = new ArrayList<>();
    values.forEach(
        (key, puente) -> {
          if (key.server.equals("puente") && !key.metric.equals("loss")) {
            Key other = new Key(key.work, "coturn", key.generator, key.metric);
            double[] coturn = sorted(values.getOrDefault(other, List.of()));
            lines.add(new Line(key.work, key.metric, coturn, sorted(puente)));
          }
        });
    return lines;
  }

  private static Map<String, Double> loss(Map<Key, List<Double>> values) {
    Map<String, Double> worst = new LinkedHashMap<>();
    values.forEach(
        (key, all) -> {
          if (key.metric.equals("loss") && key.server.equals("puente")) {
            worst.merge(key.work, median(sorted(all)), Math::max);
          }
        });
    return worst;
  }

  private static double[] sorted(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
  }

  private static double median(double[] sorted) {
    int half = sorted.length / 2;
    return sorted.length == 0
        ? Double.NaN
        : sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  private static String table(List<Line> lines, Map<String, Double> loss) {
    StringBuilder table = new StringBuilder();
    table.append(
        "| work | coturn | Puente | ratio | lost by Puente |\n|---|---:|---:|---:|---:|\n");
    for (Line line : lines) {
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s | %s |%n",
              words(line.work),
              spread(line.coturn, line.metric),
              spread(line.puente, line.metric),
              Double.isNaN(line.ratio()) ? "" : String.format(Locale.ROOT, "%.2f", line.ratio()),
              loss.containsKey(line.work)
                  ? String.format(Locale.ROOT, "%.3f %%", 100 * loss.get(line.work))
                  : ""));
    }
    return table.toString();
  }

  private static String words(String work) {
    return switch (work) {
      case "binding" -> "STUN Binding, 64 clients";
      case "alloc-cold" -> "Allocate with its 401 round, first 10,000 of a process at rest";
      case "alloc-at-once" -> "Allocate, first 10,000, with the rest of the start";
      case "alloc-warm" -> "Allocate with its 401 round, warm";
      case "free" -> "Refresh with lifetime 0";
      case "memory" -> "resident memory per idle allocation";
      case "relay100-up" -> "relay 160 B, 100 allocations in turn, client to peer";
      case "relay100-down" -> "the same, peer to client";
      case "relay1000-up" -> "relay 160 B, 1,000 allocations in turn, client to peer";
      case "relay1000-down" -> "the same, peer to client";
      case "burst2-up", "burst4-up", "burst16-up" ->
          "relay 1200 B, bursts of " + work.substring(5, work.indexOf('-')) + ", client to peer";
      case "burst2-down", "burst4-down", "burst16-down" -> "the same, peer to client";
      case "one-flow" -> "relay 1200 B, one heavy flow";
      case "indications" -> "relay 160 B by Send and Data indications";
      case "tcp" -> "relay 1200 B, TCP clients";
      case "tls" -> "relay 1200 B, TLS clients";
      case "half-load" -> "p99 there and back, 30,000 packets/s";
      case "start" -> "start to the first answer";
      default -> work;
    };
  }

  private static String spread(double[] sorted, String metric) {
    if (sorted.length == 0) {
      return "";
    }
    return String.format(
        Locale.ROOT,
        "%s (%s-%s)",
        figure(median(sorted), metric),
        figure(sorted[0], metric),
        figure(sorted[sorted.length - 1], metric));
  }

  private static String figure(double value, String metric) {
    return switch (metric) {
      case "cpu_ns" -> String.format(Locale.ROOT, "%.2f µs", value / 1000);
      case "cpu_us", "rtt_p99_us" -> String.format(Locale.ROOT, "%.1f µs", value);
      case "rss_kib" -> String.format(Locale.ROOT, "%.2f KiB", value);
      case "cpu_seconds" -> String.format(Locale.ROOT, "%.2f s", value);
      default -> String.format(Locale.ROOT, "%.3f", value);
    };
  }

  // ---- the plot: one bar a work, coturn's cost divided by Puente's; 1 is alike

  private static String plot(List<Line> all) {
    List<Line> lines = all.stream().filter(line -> !Double.isNaN(line.ratio())).toList();
    double most = lines.stream().mapToDouble(Line::ratio).max().orElse(1);
    int left = 380;
    int width = 420;
    int row = 24;
    int height = 56 + row * lines.size();
    double scale = width / Math.max(2, most);
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\""
                + " font-family=\"sans-serif\" font-size=\"13\">%n<title>coturn's cost divided by"
                + " Puente's</title>%n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>%n",
            left + width + 80, height));
    svg.append("<text x=\"8\" y=\"22\" font-weight=\"bold\">coturn's cost divided by Puente's");
    svg.append(" (longer is better for Puente)</text>\n");
    for (int i = 0; i < lines.size(); i++) {
      svg.append(bar(lines.get(i), left, 40 + row * i, scale));
    }
    double one = left + scale;
    svg.append(
        String.format(
            Locale.ROOT,
            "<path d=\"M%.1f 34V%d\" stroke=\"#444\" stroke-dasharray=\"4 3\"/>%n</svg>%n",
            one,
            height - 12));
    return svg.toString();
  }

  private static String bar(Line line, int left, int y, double scale) {
    String colour = line.ratio() >= 1 ? "#2a7f62" : "#b8543a";
    return String.format(
        Locale.ROOT,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
            + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"14\" fill=\"%s\"/>"
            + "<text x=\"%.1f\" y=\"%d\">%.2f</text>%n",
        left - 8,
        y + 12,
        words(line.work),
        left,
        y,
        line.ratio() * scale,
        colour,
        left + line.ratio() * scale + 6,
        y + 12,
        line.ratio());
  }

  // ---- the rest

  private static boolean agree(Path results) throws IOException {
    Map<Key, List<Double>> values = read(results);
    boolean agree = true;
    System.out.println("| work | server | figure | turnload | puente load | apart |");
    System.out.println("|---|---|---|---:|---:|---:|");
    for (Map.Entry<Key, List<Double>> entry : values.entrySet()) {
      Key key = entry.getKey();
      if (!key.generator.equals("turnload")) {
        continue;
      }
      double one = median(sorted(entry.getValue()));
      Key ours = new Key(key.work, key.server, "load", key.metric);
      double other = median(sorted(values.getOrDefault(ours, List.of())));
      // Of a loss, the share of all packets; of a rate, the share of itself.
      double apart = Math.abs(one - other) / (key.metric.equals("loss") ? 1 : one);
      agree &= apart <= AGREEMENT;
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %s | %.4f | %.4f | %.2f %% |%n",
          key.work,
          key.server,
          key.metric,
          one,
          other,
          100 * apart);
    }
    System.out.println(agree ? "They agree within 5 %." : "THEY DO NOT AGREE within 5 %.");
    return agree;
  }

  private static void publish(Path results, Path docs) throws IOException {
    Path page = docs.resolve("PERFORMANCE.md");
    String text = Files.readString(page);
    int from = text.indexOf(BEGIN);
    int to = text.indexOf(END);
    if (from < 0 || to < from) {
      throw new IllegalStateException(page + " has no place for the table");
    }
    String machine = String.join("; ", Files.readAllLines(results.resolve("machine.txt")));
    String table = Files.readString(results.resolve("table.md"));
    String shown = BEGIN + "\n" + machine + ".\n\n" + table + "\n![ratios](performance.svg)\n";
    Files.writeString(page, text.substring(0, from) + shown + text.substring(to));
    Files.copy(
        results.resolve("ratios.svg"),
        docs.resolve("performance.svg"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.copy(
        results.resolve("raw.csv"),
        docs.resolve("performance.csv"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }
}
