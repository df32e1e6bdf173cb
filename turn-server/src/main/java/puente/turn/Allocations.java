package puente.turn;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.turn.store.AllocationStore;

/**
 * The allocations of one shard, and their way from the store's grant over open sockets to life and
 * to their end. Whatever happens on that way, ports, grants and reservations are given back exactly
 * once: every end goes through {@link #release}.
 */
final class Allocations {

  /** How often another port is tried when one turns out to be another program's. */
  private static final int BIND_RETRIES = 8;

  /** The store and the shell answer in far less; after this an unfinished allocation is undone. */
  private static final long UNFINISHED_MS = 10_000;

  private final AddressMap<Allocation> byClient;
  private final Deadlines deadlines = new Deadlines();
  private final Recent recent;
  private final Counters counters;
  private final Answers answers;
  private final Ports ports;
  private TurnConfig config;
  private @Nullable Connections connections;
  private @Nullable Mobility mobility;

  private @Nullable Allocation last;
  private long lastHi;
  private long lastLo;
  private int lastNumber;

  Allocations(
      TurnConfig config,
      Answers answers,
      Counters counters,
      RandomGenerator random,
      int shard,
      int shards) {
    this.config = config;
    this.answers = answers;
    this.counters = counters;
    byClient = new AddressMap<>(random.nextLong());
    recent = new Recent(random);
    ports = new Ports(config, counters, random, shard, shards);
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    ports.reconfigure(newConfig);
  }

  void serve(Connections newConnections) {
    connections = newConnections;
  }

  void serve(Mobility newMobility) {
    mobility = newMobility;
  }

  void schedule(PeerConnection connection, long dueMs) {
    deadlines.schedule(connection, dueMs);
  }

  void unschedule(PeerConnection connection) {
    deadlines.cancel(connection);
  }

  int size() {
    return byClient.size();
  }

  void forEach(Consumer<Allocation> action) {
    byClient.forEach(action);
  }

  int slots() {
    return byClient.slots();
  }

  void forEach(int from, int to, Consumer<Allocation> action) {
    byClient.forEach(from, to, action);
  }

  Ports ports() {
    return ports;
  }

  Recent recent() {
    return recent;
  }

  static int numberOf(FiveTuple client) {
    return client.client().port() | client.listener() << 16;
  }

  @Nullable Allocation find(FiveTuple client) {
    return find(client.client().hi(), client.client().lo(), numberOf(client));
  }

  /** The allocation of this client address and {@link #numberOf number}, or null. */
  @Nullable Allocation find(long hi, long lo, int number) {
    if (last != null && lastLo == lo && lastNumber == number && lastHi == hi) {
      return last;
    }
    Allocation found = byClient.find(hi, lo, number);
    if (found == null && mobility != null) {
      found = mobility.expecting(hi, lo, number);
    }
    if (found != null) {
      last = found;
      lastHi = hi;
      lastLo = lo;
      lastNumber = number;
    }
    return found;
  }

  /** Another allocation may be found where one was found last. */
  void forgetLast() {
    last = null;
  }

  /** Its client is there from now on. */
  void rekey(Allocation allocation, FiveTuple to) {
    FiveTuple from = allocation.client();
    byClient.remove(from.client().hi(), from.client().lo(), numberOf(from));
    allocation.client = to;
    put(allocation);
    for (Relay relay : allocation.relays()) {
      counters.allocation(from.transport(), relay.family(), -1);
      counters.allocation(to.transport(), relay.family(), 1);
    }
  }

  private void put(Allocation allocation) {
    FiveTuple client = allocation.client();
    byClient.put(client.client().hi(), client.client().lo(), numberOf(client), allocation);
    last = null;
  }

  /** All checks passed: the store decides (RFC 8656 §7.2, step 10). */
  void begin(Request request, Wanted wanted, @Nullable Mobile mobile, long now, Effects out) {
    Allocation allocation = new Allocation(request, wanted, now);
    allocation.mobile = mobile;
    FiveTuple client = request.client();
    put(allocation);
    deadlines.schedule(allocation, now + UNFINISHED_MS);
    Login login = request.login();
    out.ask(
        new AllocationStore.Reserve(
            client,
            login.quotaUser(),
            login.quotaRealmIn(config),
            login.terms().quota(),
            login.uses(now)));
  }

