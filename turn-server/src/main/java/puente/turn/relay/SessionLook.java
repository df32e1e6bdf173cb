package puente.turn.relay;

import java.util.List;
import java.util.TreeMap;
import puente.turn.Allocation;
import puente.turn.Census;
import puente.turn.TurnServer;

/**
 * One shard's part of a list: the first after the place given, in a bounded map. Done in steps,
 * between which the shard serves its packets. For the shard's loop.
 */
final class SessionLook {

  /** Slots looked at in one go: a fraction of a millisecond. */
  private static final int SLOTS_AT_ONCE = 2048;

  private final TurnServer server;
  private final Sessions.Query query;
  private final long now;
  private final TreeMap<SessionOrder.Place, Session> page;
  private int next;
  private int total;
  private int matching;
  private int matchingActive;

  SessionLook(TurnServer server, Sessions.Query query, long now) {
    this.server = server;
    this.query = query;
    this.now = now;
    page = new TreeMap<>(query.order()::compare);
  }

  /** Answers whether all has been seen. */
  boolean step() {
    server.forEachAllocation(next, next + SLOTS_AT_ONCE, this::see);
    next += SLOTS_AT_ONCE;
    return next >= server.allocationSlots();
  }

  Sessions.Page page() {
    return new Sessions.Page(List.copyOf(page.values()), total, matching, matchingActive);
  }

  private void see(Allocation allocation) {
    total += allocation.isActive() ? 1 : 0;
    if (!query.filter().matches(allocation, now)) {
      return;
    }
    matching++;
    matchingActive += allocation.isActiveSince(now - Census.ACTIVE_MS) ? 1 : 0;
    boolean full = page.size() >= query.limit();
    if (full && query.order().isAfter(allocation, page.lastKey())) {
      return;
    }
    SessionOrder.Place place = query.order().placeOf(allocation);
    SessionOrder.Place after = query.after();
    if (after == null || query.order().compare(place, after) > 0) {
      page.put(place, Session.of(place, allocation, now));
      if (page.size() > query.limit()) {
        page.pollLastEntry();
      }
    }
  }
}
