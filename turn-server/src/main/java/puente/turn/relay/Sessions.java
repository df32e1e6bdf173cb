package puente.turn.relay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.turn.Allocation;
import puente.turn.Bans;
import puente.turn.CloseReason;
import puente.turn.PortMap;

/**
 * The allocations of a node, for people. Questions are cut into parts, between which a shard's loop
 * serves its packets.
 */
public final class Sessions {

  /** Allocations ended in one go: each closes sockets. */
  private static final int CLOSED_AT_ONCE = 64;

  /**
   * Which sessions are wanted.
   *
   * @param after only those that come after this place; null from the start
   * @param limit at most so many
   */
  public record Query(
      SessionFilter filter, SessionOrder order, SessionOrder.@Nullable Place after, int limit) {}

  /**
   * Some of what was asked for.
   *
   * @param total all there are
   * @param matching all that the filter means
   * @param matchingActive those of them that relayed something lately
   */
  public record Page(List<Session> sessions, int total, int matching, int matchingActive) {}

  private final List<Shard> shards;

  Sessions(List<Shard> shards) {
    this.shards = shards;
  }

  /** The first of those wanted. */
  public CompletionStage<Page> list(Query query) {
    return ofAll(shard -> look(shard, query))
        .thenApply(
            parts ->
                new Page(
                    parts.stream()
                        .flatMap(part -> part.sessions.stream())
                        .sorted((a, b) -> query.order.compare(a.place(), b.place()))
                        .limit(query.limit)
                        .toList(),
                    parts.stream().mapToInt(Page::total).sum(),
                    parts.stream().mapToInt(Page::matching).sum(),
                    parts.stream().mapToInt(Page::matchingActive).sum()));
  }

  private static CompletableFuture<Page> look(Shard shard, Query query) {
    CompletableFuture<Page> result = new CompletableFuture<>();
    SessionLook look = new SessionLook(shard.server(), query, shard.clockMs());
    run(shard, result, () -> step(shard, look, result));
    return result;
  }

  private static void step(Shard shard, SessionLook look, CompletableFuture<Page> result) {
    if (look.step()) {
      result.complete(look.page());
    } else {
      run(shard, result, () -> step(shard, look, result));
    }
  }

  /** One with all that is known of it, if there is such a one. */
  public CompletionStage<Optional<Session.Detail>> find(SessionKey key) {
    return ofAll(shard -> ask(shard, () -> find(shard, key)))
        .thenApply(found -> found.stream().flatMap(Optional::stream).findFirst());
  }

  private static Optional<Session.Detail> find(Shard shard, SessionKey key) {
    Allocation allocation = shard.server().allocationMadeBy(key.tuple(), key.createdMs());
    if (allocation == null) {
      return Optional.empty();
    }
    SessionOrder.Place place = SessionOrder.OLDEST.placeOf(allocation);
    Session session = Session.of(place, allocation, shard.clockMs());
    return Optional.of(new Session.Detail(session, allocation.peers()));
  }

  /** How many there are, unfinished ones too. */
  public CompletionStage<Integer> count() {
    return ofAll(shard -> ask(shard, () -> shard.server().allocations()))
        .thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  /** Which relay ports are taken. */
  public CompletionStage<PortMap> ports() {
    return ofAll(shard -> ask(shard, () -> shard.server().portMap()))
        .thenApply(parts -> parts.stream().reduce(PortMap::plus).orElseThrow());
  }

  /** Ends one; answers whether it was there. */
  public CompletionStage<Boolean> close(SessionKey key, CloseReason why) {
    return ofAll(shard -> ask(shard, () -> close(shard, key, why)))
        .thenApply(closed -> closed.contains(true));
  }

  /** Ends all there are; answers how many. */
  public CompletionStage<Integer> closeAll(CloseReason why) {
    return closeAll((allocation, now) -> true, why);
  }

  /** How many came by this listener, unfinished ones too. */
  CompletionStage<Integer> countAt(int listener) {
    return ofAll(shard -> ask(shard, () -> shard.doors.clientsAt(listener)))
        .thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  /** Ends those; answers how many. */
  CompletionStage<Integer> closeAt(int listener) {
    return closeAll(
        (allocation, now) -> ShardDoors.isAt(allocation.client(), listener), CloseReason.DRAIN);
  }

  /** Ends those that have relayed nothing since; answers how many. */
  public CompletionStage<Integer> closeIdle(long sinceMs, CloseReason why) {
    return closeAll((allocation, now) -> !allocation.isActiveSince(sinceMs), why);
  }

  /** Ends all that the filter means; answers how many. */
  public CompletionStage<Integer> closeAll(SessionFilter filter, CloseReason why) {
    return closeAll(filter::matches, why);
  }

  /** From now on these get nothing, and what they have ends; answers how many that were. */
  public CompletionStage<Integer> ban(Bans bans) {
    return ofAll(
            shard ->
                ask(
                    shard,
                    () -> {
                      shard.server().ban(bans);
                      return true;
                    }))
        .thenCompose(
            done -> closeAll((allocation, now) -> bans.has(allocation), CloseReason.ADMIN));
  }

  /** Which allocations end. */
  private interface Choice {
    boolean test(Allocation allocation, long now);
  }

  private CompletionStage<Integer> closeAll(Choice choice, CloseReason why) {
    return ofAll(shard -> new End(shard, choice, why).result)
        .thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  private static boolean close(Shard shard, SessionKey key, CloseReason why) {
    Allocation allocation = shard.server().allocationMadeBy(key.tuple(), key.createdMs());
    if (allocation == null) {
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

  /** Ends the chosen allocations of one shard, some at a time. */
  private static final class End implements Runnable {
    private final Shard shard;
    private final Choice choice;
    private final CloseReason why;
    private final ArrayDeque<FiveTuple> clients = new ArrayDeque<>();
    private final CompletableFuture<Integer> result = new CompletableFuture<>();
    private boolean looked;
    private int ended;

    End(Shard shard, Choice choice, CloseReason why) {
      this.shard = shard;
      this.choice = choice;
      this.why = why;
      Sessions.run(shard, result, this);
    }

    @Override
    public void run() {
      if (!looked) {
        looked = true;
        long now = shard.clockMs();
        shard
            .server()
            .forEachAllocation(
                allocation -> {
                  if (choice.test(allocation, now)) {
                    clients.add(allocation.client());
                  }
                });
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