  /** One that has its ports already, from a snapshot; whoever counts quotas is told. */
  void readmit(Allocation allocation, long now, Effects out) {
    FiveTuple client = allocation.client();
    put(allocation);
    allocation.stage = Allocation.Stage.BINDING;
    allocation.birth.granted = true;
    deadlines.schedule(allocation, now + UNFINISHED_MS);
    Login login = allocation.login;
    out.ask(
        new AllocationStore.Readmit(
            client, login.quotaUser(), login.quotaRealmIn(config), login.terms().quota()));
    for (Relay relay : allocation.relays()) {
      out.bind(relay);
    }
  }

  /** Another process would need to know. */
  void changed(Allocation allocation, Effects out) {
    allocation.revision++;
    out.keep(allocation);
  }

  /** The store grants this; a client that does not want it any more gives it back. */
  void granted(AllocationStore.Granted grant, long now, Effects out) {
    FiveTuple client = grant.client();
    Allocation allocation = find(client);
    if (allocation == null) {
      out.forget(client);
      return;
    }
    allocation.share(grant.bandwidth());
    if (allocation.stage == Allocation.Stage.RESERVING) {
      allocation.birth.granted = true;
      open(allocation, now, out);
    }
  }

  void refused(AllocationStore.Refused refused, long now, Effects out) {
    Allocation allocation = find(refused.client());
    if (allocation != null && allocation.stage == Allocation.Stage.RESERVING) {
      counters.count(Counter.ofQuota(refused.scope()));
      String why = refused.scope().name().toLowerCase(Locale.ROOT) + " quota reached";
      fail(allocation, new Refuse(refused.error(), why), now, out);
    }
  }

  /** RFC 8656 §7.2, "The server chooses a relayed transport address". */
  private void open(Allocation allocation, long now, Effects out) {
    Birth birth = allocation.birth;
    Wanted wanted = birth.wanted();
    allocation.stage = Allocation.Stage.BINDING;
    Long token = wanted.token();
    if (token != null) {
      openReserved(allocation, token, now, out);
      settle(allocation, now, out);
      return;
    }
    openRelay(allocation, wanted.first(), now, out);
    Family additional = wanted.additional();
    if (additional != null) {
      openRelay(allocation, additional, now, out);
    }
    settle(allocation, now, out);
  }

  /** The reserved address, wherever its port is from; its claimant may be another shard's. */
  private void openReserved(Allocation allocation, long token, long now, Effects out) {
    Relay relay = ports.claim(token, now);
    if (relay != null) {
      relay.allocation = allocation;
      allocation.set(relay.family(), relay);
      out.bind(relay);
    }
  }

  /** Takes a port of this family and has it bound; without one the family is missing. */
  private void openRelay(Allocation allocation, Family family, long now, Effects out) {
    Birth birth = allocation.birth;
    Relay relay = ports.take(family, birth.wanted(), allocation.login.tenant(), now);
    if (relay == null) {
      birth.missingFamily = family;
      birth.missing = ErrorCode.INSUFFICIENT_CAPACITY;
      return;
    }
    relay.tcp = birth.tcp;
    relay.allocation = allocation;
    allocation.set(family, relay);
    out.bind(relay);
    if (birth.wanted().reserveNext()) {
      Relay sibling = ports.siblingOf(relay);
      sibling.allocation = allocation;
      birth.sibling = sibling;
      out.bind(sibling);
    }
  }

  void onBound(Relay relay, long now, Effects out) {
    Allocation allocation = relay.allocation;
    if (relay.state != Relay.State.BINDING || allocation == null) {
      if (relay.state == Relay.State.CLOSED) {
        out.unbind(relay);
      }
      return;
    }
    relay.state = Relay.State.BOUND;
    relay.carrier().state = Relay.State.BOUND;
    if (!(relay instanceof SpareRelay)) {
      settle(allocation, now, out);
    }
  }

