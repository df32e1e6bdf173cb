package puente.load;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.net.DatagramCounters.Fact;
import puente.net.EventLoops;
import puente.net.EventLoops.UdpIo;

/**
 * Puts a {@link LoadPlan} on a server. Clients are divided among event loops that share nothing;
 * each sends what is due whether or not answers come.
 */
public final class Generator implements AutoCloseable {

  /** What goes on. */
  public enum Phase {
    OPENING,
    ALLOCATING,
    LOADING,
    FREEING
  }

  /** Who is told how it goes; called by the thread that runs the generator. */
  public interface Observer {
    /** Before anything of the phase happens. */
    void onPhase(Phase phase);

    /** A few times a second. */
    void onProgress(Phase phase, double share, Tally soFar);

    /** What is counted begins, or has ended: before what the clients have is freed. */
    void onWindow(boolean begins);
  }

  private static final long LOOK_MS = 200;
  private static final long HEAD_START_NS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final int END_PATIENCE_SECONDS = 10;

  private final LoadPlan plan;
  private final long serverPid;
  private final EventLoops loops;
  private final List<Worker> workers = new ArrayList<>();
  private final List<Drive> drives = new ArrayList<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean stopped;
  private double busiest;

  /**
   * @param serverPid the server's process on this machine, or 0
   */
  public Generator(LoadPlan plan, long serverPid) {
    this.plan = plan;
    this.serverPid = serverPid;
    loops = EventLoops.open(plan.threads(), UdpIo.AUTO, plan.joined());
    int run = ThreadLocalRandom.current().nextInt();
    for (int i = 0; i < plan.threads(); i++) {
      Worker worker = new Worker(plan, loops.shards().get(i), i, run);
      workers.add(worker);
      drives.add(
          switch (plan.kind()) {
            case STUN -> new StunDrive(worker, run);
            case ALLOC -> new AllocDrive(worker);
            case TURN -> new RelayDrive(worker);
          });
    }
  }

  /**
   * Runs all of it.
   *
   * @throws BindFailure if the system does not give the sockets
   */
  public LoadResult run(Observer observer) throws InterruptedException, BindFailure {
    try {
      observer.onPhase(Phase.OPENING);
      open();
      observer.onPhase(Phase.ALLOCATING);
      await(Phase.ALLOCATING, start(Drive::setUp), observer);
      observer.onPhase(Phase.LOADING);
      LoadResult result = load(observer);
      observer.onPhase(Phase.FREEING);
      await(Phase.FREEING, start(Drive::tearDown), observer);
      return result.with(sum());
    } finally {
      over.countDown();
    }
  }

