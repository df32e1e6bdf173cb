package puente.turn;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Message;
import puente.stun.Method;
import puente.stun.Nonce;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.store.Roaming;
import puente.turn.store.Snapshot;

/**
 * Mobility (RFC 8016) on one shard: an allocation goes over to the five-tuple that its owner shows
 * its ticket from. It stays on the shard that made it, with its sockets, its peers and its quota;
 * what comes to other shards is handed over to this one.
 */
final class Mobility {

  /** RFC 8016 §3.2.2: at least 30 seconds; as long as other answers are remembered. */
  static final long RETRANSMISSION_MS = 40_000;

  /** No listener has such a number: of clients that come by none. */
  private static final int NO_LISTENER = 0x8000;

  private static final Refuse FORBIDDEN =
      new Refuse(ErrorCode.MOBILITY_FORBIDDEN, "mobility is not allowed");
  private static final Refuse NOT_EMPTY =
      new Refuse(ErrorCode.BAD_REQUEST, "a ticket in an Allocate request");
  private static final Refuse BAD_TICKET = new Refuse(ErrorCode.BAD_REQUEST, "no ticket of ours");
  private static final Refuse OLD_TICKET =
      new Refuse(ErrorCode.BAD_REQUEST, "a newer ticket was given");
  private static final Refuse SAME_PLACE =
      new Refuse(ErrorCode.BAD_REQUEST, "a ticket, but the client has not moved");
  private static final Refuse DELETES =
      new Refuse(ErrorCode.BAD_REQUEST, "a ticket beside the lifetime 0");
  private static final Refuse NO_ALLOCATION =
      new Refuse(ErrorCode.ALLOCATION_MISMATCH, "the ticket's allocation has ended");
  private static final Refuse OCCUPIED =
      new Refuse(ErrorCode.ALLOCATION_MISMATCH, "the five-tuple has another allocation");
  private static final Refuse OTHER_USER =
      new Refuse(ErrorCode.WRONG_CREDENTIALS, "the ticket's allocation is another user's");

  /** What an allocation is called for good: where, and when, it was made. */
  private record Made(FiveTuple origin, long createdMs) {}

  private final Allocations allocations;
  private final Answers answers;
  private final Counters counters;
  private final RandomGenerator random;
  private final Roaming roaming;
  private final int shard;
  private final Map<Long, Allocation> byId = new HashMap<>();
  private final Map<Made, Allocation> movedByOrigin = new HashMap<>();
  private final AddressMap<Allocation> byNext;
  private TurnConfig config;
  private @Nullable Tickets tickets;
  private int detached;

  Mobility(
      TurnConfig config,
      Allocations allocations,
      Answers answers,
      Counters counters,
      RandomGenerator random,
      int shard) {
    this.config = config;
    this.allocations = allocations;
    this.answers = answers;
    this.counters = counters;
    this.random = random;
    this.shard = shard;
    roaming = config.roaming();
    byNext = new AddressMap<>(random.nextLong());
    tickets = tickets(config);
    allocations.serve(this);
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
    tickets = tickets(newConfig);
  }

  private static @Nullable Tickets tickets(TurnConfig config) {
    Nonce.Keys secrets = config.ticketKeys();
    return secrets == null ? null : new Tickets(secrets);
  }

  // ---- where allocations are

  /** The shard that this client's packet is for, if that is another one; -1 otherwise. */
  int elsewhere(FiveTuple client) {
    int home = roaming.shardOf(client);
    return home == shard ? -1 : home;
  }

  /** Whether any client is where it was not at first. */
  boolean hasMoved() {
    return !roaming.isEmpty();
  }

  /** The same of a request, which may show a ticket. */
  int elsewhere(FiveTuple client, Message request) {
    int home = roaming.shardOf(client);
    Tickets.Ticket ticket = home < 0 ? shown(request) : null;
    if (ticket != null) {
      home = roaming.shardOf(ticket.id());
    }
    return home == shard ? -1 : home;
  }

  /** Whether this request says by a ticket of ours what it is about. */
  boolean isByTicket(Message request) {
    return shown(request) != null;
  }

  /** What this request is about by its ticket, or null; nothing is checked yet. */
  @Nullable Allocation named(Message request) {
    Tickets.Ticket ticket = shown(request);
    return ticket == null ? null : byId.get(ticket.id());
  }

  /** Whether no shard of this server has what this request shows a ticket of. */
  boolean isNobodys(Message request) {
    Tickets.Ticket ticket = shown(request);
    return ticket == null || roaming.shardOf(ticket.id()) < 0;
  }

  /** Whose client may be this one soon, or null. */
  @Nullable Allocation expecting(long hi, long lo, int number) {
    return byNext.isEmpty() ? null : byNext.find(hi, lo, number);
  }

  /** The one that was made there and then, wherever it is now; or null. */
  @Nullable Allocation madeAt(FiveTuple origin, long createdMs) {
    Allocation moved = movedByOrigin.get(new Made(origin, createdMs));
    Allocation found = moved == null ? allocations.find(origin) : moved;
    return found != null && found.createdMs() == createdMs && found.origin().equals(origin)
        ? found
        : null;
  }