  /**
   * @param inUse the port is another program's; else the system refused for another reason
   */
  void onBindFailed(Relay relay, boolean inUse, long now, Effects out) {
    Allocation allocation = relay.allocation;
    if (relay.state != Relay.State.BINDING
        || allocation == null
        || ports.sharing().onBindFailed(relay, inUse, now)) {
      return;
    }
    Birth birth = allocation.birth;
    Relay sibling = birth.sibling;
    Relay main = relay == sibling ? allocation.relayOf(relay.family()) : relay;
    allocation.set(relay.family(), null);
    birth.sibling = null;
    close(relay, now, out);
    if (sibling != null && main != null) {
      close(relay == sibling ? main : sibling, now, out);
    }
    if (birth.restored) {
      allocation.dropAllOf(relay, counters);
    } else if (inUse && birth.wanted().token() == null && birth.retries++ < BIND_RETRIES) {
      openRelay(allocation, relay.family(), now, out);
    } else {
      birth.missingFamily = relay.family();
      birth.missing = ErrorCode.INSUFFICIENT_CAPACITY;
    }
    settle(allocation, now, out);
  }

  /** Whether all sockets are open now, or none can be. */
  private void settle(Allocation allocation, long now, Effects out) {
    Birth birth = allocation.birth;
    Relay sibling = birth.sibling;
    boolean waits = sibling != null && sibling.state == Relay.State.BINDING;
    List<Relay> relays = allocation.relays();
    for (Relay relay : relays) {
      waits |= relay.state == Relay.State.BINDING;
    }
    if (relays.isEmpty()) {
      fail(allocation, new Refuse(ErrorCode.INSUFFICIENT_CAPACITY, "no relay port"), now, out);
    } else if (!waits) {
      activate(allocation, now, out);
    }
  }

  private void activate(Allocation allocation, long now, Effects out) {
    Birth birth = allocation.birth;
    allocation.stage = Allocation.Stage.ACTIVE;
    if (mobility != null) {
      mobility.admit(allocation);
    }
    if (birth.restored) {
      resume(allocation, now, out);
      return;
    }
    long expiresMs = allocation.login.expiry(birth.lifetimeSeconds, config, now);
    birth.lifetimeSeconds = Lifetimes.secondsUntil(expiresMs, now);
    for (Relay relay : allocation.relays()) {
      relay.expiresMs = expiresMs;
      counters.allocation(allocation.client().transport(), relay.family(), 1);
    }
    Relay sibling = birth.sibling;
    if (sibling != null) {
      birth.sibling = null;
      birth.token = reserve(sibling, now, out);
    }
    allocation.limit(allocation.login.bytesPerSecond(config), now);
    deadlines.schedule(allocation, expiresMs);
    counters.allocationCreated(allocation.client().transport());
    changed(allocation, out);
    out.note(Notes.opened(allocation, now));
    answers.birth(allocation, birth.request(), ticketOf(allocation), out);
    birth.made();
  }

  /** It goes on for as long as it would have; it was created and answered in its former life. */
  private void resume(Allocation allocation, long now, Effects out) {
    for (Relay relay : allocation.relays()) {
      counters.allocation(allocation.client().transport(), relay.family(), 1);
    }
    allocation.limit(allocation.login.bytesPerSecond(config), now);
    deadlines.schedule(allocation, allocation.sweep(now, counters));
    changed(allocation, out);
    out.note(Notes.opened(allocation, now));
  }

  byte @Nullable [] ticketOf(Allocation allocation) {
    return mobility == null ? null : mobility.ticketOf(allocation);
  }

  /**
   * Holds this relay's port. That it could be bound shows that it is nobody else's; the socket is
   * closed, because whoever claims the port opens it on its own shard.
   */
  private long reserve(Relay relay, long now, Effects out) {
    relay.state = Relay.State.CLOSED;
    relay.allocation = null;
    out.unbind(relay);
    long untilMs = now + 1000L * config.lifetimes().reservationSeconds();
    long token = ports.hold(relay, untilMs);
    deadlines.schedule(new Reservation(token), untilMs);
    return token;
  }