  private void open() throws InterruptedException, BindFailure {
    for (int i = 0; i < workers.size(); i++) {
      Worker worker = workers.get(i);
      Drive drive = drives.get(i);
      try {
        onLoop(
            worker,
            () -> {
              worker.open(drive);
              drive.open();
              return true;
            });
      } catch (ExecutionException e) {
        if (e.getCause() instanceof BindFailure refused) {
          throw refused;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  private LoadResult load(Observer observer) throws InterruptedException {
    long begin = System.nanoTime() + HEAD_START_NS;
    long from = begin + TimeUnit.SECONDS.toNanos(plan.warmupSeconds());
    Drive.Window window =
        new Drive.Window(begin, from, from + TimeUnit.SECONDS.toNanos(plan.seconds()));
    Set<Integer> ourPorts = ourPorts();
    CompletableFuture<Void> loaded = start(drive -> drive.run(window));
    until(window.from(), window, loaded, observer);
    observer.onWindow(true);
    KernelDrops dropsBefore = KernelDrops.read(ourPorts);
    long serverCpuBefore = ProcessCpu.nanos(serverPid);
    long started = System.nanoTime();
    eachOnLoop(Worker::markCpu);
    until(window.end(), window, loaded, observer);
    double took = System.nanoTime() - started;
    long serverCpu = ProcessCpu.nanos(serverPid) - serverCpuBefore;
    eachOnLoop(worker -> busiest = Math.max(busiest, worker.cpuSinceMark() / took));
    await(Phase.LOADING, loaded, observer);
    KernelDrops drops = KernelDrops.read(ourPorts).since(dropsBefore);
    observer.onWindow(false);
    double seconds = stopped ? took / 1e9 : plan.seconds();
    long sendDrops = workers.stream().mapToLong(Generator::sendDrops).sum();
    return new LoadResult(
        new Tally(), seconds, busiest, sendDrops, drops.ours(), drops.others(), serverCpu);
  }

  private static long sendDrops(Worker worker) {
    return worker.datagrams().counters().value(Fact.SEND_BUFFER_FULL);
  }

  private Set<Integer> ourPorts() throws InterruptedException {
    Set<Integer> ports = new HashSet<>();
    eachOnLoop(
        worker -> worker.clients().forEach(client -> ports.add(client.socket().local().port())));
    return ports;
  }

  /** One phase on all loops. */
  private CompletableFuture<Void> start(Function<Drive, CompletableFuture<Void>> phase) {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < workers.size(); i++) {
      Worker worker = workers.get(i);
      Drive drive = drives.get(i);
      CompletableFuture<Void> done = new CompletableFuture<>();
      all.add(done);
      worker
          .loop()
          .execute(
              () -> {
                try {
                  phase.apply(drive).whenComplete((none, defect) -> end(done, defect));
                  worker.flush();
                } catch (RuntimeException defect) {
                  done.completeExceptionally(defect);
                }
              });
    }
    return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
  }

  private static void end(CompletableFuture<Void> phase, @Nullable Throwable defect) {
    if (defect == null) {
      phase.complete(null);
    } else {
      phase.completeExceptionally(defect);
    }
  }

  private void until(
      long time, Drive.Window window, CompletableFuture<Void> loaded, Observer observer)
      throws InterruptedException {
    while (!loaded.isDone() && !stopped) {
      long left = TimeUnit.NANOSECONDS.toMillis(time - System.nanoTime());
      if (left <= 0) {
        return;
      }
      isDone(loaded, Math.min(left, LOOK_MS));
      double share =
          (double) (System.nanoTime() - window.begin()) / (window.end() - window.begin());
      observer.onProgress(Phase.LOADING, Math.clamp(share, 0, 1), sum());
    }
  }

  private void await(Phase phase, CompletableFuture<Void> done, Observer observer)
      throws InterruptedException {
    while (!isDone(done, LOOK_MS)) {
      Tally soFar = sum();
      double share =
          switch (phase) {
            case ALLOCATING -> (soFar.allocated + soFar.bound) / 2.0 / plan.clients();
            case FREEING -> (double) soFar.freed / Math.max(1, soFar.allocated);
            case OPENING, LOADING -> 1;
          };
      observer.onProgress(phase, share, soFar);
    }
  }

  private static boolean isDone(CompletableFuture<Void> future, long millis)
      throws InterruptedException {
    try {
      future.get(millis, TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException notYet) {
      return false;
    } catch (ExecutionException defect) {
      throw new IllegalStateException(defect.getCause());
    }
  }

  private Tally sum() throws InterruptedException {
    Tally sum = new Tally();
    eachOnLoop(worker -> sum.add(worker.tally()));
    return sum;
  }

  /** One loop after the other, so that what they write to needs no lock. */
  private void eachOnLoop(Consumer<Worker> action) throws InterruptedException {
    for (Worker worker : workers) {
      try {
        onLoop(
            worker,
            () -> {
              action.accept(worker);
              return true;
            });
      } catch (ExecutionException defect) {
        throw new IllegalStateException(defect.getCause());
      }
    }
  }

  private static void onLoop(Worker worker, Callable<Boolean> action)
      throws InterruptedException, ExecutionException {
    worker.loop().submit(action).get();
  }

  /** Ends early, and in order: what the clients have is still freed. */
  public void stop() {
    stopped = true;
    for (int i = 0; i < workers.size(); i++) {
      Worker worker = workers.get(i);
      if (!worker.loop().isShuttingDown()) {
        worker.loop().execute(drives.get(i)::stop);
      }
    }
  }

  /** {@link #stop}, and a wait until all is freed; for when the process is told to end. */
  public void stopAndWait() {
    stop();
    try {
      over.await(END_PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    loops.close().toCompletableFuture().join();
  }
}
