package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import puente.admin.access.Accounts;
import puente.admin.access.ApiTokens;
import puente.admin.access.ConsoleSessions;
import puente.admin.access.SetupToken;
import puente.admin.access.StateFile;

/** All that decides who may come in, and the workers for what takes time there. */
final class AccessDesk {

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