  private Tickets.@Nullable Ticket shown(Message request) {
    return request.method() == Method.REFRESH ? ticketIn(request) : null;
  }

  private Tickets.@Nullable Ticket ticketIn(Message request) {
    int at = request.find(AttributeType.MOBILITY_TICKET);
    return at < 0 || tickets == null ? null : tickets.open(request.valueBytes(at));
  }

  // ---- Allocate

  /** RFC 8016 §3.1.2. Null if it wants no ticket, or may have one. */
  @Nullable Refuse judge(Message request, Wanted wanted) {
    int at = request.find(AttributeType.MOBILITY_TICKET);
    if (at < 0) {
      return null;
    }
    if (request.lengthAt(at) > 0) {
      return refuse(Counter.MOBILITY_MISPLACED_TICKET, NOT_EMPTY);
    }
    // What has TCP with its peers (RFC 6062) ends with its client's connection.
    return tickets == null || wanted.tcp() ? refuse(Counter.MOBILITY_FORBIDDEN, FORBIDDEN) : null;
  }

  /** What a new allocation gets that {@link #judge} lets have a ticket; null if it wants none. */
  @Nullable Mobile wanted(Message request) {
    return request.has(AttributeType.MOBILITY_TICKET) ? new Mobile(random.nextLong(), 1) : null;
  }

  /** It is there, new or from a snapshot. */
  void admit(Allocation allocation) {
    Mobile mobile = allocation.mobile;
    if (mobile != null) {
      byId.put(mobile.id, allocation);
      roaming.settle(mobile.id, shard);
    }
  }

  /** What its client is to show next time; null if it has none. */
  byte @Nullable [] ticketOf(Allocation allocation) {
    Mobile mobile = allocation.mobile;
    return mobile == null || tickets == null ? null : tickets.seal(mobile.id, mobile.number);
  }

  // ---- Refresh

  /**
   * RFC 8016 §3.2.2, all that can be wrong. Null if the allocation may go over to this five-tuple.
   *
   * @param own what is there already
   */
  @Nullable Refuse judge(Message message, Request request, @Nullable Allocation own, long now) {
    if (tickets == null) {
      return refuse(Counter.MOBILITY_FORBIDDEN, FORBIDDEN);
    }
    Tickets.Ticket ticket = ticketIn(message);
    if (ticket == null) {
      return refuse(Counter.MOBILITY_BAD_TICKET, BAD_TICKET);
    }
    Allocation allocation = byId.get(ticket.id());
    Mobile mobile = allocation == null ? null : allocation.mobile;
    if (allocation == null
        || mobile == null
        || !allocation.isActive()
        || now >= allocation.expiresMs()) {
      return refuse(Counter.MOBILITY_NO_ALLOCATION, NO_ALLOCATION);
    }
    if (!allocation.login.maySendTo(request.client().client(), request.login())) {
      return refuse(Counter.MOBILITY_OTHER_USER, OTHER_USER);
    }
    if (own == allocation) {
      return refuse(Counter.MOBILITY_SAME_PLACE, SAME_PLACE);
    }
    if (own != null) {
      return refuse(Counter.MOBILITY_OCCUPIED, OCCUPIED);
    }
    if (ticket.number() < mobile.oldest) {
      return refuse(Counter.MOBILITY_OLD_TICKET, OLD_TICKET);
    }
    int lifetime = message.find(AttributeType.LIFETIME);
    if (lifetime >= 0 && message.lengthAt(lifetime) == 4 && message.i32At(lifetime) == 0) {
      return refuse(Counter.MOBILITY_MISPLACED_TICKET, DELETES);
    }
    return null;
  }

  private Refuse refuse(Counter why, Refuse refusal) {
    counters.count(why);
    return refusal;
  }

  /** Whether this is the Refresh that moved it here, once more: it gets its answer once more. */
  boolean answersAgain(Request request, Allocation allocation, long now, Effects out) {
    Mobile mobile = allocation.mobile;
    Mobile.Move last = mobile == null ? null : mobile.last;
    if (last == null
        || now >= last.untilMs()
        || !last.request().client().equals(request.client())
        || !Arrays.equals(last.request().transactionId(), request.transactionId())) {
      return false;
    }
    counters.count(Counter.MOBILITY_REPEATED);
    answers.refreshed(request, last.lifetimeSeconds(), ticketOf(allocation), out);
    return true;
  }

