package puente.turn.relay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.turn.Allocation;
import puente.turn.CloseReason;

/**
 * The allocations of a node, for people. Questions are cut into parts, between which a shard's loop
 * serves its packets.
 */
public final class Sessions {

  /** Slots looked at in one go: a fraction of a millisecond. */
  private static final int SLOTS_AT_ONCE = 2048;

  /** Allocations ended in one go: each closes sockets. */
  private static final int CLOSED_AT_ONCE = 64;

  /**
   * Which sessions are wanted.
   *
   * @param user the whole name, or its beginning and {@code *}; null is any
   * @param client the IP address; null is any
   * @param transport null is any
   * @param after only those that come after this one; null from the start
   * @param limit at most so many
   */
  public record Query(
      @Nullable String user,
      @Nullable String client,
      @Nullable Transport transport,
      @Nullable SessionKey after,
      int limit) {

    boolean matches(Allocation allocation) {
      FiveTuple tuple = allocation.client();
      return allocation.isActive()
          && (transport == null || tuple.transport() == transport)
          && (user == null || matches(user, allocation.user()))
          && (client == null || tuple.client().ip().equals(client));
    }

    private static boolean matches(String pattern, String user) {
      return pattern.endsWith("*")
          ? user.startsWith(pattern.substring(0, pattern.length() - 1))
          : user.equals(pattern);
    }
  }

  private final List<Shard> shards;

  Sessions(List<Shard> shards) {
    this.shards = shards;
  }

  /** The first of those wanted, the oldest first. */
  public CompletionStage<List<Session>> list(Query query) {
    return ofAll(shard -> new Look(shard, query).result)
        .thenApply(
            parts ->
                parts.stream()
                    .flatMap(List::stream)
                    .sorted(Comparator.comparing(Session::key))
                    .limit(query.limit)
                    .toList());
  }

  /** How many there are, unfinished ones too. */
  public CompletionStage<Integer> count() {
    return ofAll(shard -> ask(shard, () -> shard.server().allocations()))
        .thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  /** Ends one; answers whether it was there. */
  public CompletionStage<Boolean> close(SessionKey key, CloseReason why) {
    return ofAll(shard -> ask(shard, () -> close(shard, key, why)))
        .thenApply(closed -> closed.contains(true));
  }

  /** Ends all there are; answers how many. */
  public CompletionStage<Integer> closeAll(CloseReason why) {
    return ofAll(shard -> new End(shard, why).result)
        .thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  private static boolean close(Shard shard, SessionKey key, CloseReason why) {
    Allocation allocation = shard.server().allocationOf(key.tuple());
    if (allocation == null || !SessionKey.of(allocation).equals(key)) {
      return false;
    }
    shard.evict(allocation.client(), why);
    return true;
  }

  private <T> CompletionStage<List<T>> ofAll(Function<Shard, CompletableFuture<T>> question) {
    CompletableFuture<List<T>> all = CompletableFuture.completedFuture(new ArrayList<>());
    for (Shard shard : shards) {
      all =
          all.thenCombine(
              question.apply(shard),
              (list, part) -> {
                list.add(part);
                return list;
              });
    }
    return all;
  }

  private static <T> CompletableFuture<T> ask(Shard shard, Supplier<T> answer) {
    CompletableFuture<T> result = new CompletableFuture<>();
    run(shard, result, () -> result.complete(answer.get()));
    return result;
  }

  /** Runs it on the shard's loop; what goes wrong there is the answer's failure. */
  private static void run(Shard shard, CompletableFuture<?> result, Runnable work) {
    try {
      shard
          .loop()
          .eventLoop()
          .execute(
              () -> {
                try {
                  work.run();
                } catch (RuntimeException defect) {
                  result.completeExceptionally(defect);
                }
              });
    } catch (RejectedExecutionException stopped) {
      result.completeExceptionally(stopped);
    }
  }

  /** One shard's part of a list: the smallest keys after the one given, in a bounded map. */
  private static final class Look implements Runnable {
    private final Shard shard;
    private final Query query;
    private final TreeMap<SessionKey, Session> page = new TreeMap<>();
    private final CompletableFuture<List<Session>> result = new CompletableFuture<>();
    private int next;

    Look(Shard shard, Query query) {
      this.shard = shard;
      this.query = query;
      Sessions.run(shard, result, this);
    }

    @Override
    public void run() {
      shard.server().forEachAllocation(next, next + SLOTS_AT_ONCE, this::see);
      next += SLOTS_AT_ONCE;
      if (next < shard.server().allocationSlots()) {
        Sessions.run(shard, result, this);
      } else {
        result.complete(List.copyOf(page.values()));
      }
    }

    private void see(Allocation allocation) {
      boolean full = page.size() >= query.limit;
      if (!query.matches(allocation)
          || full && allocation.createdMs() > page.lastKey().createdMs()) {
        return;
      }
      SessionKey key = SessionKey.of(allocation);
      if (query.after == null || key.compareTo(query.after) > 0) {
        page.put(key, Session.of(key, allocation));
        if (page.size() > query.limit) {
          page.pollLastEntry();
        }
      }
    }
  }

  /** Ends all allocations of one shard, some at a time. */
  private static final class End implements Runnable {
    private final Shard shard;
    private final CloseReason why;
    private final ArrayDeque<FiveTuple> clients = new ArrayDeque<>();
    private final CompletableFuture<Integer> result = new CompletableFuture<>();
    private boolean looked;
    private int ended;

    End(Shard shard, CloseReason why) {
      this.shard = shard;
      this.why = why;
      Sessions.run(shard, result, this);
    }

    @Override
    public void run() {
      if (!looked) {
        looked = true;
        shard.server().forEachAllocation(allocation -> clients.add(allocation.client()));
      }
      for (int i = 0; i < CLOSED_AT_ONCE && !clients.isEmpty(); i++) {
        shard.evict(clients.remove(), why);
        ended++;
      }
      if (clients.isEmpty()) {
        result.complete(ended);
      } else {
        Sessions.run(shard, result, this);
      }
    }
  }
}
