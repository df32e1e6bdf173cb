package puente.admin;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.admin.access.Accounts;
import puente.admin.access.ApiTokens;
import puente.admin.access.ConsoleSessions;
import puente.admin.access.SetupToken;
import puente.admin.access.StateFile;

/** All that decides who may come in, and the workers for what takes time there. */
final class AccessDesk {

  private static final Logger LOG = LoggerFactory.getLogger("puente.admin");

  /** Each check of a password takes 19 MiB and some 100 ms of a processor. */
  private static final int WORKERS = 2;

  /** More than these would wait for seconds. */
  private static final int WAITING_MAX = 16;

  final Accounts accounts;
  final ApiTokens tokens;
  final SetupToken setup;
  final ConsoleSessions sessions;
  private final WorkerExecutor workers;
  private int waiting;
  private boolean isWarned;

  /** What is heard is taken in order. */
  private Future<Set<String>> heard = Future.succeededFuture(Set.of());

  private AccessDesk(Accounts accounts, ApiTokens tokens, SetupToken setup, Vertx vertx) {
    this.accounts = accounts;
    this.tokens = tokens;
    this.setup = setup;
    sessions = new ConsoleSessions(new SecureRandom());
    workers = vertx.createSharedWorkerExecutor("puente-access", WORKERS);
  }

  /**
   * Reads what is kept.
   *
   * @param directory null keeps nothing
   * @throws IOException in one line for the operator
   */
  static AccessDesk open(@Nullable Path directory, Vertx vertx) throws IOException {
    SecureRandom random = new SecureRandom();
    Accounts accounts =
        Accounts.open(file(directory, "console-accounts.json"), random, Instant::now);
    ApiTokens tokens = ApiTokens.open(file(directory, "console-tokens.json"), random, Instant::now);
    Path path = directory == null ? null : directory.resolve("setup-token");
    SetupToken setup = SetupToken.open(path, accounts.isEmpty(), random);
    return new AccessDesk(accounts, tokens, setup, vertx);
  }

  private static StateFile file(@Nullable Path directory, String name) {
    return new StateFile(directory == null ? null : directory.resolve(name));
  }

  /** From now on what is changed here is changed on all nodes, and the other way round. */
  void join(AccessPeers peers, Context context) {
    accounts.onChange(peers::tell);
    tokens.onChange(peers::tell);
    sessions.onChange(peers::tell);
    peers.join(
        news -> context.runOnContext(go -> hear(news)),
        () -> accounts.told().mergeIn(tokens.told()).mergeIn(sessions.told()));
  }

  private void hear(JsonObject news) {
    heard =
        heard
            .transform(
                before ->
                    work(
                        () -> {
                          tokens.merge(news);
                          Set<String> over = accounts.merge(news);
                          if (!accounts.isEmpty()) {
                            setup.forget();
                          }
                          return over;
                        }))
            .onSuccess(over -> hear(over, news))
            .onFailure(this::warn);
  }

  private void hear(Set<String> over, JsonObject news) {
    long now = System.currentTimeMillis();
    try {
      for (String name : over) {
        long changed =
            accounts
                .find(name)
                .map(account -> account.passwordChanged().toEpochMilli())
                .orElse(now);
        sessions.over(name, changed);
      }
      sessions.merge(news, now);
    } catch (RuntimeException notOurs) {
      warn(notOurs);
    }
  }

  private void warn(Throwable cause) {
    if (!isWarned) {
      isWarned = true;
      LOG.atWarn()
          .addKeyValue("event", "access-not-taken-over")
          .addKeyValue("cause", cause.toString())
          .log("");
    }
  }

  /** Whether more work would wait too long. */
  boolean isBusy() {
    return waiting >= WAITING_MAX;
  }

  static Answer busy() {
    return Answer.problem(503, "Too many passwords are being checked.").with("Retry-After", "2");
  }

  /** Off the loop. */
  <T> Future<T> work(Callable<T> work) {
    waiting++;
    return workers.executeBlocking(work, false).onComplete(done -> waiting--);
  }

  Future<Void> close() {
    return workers.close();
  }
}
