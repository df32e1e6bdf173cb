package puente.launcher;

import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import puente.launcher.ClaimCounters.Fact;
import puente.stun.FiveTuple;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.AllocationStore.Answer;
import puente.turn.store.AllocationStore.Claimed;
import puente.turn.store.AllocationStore.Unclaimed;
import puente.turn.store.AllocationStore.Undecided;
import puente.turn.store.Ownership;
import puente.turn.store.Snapshot;

/**
 * Decides whether this node goes on with an allocation that one of its clients sends for. What
 * speaks against it may be over in a moment: a death that has not been seen yet, partitions that
 * move to other nodes. So that a no is decided again until {@link #DECIDE_MS} have passed: at once
 * when a member is lost, else some times a second. On a thread of its own, as others wait for the
 * cluster.
 */
final class HazelcastClusterClaims {

  /** Less than a shard waits for the answer. */
  static final long DECIDE_MS = 1800;

  private static final long AGAIN_MS = 100;

  /** After a death, a record that is not there may be one that is moved just now. */
  private static final long MOVING_MS = 3000;

  /** Who has been alone for so long since the start, or since a death, will not be told more. */
  private static final long UNDECIDED_MS = 15_000;

  /** Claims that wait for their owner's death; more are refused at once. */
  private static final int PARKED_MAX = 10_000;

  private final String node;
  private final HazelcastClusterDirectory directory;
  private final Predicate<String> alive;
  private final ClaimCounters counters;
  private final Queue<Attempt> parked = new ConcurrentLinkedQueue<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("puente-claims").factory());
  private volatile Heir heir = Heir.NOBODY;
  private volatile long servesSinceNanos = System.nanoTime();
  private volatile long lostAtNanos =
      servesSinceNanos - TimeUnit.MILLISECONDS.toNanos(UNDECIDED_MS);
  private int parkedNow;

  /**
   * @param alive asks the membership service itself whether a node is a member
   */
  HazelcastClusterClaims(
      String node,
      HazelcastClusterDirectory directory,
      Predicate<String> alive,
      ClaimCounters counters) {
    this.node = node;
    this.directory = directory;
    this.alive = alive;
    this.counters = counters;
  }

  /** It serves from now on; it may have been prepared long before. */
  void heir(Heir newHeir) {
    servesSinceNanos = System.nanoTime();
    heir = newHeir;
  }

  /** Whether this node goes on with what its client has, or may have. Never fails. */
  CompletionStage<Answer> claim(AllocationStore.Claim question) {
    counters.count(Fact.ASKED);
    Attempt attempt = new Attempt(question);
    attempt.ask();
    return attempt.answer;
  }

  /** Who waited for a death looks whether it was this one. */
  void memberLost() {
    lostAtNanos = System.nanoTime();
    soon(
        () -> {
          for (Attempt next = parked.poll(); next != null; next = parked.poll()) {
            parkedNow--;
            next.ask();
          }
        });
  }

  void close() {
    thread.shutdownNow();
  }

  /** It may yet find the others, or what they have left. */
  private boolean isYoung() {
    return msSince(directory.isStarted() ? lostAtNanos : servesSinceNanos) < UNDECIDED_MS;
  }

  private static long msSince(long nanos) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanos);
  }

  private void soon(Runnable work) {
    try {
      thread.execute(work);
    } catch (RejectedExecutionException closed) {
      // Nobody waits for an answer any more.
    }
  }

  /** One client's claim. Its steps are on the thread of the claims, one after another. */
  private final class Attempt {
    private final FiveTuple client;
    private final boolean byTicket;
    private final AllocationKey key;
    private final long sinceNanos = System.nanoTime();
    private final CompletableFuture<Answer> answer = new CompletableFuture<>();

    Attempt(AllocationStore.Claim question) {
      client = question.client();
      byTicket = question.byTicket();
      key = AllocationKey.of(client);
    }

    void ask() {
      if (!directory.isStarted() && !isYoung()) {
        end(Fact.UNREACHABLE);
      } else if (!answer.isDone()) {
        directory
            .find(key)
            .whenComplete((found, failure) -> soon(() -> decide(found, failure != null)));
      }
    }

    private void decide(@Nullable Optional<Snapshot> found, boolean no) {
      if (no || found == null) {
        again(Fact.UNREACHABLE);
      } else if (found.isEmpty()) {
        boolean moving = msSince(lostAtNanos) < MOVING_MS;
        if (moving) {
          again(Fact.NO_RECORD);
        } else {
          end(Fact.NO_RECORD);
        }
      } else {
        decide(found.get());
      }
    }

    private void decide(Snapshot record) {
      if (record.node().equals(node) && directory.isServed(key)) {
        // Another shard of this node has it, and that one is asked next.
        answer.complete(new Claimed(client, record));
        return;
      }
      if (directory.isOver(record)) {
        end(Fact.EXPIRED);
        return;
      }
      boolean lives = !record.node().equals(node) && alive.test(record.node());
      Ownership.Owner owner =
          new Ownership.Owner(lives, HazelcastClusterInheritance.isOn(record, heir.arrived()));
      boolean here = heir.canServe(record);
      if (Ownership.mayClaim(record, node, owner, here, System.currentTimeMillis())) {
        directory.claim(record).whenComplete((won, failure) -> soon(() -> settle(won)));
      } else if (record.expiresMs() <= System.currentTimeMillis()) {
        end(Fact.EXPIRED);
      } else if (!here) {
        end(Fact.NOT_HERE);
      } else {
        park();
      }
    }

    private void settle(@Nullable Optional<Snapshot> won) {
      if (won == null) {
        again(Fact.UNREACHABLE);
      } else if (won.isEmpty()) {
        again(Fact.TOO_LATE);
      } else if (answer.complete(new Claimed(client, won.get()))) {
        counters.count(Fact.WON);
        Events.limited("claimed", Level.INFO, "claimed", "epoch", won.get().epoch());
      }
    }

    /** Its owner lives. If it dies within the time that is left, this is decided again. */
    private void park() {
      if (parkedNow >= PARKED_MAX) {
        end(Fact.OWNER_ALIVE);
        return;
      }
      parkedNow++;
      parked.add(this);
      thread.schedule(
          () -> {
            if (parked.remove(this)) {
              parkedNow--;
              end(Fact.OWNER_ALIVE);
            }
          },
          Math.max(1, leftMs()),
          TimeUnit.MILLISECONDS);
    }

    private void again(Fact no) {
      if (leftMs() <= AGAIN_MS) {
        end(no);
      } else {
        thread.schedule(this::ask, AGAIN_MS, TimeUnit.MILLISECONDS);
      }
    }

    private long leftMs() {
      return DECIDE_MS - msSince(sinceNanos);
    }

    private void end(Fact no) {
      // Where a client was before it moved, its ticket does not say: the heir will know.
      boolean inherits = byTicket && no == Fact.NO_RECORD && msSince(lostAtNanos) < UNDECIDED_MS;
      boolean unsure = no == Fact.UNREACHABLE && isYoung() || inherits;
      if (answer.complete(unsure ? new Undecided(client) : new Unclaimed(client))) {
        counters.count(no);
      }
    }
  }
}
