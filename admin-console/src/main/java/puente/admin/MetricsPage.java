package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import puente.admin.NodeView.MetricNames;

/** {@code /metrics}, for Prometheus and those who speak its language. */
final class MetricsPage {

  /** Reading takes milliseconds: more than a few waiting means that somebody plays. */
  static final int WAITING_MAX = 8;

  private static final String OPEN_METRICS = "application/openmetrics-text";

  /**
   * Its own: who writes files waits for disks, and who scrapes would wait with them. One thread is
   * order enough; what Vert.x calls ordered waits for all ordered work of its context.
   */
  private final WorkerExecutor reader;

  private final NodeView view;
  private int waiting;

  MetricsPage(Vertx vertx, NodeView view) {
    reader = vertx.createSharedWorkerExecutor("puente-metrics", 1);
    this.view = view;
  }

  Future<Answer> answer(HttpServerRequest request, boolean trusted) {
    MetricNames names = names(request);
    if (names == null) {
      return Future.succeededFuture(
          Answer.problem(400, "The only names known are those of compat=coturn."));
    }
    if (waiting >= WAITING_MAX) {
      return Future.succeededFuture(
          Answer.problem(503, "Too many readers at once.").with("Retry-After", "1"));
    }
    boolean openMetrics = prefersOpenMetrics(request.headers().getAll("Accept"));
    waiting++;
    return reader
        .executeBlocking(() -> view.metrics(names, openMetrics), false)
        .onComplete(done -> waiting--)
        .map(read -> new Answer(200, read.contentType(), read.text()));
  }

  Future<Void> close() {
    return reader.close();
  }

  /** Null for names that nobody knows; what else is asked for is not looked at. */
  private static @Nullable MetricNames names(HttpServerRequest request) {
    String query = request.query();
    for (String parameter : query == null ? new String[0] : query.split("&")) {
      if (parameter.startsWith("compat=")) {
        return parameter.equals("compat=coturn") ? MetricNames.COTURN : null;
      }
    }
    return MetricNames.PUENTE;
  }

  /** Whether OpenMetrics is named, and the older text format is not wanted more (RFC 9110 §12.5.1). */
  static boolean prefersOpenMetrics(List<String> accept) {
    double open = 0;
    double plain = 0;
    for (String element : String.join(",", accept).toLowerCase(Locale.ROOT).split(",")) {
      String[] parts = element.split(";");
      switch (parts.length == 0 ? "" : parts[0].strip()) {
        case OPEN_METRICS -> open = Math.max(open, quality(parts));
        case "text/plain" -> plain = Math.max(plain, quality(parts));
        default -> {}
      }
    }
    return open > 0 && open >= plain;
  }

  private static double quality(String[] parts) {
    for (int i = 1; i < parts.length; i++) {
      String parameter = parts[i].strip();
      if (parameter.startsWith("q=")) {
        return parameter.matches("q=(0(\\.\\d{0,3})?|1(\\.0{0,3})?)")
            ? Double.parseDouble(parameter.substring(2))
            : 0;
      }
    }
    return 1;
  }
}
