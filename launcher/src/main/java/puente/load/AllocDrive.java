package puente.load;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.stun.Message;
import puente.stun.Packet;

/** Allocations made at a constant rate, held for a while, and freed. */
final class AllocDrive implements Drive {

  /** After the end, those that wait for a socket wait so long. */
  private static final int BACKLOG_SECONDS = 5;

  private final Worker worker;
  private final Deque<Client> idle = new ArrayDeque<>();

  /** When allocations were due that no socket of ours was free for. */
  private final Deque<Long> backlog = new ArrayDeque<>();

  private final CompletableFuture<Void> over = new CompletableFuture<>();
  private final long[] dueByClient;
  private Window window = new Window(0, 0, 0);
  private @Nullable Pacer pacer;
  private int busy;
  private boolean ended;
  private boolean stopped;

  AllocDrive(Worker worker) {
    this.worker = worker;
    dueByClient = new long[worker.plan().clientsOf(worker.number())];
  }

  @Override
  public void open() {
    idle.addAll(worker.clients());
  }

  @Override
  public CompletableFuture<Void> setUp() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> run(Window newWindow) {
    window = newWindow;
    LoadPlan plan = worker.plan();
    double perSecond = plan.perSecond() / plan.threads();
    long total =
        plan.total() > 0
            ? plan.total() / plan.threads()
                + (worker.number() < plan.total() % plan.threads() ? 1 : 0)
            : (long) (perSecond * (window.end() - window.begin()) / 1e9);
    Runnable atEnd =
        () -> {
          ended = true;
          worker.loop().schedule(this::giveUp, BACKLOG_SECONDS, TimeUnit.SECONDS);
          endIfDone();
        };
    pacer = Pacer.of(worker, perSecond, window.begin(), total, this::due, atEnd);
    pacer.start();
    return over;
  }

  private void giveUp() {
    worker.tally().unsent += backlog.size();
    backlog.clear();
    endIfDone();
  }

  private void due(long number, long due) {
    Client client = idle.poll();
    if (client == null) {
      worker.tally().starved++;
      backlog.add(due);
      return;
    }
    allocate(client, due);
  }

  private void allocate(Client client, long due) {
    busy++;
    worker.tally().asked++;
    if (window.holds(due)) {
      worker.tally().sent++;
      worker.tally().second(due - window.begin())[0]++;
    }
    dueByClient[local(client)] = due;
    client.begin(Client.Step.ASK, due);
  }

  private int local(Client client) {
    return client.index() - worker.plan().firstClient(worker.number());
  }

  @Override
  public void onDone(Client client, Client.Step step, long nanos) {
    Tally tally = worker.tally();
    switch (step) {
      case ASK -> Tally.record(tally.challenge, nanos);
      case ALLOCATE -> {
        Tally.record(tally.allocate, nanos);
        onAllocated(client);
      }
      case FREE -> {
        Tally.record(tally.free, nanos);
        tally.freed++;
        done(client);
      }
      case BIND, RENEW -> throw new IllegalStateException("not asked for: " + step);
    }
  }

  private void onAllocated(Client client) {
    Tally tally = worker.tally();
    long due = dueByClient[local(client)];
    long now = System.nanoTime();
    tally.allocated++;
    if (window.holds(due)) {
      tally.received++;
      tally.second(due - window.begin())[1]++;
      Tally.record(tally.latency, now - due);
    }
    int holdMs = worker.plan().holdMs();
    if (holdMs == 0 || stopped) {
      client.begin(Client.Step.FREE, now);
    } else {
      worker.loop().schedule(() -> free(client), holdMs, TimeUnit.MILLISECONDS);
    }
  }

  private void free(Client client) {
    if (client.relayed() != null && !client.isWaiting()) {
      client.begin(Client.Step.FREE, System.nanoTime());
    }
  }

  @Override
  public void onFailed(Client client, Client.Step step, int code) {
    done(client);
  }

  private void done(Client client) {
    // Not within the socket's own batch: it is closed.
    worker.loop().execute(() -> renew(client));
  }

  private void renew(Client client) {
    busy--;
    try {
      worker.reopen(client);
    } catch (BindFailure refused) {
      worker.tally().noSocket++;
      endIfDone();
      return;
    }
    Long due = stopped ? null : backlog.poll();
    if (due != null) {
      allocate(client, due);
      worker.flush();
    } else {
      idle.add(client);
      endIfDone();
    }
  }

  private void endIfDone() {
    if (ended && busy == 0 && (stopped || backlog.isEmpty())) {
      over.complete(null);
    }
  }

  @Override
  public CompletableFuture<Void> tearDown() {
    return CompletableFuture.completedFuture(null);
  }

  /** Those that are held are freed now. */
  @Override
  public void stop() {
    stopped = true;
    if (pacer != null) {
      pacer.stop();
    }
    worker.clients().forEach(this::free);
    worker.flush();
  }

  @Override
  public void onOther(Client client, Message message) {
    worker.tally().stray++;
  }

  @Override
  public void onData(Client client, Packet packet, int from, int length) {
    worker.tally().crossed++;
  }
}
