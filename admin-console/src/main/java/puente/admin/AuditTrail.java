package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;
import puente.admin.records.RecordFiles;

/**
 * Who changed what, and what came of it: in the log, and in files that outlive a restart. Bounded by
 * {@link RecordFiles}: the oldest goes first.
 */
final class AuditTrail {

  private static final Logger LOG = LoggerFactory.getLogger("puente.audit");

  /** Of each text; the rest says nothing more. */
  private static final int TEXT_MAX = 1000;

  private static final int PAGES_MAX = 4;
  private static final int LIMIT_MAX = 1000;

  /**
   * A change that was asked for.
   *
   * @param action in a few fixed words: {@code close-session}
   * @param target what was to be changed; empty when the action says it
   * @param before as it was; empty when it was not there
   * @param after as it is; never a secret
   * @param outcome {@code done}, or in a word why not
   */
  record Change(
      String action, String target, String before, String after, String reason, String outcome) {

    static Change of(String action, String target, String reason, String outcome) {
      return new Change(action, target, "", "", reason, outcome.toLowerCase(Locale.ROOT));
    }

    static Change done(String action, String target, String reason) {
      return of(action, target, reason, "done");
    }

    Change from(String was, String is) {
      return new Change(action, target, was, is, reason, outcome);
    }
  }

  private final RecordFiles files;
  private final WorkerExecutor worker;
  private final String node;
  private int pages;

  /**
   * @param node its name, for when records of several are put together
   */
  AuditTrail(RecordFiles files, Vertx vertx, String node) {
    this.files = files;
    this.node = node;
    // One thread keeps the order; what Vert.x calls ordered waits for other work of the context.
    worker = vertx.createSharedWorkerExecutor("puente-audit", 1);
  }

  /** Who asked is noted. */
  void note(Call call, Change change) {
    note(call, call.caller().who(), change);
  }

  /** For those who are somebody only by what they asked: who signs in. */
  void note(Call call, String who, Change change) {
    String from = call.request().remoteAddress().hostAddress();
    log(who, from, change);
    JsonObject record =
        new JsonObject()
            .put("t", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString())
            .put("who", bounded(who))
            .put("from", from)
            .put("action", change.action)
            .put("outcome", bounded(change.outcome))
            .put("node", node);
    put(record, "target", change.target);
    put(record, "before", change.before);
    put(record, "after", change.after);
    put(record, "reason", change.reason);
    worker
        .executeBlocking(() -> files.append(record), false)
        .onFailure(full -> LOG.error("event=audit-not-kept cause=\"{}\"", full.toString()));
  }

  /**
   * What was noted here, the newest first.
   *
   * @param words {@code limit}; of {@code before} the number after this node's name bounds it
   */
  Future<JsonObject> page(JsonObject words) {
    Optional<String> who = Optional.ofNullable(words.getString("who"));
    Optional<String> action = Optional.ofNullable(words.getString("action"));
    JsonObject bounds = words.getJsonObject("before", new JsonObject());
    long before = Long.parseLong(bounds.getString(node, "0"));
    int limit = Math.clamp(words.getInteger("limit", 1), 1, LIMIT_MAX);
    if (pages >= PAGES_MAX) {
      return Future.failedFuture("other pages are being read");
    }
    pages++;
    return worker
        .executeBlocking(
            () ->
                files.page(
                    record ->
                        who.map(name -> name.equals(record.getString("who"))).orElse(true)
                            && action
                                .map(word -> word.equals(record.getString("action")))
                                .orElse(true),
                    before,
                    limit),
            false)
        .onComplete(done -> pages--)
        .map(
            page ->
                new JsonObject()
                    .put("entries", new JsonArray(page.records()))
                    .put("more", page.next() > 0));
  }

  /** After all that was noted is kept. */
  Future<Void> close() {
    return worker
        .<Void>executeBlocking(
            () -> {
              files.close();
              return null;
            },
            false)
        .eventually(worker::close);
  }

  private static void log(String who, String from, Change change) {
    LoggingEventBuilder event =
        LOG.atInfo()
            .addKeyValue("event", "audit")
            .addKeyValue("action", change.action)
            .addKeyValue("outcome", change.outcome)
            .addKeyValue("who", who)
            .addKeyValue("from", from);
    event = with(event, "target", change.target);
    event = with(event, "before", change.before);
    event = with(event, "after", change.after);
    with(event, "reason", change.reason).log("");
  }

  private static LoggingEventBuilder with(LoggingEventBuilder event, String key, String value) {
    return value.isEmpty() ? event : event.addKeyValue(key, value);
  }

  private static void put(JsonObject record, String key, String value) {
    if (!value.isEmpty()) {
      record.put(key, bounded(value));
    }
  }

  private static String bounded(String text) {
    return text.length() <= TEXT_MAX ? text : text.substring(0, TEXT_MAX) + "…";
  }
}