  /** The allocation will not be: nothing of it stays, and its client is told. */
  private void fail(Allocation allocation, Refuse refusal, long now, Effects out) {
    release(allocation, now, out);
    if (allocation.birth.restored) {
      return;
    }
    Request request = allocation.birth.request();
    recent.remember(request, refusal.error(), now);
    out.note(Notes.refused(request, null, refusal, now));
    answers.refuse(request, refusal, now, out);
  }

  /** Ends an allocation, at whatever stage it is. */
  void close(Allocation allocation, CloseReason why, long now, Effects out) {
    if (allocation.isActive()) {
      for (Relay relay : allocation.relays()) {
        counters.allocation(allocation.client().transport(), relay.family(), -1);
      }
      counters.allocationClosed(
          why, now - allocation.createdMs(), allocation.bytesUp + allocation.bytesDown);
      out.note(Notes.closed(allocation, why, now));
    }
    release(allocation, now, out);
  }

  /** Ends one half of a dual allocation (RFC 8656 §8.1). */
  void closeRelay(Allocation allocation, Relay relay, long now, Effects out) {
    allocation.dropAllOf(relay, counters);
    allocation.set(relay.family(), null);
    counters.allocation(allocation.client().transport(), relay.family(), -1);
    close(relay, now, out);
    changed(allocation, out);
  }

  private void release(Allocation allocation, long now, Effects out) {
    if (allocation.stage == Allocation.Stage.GONE) {
      return;
    }
    allocation.stage = Allocation.Stage.GONE;
    deadlines.cancel(allocation);
    FiveTuple client = allocation.client();
    byClient.remove(client.client().hi(), client.client().lo(), numberOf(client));
    last = null;
    if (mobility != null) {
      mobility.release(allocation);
    }
    if (connections != null) {
      connections.endAll(allocation, out);
    }
    allocation.drop(channel -> true, permission -> true, counters);
    for (Relay relay : allocation.relays()) {
      close(relay, now, out);
    }
    Relay sibling = allocation.birth.sibling;
    if (sibling != null) {
      close(sibling, now, out);
    }
    if (allocation.birth.granted) {
      out.forget(client);
    }
  }

  private void close(Relay relay, long now, Effects out) {
    relay.state = Relay.State.CLOSED;
    relay.allocation = null;
    out.unbind(relay);
    ports.giveBack(relay, now);
    Relay spare = relay.openSpare();
    if (spare != null) {
      close(spare, now, out);
    }
  }

  /** Something about this allocation ends at this time. */
  void watch(Allocation allocation, long dueMs) {
    if (dueMs < allocation.dueMs || allocation.place == Deadlines.ABSENT) {
      deadlines.schedule(allocation, dueMs);
    }
  }

  void onTime(long now, Effects out) {
    for (Deadline due = deadlines.poll(now); due != null; due = deadlines.poll(now)) {
      switch (due) {
        case Allocation allocation -> expire(allocation, now, out);
        case PeerConnection connection -> {
          if (connections != null) {
            connections.onLate(connection, now, out);
          }
        }
        case Reservation reservation -> ports.endHold(reservation.token, now);
      }
    }
    ports.onTime(now);
  }

  private void expire(Allocation allocation, long now, Effects out) {
    if (!allocation.isActive()) {
      fail(allocation, new Refuse(ErrorCode.SERVER_ERROR, "not finished in time"), now, out);
      return;
    }
    List<Relay> relays = allocation.relays();
    if (relays.stream().allMatch(relay -> now >= relay.expiresMs)) {
      close(allocation, CloseReason.EXPIRED, now, out);
      return;
    }
    for (Relay relay : relays) {
      if (now >= relay.expiresMs) {
        closeRelay(allocation, relay, now, out);
      }
    }
    deadlines.schedule(allocation, allocation.sweep(now, counters));
  }

  long nextDeadline() {
    return Math.min(deadlines.nextMs(), ports.nextRestedAtMs());
  }
}