  /**
   * Everything is checked: the allocation may be spoken to from this five-tuple, too. What comes
   * from peers takes the old one until data comes from the new one (RFC 8016 §3.2.2).
   */
  void grant(
      Allocation allocation,
      Message message,
      Request request,
      int lifetimeSeconds,
      long now,
      Effects out) {
    Mobile mobile = allocation.mobile;
    Tickets.Ticket ticket = ticketIn(message);
    if (mobile == null || ticket == null) {
      throw new IllegalStateException("a move that was not judged");
    }
    forgetNext(mobile);
    // A ticket may be newer than what was kept of its allocation when the process ended.
    mobile.number = Math.max(mobile.number, ticket.number()) + 1;
    mobile.oldest = mobile.number;
    mobile.last = new Mobile.Move(request, lifetimeSeconds, now + RETRANSMISSION_MS);
    counters.count(Counter.MOBILITY_GRANTED);
    FiveTuple to = request.client();
    out.note(
        new Note.Moved(
            allocation.origin(), now, allocation.createdMs(), allocation.client(), to, false));
    roaming.moved(to, shard);
    if (mobile.detached) {
      goOver(allocation, mobile, to, now, out);
    } else {
      mobile.next = to;
      TransportAddress address = to.client();
      byNext.put(address.hi(), address.lo(), Allocations.numberOf(to), allocation);
      allocations.forgetLast();
    }
  }

  /** Data has come from the new five-tuple: the old one is over (RFC 8016 §3.2.2). */
  void heard(Allocation allocation, Mobile mobile, Packet packet, long now, Effects out) {
    FiveTuple next = mobile.next;
    if (next != null && isFrom(next, packet)) {
      goOver(allocation, mobile, next, now, out);
    }
  }

  private static boolean isFrom(FiveTuple client, Packet packet) {
    FiveTuple connection = packet.connection;
    return connection != null
        ? connection.equals(client)
        : packet.listener == client.listener()
            && packet.sourcePort == client.client().port()
            && client.client().sameIp(packet.sourceHi, packet.sourceLo);
  }

  /**
   * A connection is gone. Whether its allocation lives on: by the five-tuple that it had, by the
   * one that it has just got (RFC 8016 §3.2.2), or by none until its client comes with its ticket.
   */
  boolean outlives(Allocation allocation, FiveTuple gone, long now, Effects out) {
    Mobile mobile = allocation.mobile;
    if (mobile == null || !allocation.isActive() || tickets == null) {
      return false;
    }
    FiveTuple next = mobile.next;
    if (gone.equals(next)) {
      // Nobody knows whether the answer with the new ticket has arrived: the old one counts again.
      forgetNext(mobile);
      mobile.oldest = mobile.number - 1;
    } else if (next != null) {
      goOver(allocation, mobile, next, now, out);
    } else {
      counters.count(Counter.MOBILITY_DETACHED);
      goOver(allocation, mobile, nowhere(gone), now, out);
      mobile.detached = true;
    }
    return true;
  }

  /** Stands for a client that comes by nothing: no packet is from there, or goes there. */
  private FiveTuple nowhere(FiveTuple gone) {
    FiveTuple nowhere;
    do {
      int listener = NO_LISTENER | detached++ & NO_LISTENER - 1;
      nowhere = new FiveTuple(gone.transport(), gone.client(), gone.server(), listener, null);
    } while (allocations.find(nowhere) != null);
    return nowhere;
  }

  private void goOver(Allocation allocation, Mobile mobile, FiveTuple to, long now, Effects out) {
    FiveTuple from = allocation.client();
    if (mobile.next != null) {
      take(mobile.next);
      mobile.next = null;
      counters.count(Counter.MOBILITY_SWITCHED);
    }
    mobile.detached = false;
    allocations.rekey(allocation, to);
    roaming.left(from, shard);
    movedByOrigin.put(new Made(allocation.origin(), allocation.createdMs()), allocation);
    out.moved(from, to);
    allocations.changed(allocation, out);
    out.note(new Note.Moved(allocation.origin(), now, allocation.createdMs(), from, to, true));
  }

  private void forgetNext(Mobile mobile) {
    FiveTuple next = mobile.next;
    if (next != null) {
      take(next);
      roaming.left(next, shard);
      mobile.next = null;
    }
  }

  private void take(FiveTuple next) {
    TransportAddress address = next.client();
    byNext.remove(address.hi(), address.lo(), Allocations.numberOf(next));
    allocations.forgetLast();
  }

  /** It has ended. */
  void release(Allocation allocation) {
    Mobile mobile = allocation.mobile;
    if (mobile != null) {
      forgetNext(mobile);
      byId.remove(mobile.id, allocation);
      movedByOrigin.remove(new Made(allocation.origin(), allocation.createdMs()), allocation);
      roaming.left(allocation.client(), shard);
      roaming.forget(mobile.id, shard);
    }
  }

  // ---- snapshots

  static Snapshot.@Nullable MobileState stateOf(Allocation allocation) {
    Mobile mobile = allocation.mobile;
    return mobile == null ? null : new Snapshot.MobileState(mobile.id, mobile.number);
  }

  static @Nullable Mobile of(Snapshot.@Nullable MobileState state) {
    return state == null ? null : new Mobile(state.id(), state.number());
  }

  /** A former process has gone on giving tickets after what is known here. */
  static void learn(Allocation allocation, Snapshot.@Nullable MobileState state) {
    Mobile mobile = allocation.mobile;
    if (mobile != null && state != null && state.id() == mobile.id) {
      mobile.number = Math.max(mobile.number, state.number());
    }
  }
}
