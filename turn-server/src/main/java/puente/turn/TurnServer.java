package puente.turn;

import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.BindingServer;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Integrity;
import puente.stun.Listeners;
import puente.stun.Message;
import puente.stun.Method;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationStore;
import puente.turn.store.Snapshot;

/**
 * The STUN and TURN server of one shard, as a value: packets, time and answers go in, calls on
 * {@link Effects} come out, every wait is a later input. RFC 8489 and RFC 8656 with relays over
 * UDP. For one thread; {@code now} is in epoch milliseconds and never goes back.
 */
public final class TurnServer {

  private static final Refuse NO_ALLOCATION =
      new Refuse(ErrorCode.ALLOCATION_MISMATCH, "no allocation");
  private static final Refuse ALLOCATED =
      new Refuse(ErrorCode.ALLOCATION_MISMATCH, "the five-tuple has an allocation");
  private static final Refuse OTHER_USER =
      new Refuse(ErrorCode.WRONG_CREDENTIALS, "the allocation is another user's");

  private final Listeners listeners;
  private final BindingRequests bindings;
  private final Counters counters;
  private final Integrity integrity = new Integrity();
  private final Gate gate;
  private final Overload overload;
  private final Answers answers;
  private final Allocations allocations;
  private final Mobility mobility;
  private final Retransmissions retransmissions;
  private final RefreshRequests refreshes;
  private final PeerRequests peers;
  private final Claims claims;
  private final Homes homes;
  private final DataPath data;
  private final Connections connections;
  private final Restorations restorations;
  private final Message message = new Message();
  private final byte[] scratch = new byte[0x1_0000];
  private final int[] unknown = new int[Request.UNKNOWN_MAX];
  private TurnConfig config;

  public TurnServer(
      TurnConfig config,
      Listeners listeners,
      BindingServer binding,
      Counters counters,
      RandomGenerator random,
      int shard,
      int shards) {
    this.config = config;
    this.listeners = listeners;
    this.counters = counters;
    overload = new Overload(config);
    gate = new Gate(config, integrity, counters, random);
    answers = new Answers(config, integrity, gate.authenticator(), counters);
    bindings = new BindingRequests(config, binding, gate, answers, counters);
    allocations = new Allocations(config, answers, counters, random, shard, shards);
    mobility = new Mobility(config, allocations, answers, counters, random, shard);
    retransmissions = new Retransmissions(allocations, mobility, answers, counters);
    refreshes = new RefreshRequests(config, allocations, mobility, answers);
    peers = new PeerRequests(config, allocations, counters);
    restorations = new Restorations(config, allocations, peers, counters);
    claims = new Claims(config, listeners, random);
    homes = new Homes(allocations, mobility, claims, counters);
    data =
        new DataPath(
            config, allocations, peers, claims, mobility, listeners, answers.builder(), counters);
    connections =
        new Connections(config, allocations, peers, data, answers, counters, random, shard);
  }

  /** A whole datagram, or one frame of a stream. */
  public void onDatagram(Packet packet, long now, Effects out) {
    switch (packet.length == 0 ? PacketKind.UNKNOWN : PacketKind.of(packet.u8(0))) {
      case CHANNEL_DATA -> data.onChannelData(packet, now, out);
      case STUN -> onStun(packet, now, out);
      case DTLS, UNKNOWN -> {
        if (!out.other(packet)) {
          garbage(packet, Counter.NOT_STUN, out);
        }
      }
    }
  }

  /** A datagram from a peer to one of our relays. */
  public void onPeer(Relay relay, Packet packet, long now, Effects out) {
    data.onPeer(relay, packet, now, out);
  }

  /**
   * An ICMP error about a datagram that this relay sent to this peer (RFC 8656 §11.5); type and
   * code as on the wire of its family.
   *
   * @param mtu of the next hop, where the error tells it
   */
  public void onIcmp(
      Relay relay, TransportAddress peer, int type, int code, int mtu, long now, Effects out) {
    data.onIcmp(relay, peer, (type & 0xff) << 8 | code & 0xff, mtu, now, out);
  }

  /** The relay's socket is open. */
  public void onBound(Relay relay, long now, Effects out) {
    allocations.onBound(relay, now, out);
  }

  /**
   * @param inUse the port is another program's; else the system refused for another reason
   */
  public void onBindFailed(Relay relay, boolean inUse, long now, Effects out) {
    allocations.onBindFailed(relay, inUse, now, out);
  }

  public void onAnswer(AllocationStore.Answer answer, long now, Effects out) {
    switch (answer) {
      case AllocationStore.Granted granted -> allocations.granted(granted, now, out);
      case AllocationStore.Refused refused -> allocations.refused(refused, now, out);
      case AllocationStore.Claimed claimed -> {
        claims.forget(claimed.client());
        Restored outcome = restore(claimed.snapshot(), claimed.client(), now, out);
        counters.count(outcome == Restored.YES ? Counter.RESTORED : Counter.NOT_RESTORED);
        if (outcome != Restored.YES && outcome != Restored.TUPLE_TAKEN) {
          out.forget(claimed.client());
        }
      }
      case AllocationStore.Unclaimed unclaimed -> claims.denied(unclaimed.client(), now);
      case AllocationStore.Undecided undecided -> claims.forget(undecided.client());
    }
  }

  /** The client's connection is gone, and with it its allocation, unless that can move. */
  public void onClosed(FiveTuple client, long now, Effects out) {
    gate.inquiries().forget(client);
    Allocation allocation = allocations.find(client);
    if (allocation != null && !mobility.outlives(allocation, client, now, out)) {
      allocations.close(allocation, CloseReason.TCP_CLOSED, now, out);
    }
  }

  /** Ends the allocation of this client, if it has one. */
  public void onEvict(FiveTuple client, CloseReason why, long now, Effects out) {
    Allocation allocation = allocations.find(client);
    if (allocation != null) {
      allocations.close(allocation, why, now, out);
    }
  }

  /** What others say of a user: the request that waited for it goes on. */
  public void onAccount(Accounts.Question question, Accounts.Answer answer, long now, Effects out) {
    Inquiries.Parked parked = gate.inquiries().take(question.id());
    if (parked == null
        || message.parse(parked.bytes(), parked.bytes().length) != Message.Shape.WELL_FORMED) {
      return;
    }
    Method method = message.method();
    gate.told(answer);
    try {
      if (method != null && !gate.shuts(message, parked.client(), now, out)) {
        onRequest(method, parked.client(), now, out);
      }
    } finally {
      gate.told(null);
    }
  }

  /** Time has passed: what is due by now happens. */
  public void onTime(long now, Effects out) {
    allocations.onTime(now, out);
  }

  /** When {@link #onTime} is wanted next; {@link Long#MAX_VALUE} when nothing waits. */
  public long nextDeadline() {
    return allocations.nextDeadline();
  }

  /**
   * Goes on with another configuration: users, secrets, peer rules, limits, lifetimes. Allocations
   * stay, without the permissions that the new rules deny, where they are. Relay addresses that no
   * realm has for its own, but for what clients are told of them, ports and whether there is
   * authentication are for life.
   */
  public void reconfigure(TurnConfig newConfig) {
    TurnConfig next =
        newConfig.toBuilder()
            .relayAddresses(
                RelayAddress.named(config.relaySites().shared(), newConfig.relaySites().shared()))
            .ports(config.portMin(), config.portMax())
            .build();
    if (next.authenticates() != config.authenticates()) {
      throw new IllegalArgumentException("authentication cannot be switched while running");
    }
    config = next;
    gate.reconfigure(next);
    overload.reconfigure(next);
    answers.reconfigure(next);
    bindings.reconfigure(next);
    allocations.reconfigure(next);
    mobility.reconfigure(next);
    refreshes.reconfigure(next);
    peers.reconfigure(next);
    data.reconfigure(next);
    connections.reconfigure(next);
    restorations.reconfigure(next);
    claims.reconfigure(next);
    allocations.forEach(
        allocation -> {
          // A user may be gone, or have another password.
          if (allocation.login.isGoneUnder(next)
              || !next.clients().serves(allocation.client().client())) {
            allocation.expireAll();
            allocations.watch(allocation, 0);
          }
          allocation.login = allocation.login.underNext(next);
          allocation.limit(allocation.login.bytesPerSecond(next), 0);
          peers.dropDenied(allocation);
        });
  }

  /**
   * Goes on with an allocation of a former process, or of another node: with its relayed addresses,
   * permissions and channels, for as long as it would have lived. The client is told nothing.
   *
   * <p>If the client has this very allocation here, it learns what the snapshot knows more.
   *
   * @param client the five-tuple of the snapshot's key, with the way back to the client
   */
  public Restored restore(Snapshot snapshot, FiveTuple client, long now, Effects out) {
    return restorations.restore(snapshot, client, now, out);
  }

  /** What another process needs to go on with this allocation; {@code node} is whose it is. */
  public Snapshot snapshotOf(Allocation allocation, String node) {
    return restorations.snapshotOf(allocation, node);
  }

  /** These relay addresses are on no machine or another one: nothing new is made on them. */
  public void absent(Set<TransportAddress> relayAddresses) {
    allocations.ports().absent(relayAddresses);
  }

  /** From now on, new allocations are made elsewhere, or here again. What exists stays. */
  public void redirect(Redirection redirection) {
    answers.redirects().redirect(redirection);
  }

  /** Whether more waited at the sockets than was taken; told after every look at them. */
  public void pressed(boolean behind, long now) {
    overload.observe(behind, now);
  }

  /** From now on these get nothing; what they have already is for the shell to end. */
  public void ban(Bans newBans) {
    gate.ban(newBans);
  }

  /** TCP with peers, and its inputs. */
  public Connections connections() {
    return connections;
  }

  /** Shows every allocation, for lists. The server must not be called meanwhile. */
  public void forEachAllocation(Consumer<Allocation> action) {
    allocations.forEach(action);
  }

  /** As many as there are steps in a whole look, some slots at a time. */
  public int allocationSlots() {
    return allocations.slots();
  }

  /** Shows the allocations of some slots; see {@link puente.stun.AddressMap#forEach}. */
  public void forEachAllocation(int from, int to, Consumer<Allocation> action) {
    allocations.forEach(from, to, action);
  }

  /** This shard's part of the relay ports. */
  public PortMap portMap() {
    PortMap map = new PortMap(config.portMin(), config.portMax());
    allocations.ports().survey(map);
    return map;
  }

  /** The allocation that was made by this client then, wherever that is now; or null. */
  public @Nullable Allocation allocationMadeBy(FiveTuple client, long createdMs) {
    return mobility.madeAt(client, createdMs);
  }

  /** This client's allocation, finished or not, or null. */
  public @Nullable Allocation allocationOf(FiveTuple client) {
    return allocations.find(client);
  }

  public int allocations() {
    return allocations.size();
  }

  /** Whether this is a Refresh by the ticket of an allocation of this shard (RFC 8016 §3.2.1). */
  public boolean isHome(byte[] request) {
    return message.parse(request, request.length) == Message.Shape.WELL_FORMED
        && mobility.named(message) != null;
  }

  /** Whether it is none of any shard of this server. */
  public boolean isNobodys(byte[] request) {
    return message.parse(request, request.length) != Message.Shape.WELL_FORMED
        || mobility.isNobodys(message);
  }

  private void onStun(Packet packet, long now, Effects out) {
    if (packet.length > scratch.length) {
      counters.count(Counter.MALFORMED);
      return;
    }
    packet.copyTo(scratch, packet.length);
    if (message.parse(scratch, packet.length) != Message.Shape.WELL_FORMED) {
      garbage(packet, Counter.MALFORMED, out);
      return;
    }
    if (integrity.hasWrongFingerprint(message)) {
      counters.count(Counter.BAD_FINGERPRINT);
      return;
    }
    Method method = message.method();
    switch (message.messageClass()) {
      case REQUEST -> {
        FiveTuple connection = packet.connection;
        FiveTuple client = connection == null ? listeners.tupleOf(packet) : connection;
        if (method == null) {
          counters.count(Counter.UNEXPECTED);
        } else if (isShed(method, client, now)) {
          counters.count(Counter.OVERLOAD);
        } else if (!gate.shuts(message, client, now, out)
            && !homes.isElsewhere(message, client, packet, now, out)) {
          counters.request(method, client.transport(), client.client().family());
          onRequest(method, client, now, out);
        }
      }
      case INDICATION -> {
        if (method == Method.SEND) {
          onSend(packet, now, out);
        } else if (method != Method.BINDING) {
          // A Binding indication is a keep-alive: nothing to do (RFC 8445 §11).
          counters.count(Counter.UNEXPECTED);
        }
      }
      // We ask nobody anything; answering an answer would start a loop.
      case SUCCESS, ERROR -> counters.count(Counter.UNEXPECTED);
    }
  }

  private boolean isShed(Method method, FiveTuple client, long now) {
    return overload.isBehind()
        && overload.sheds(method, message, client, allocations.find(client), now);
  }

  private void onRequest(Method method, FiveTuple client, long now, Effects out) {
    switch (method) {
      case BINDING -> bindings.onRequest(message, client, now, out);
      case ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, CONNECT, CONNECTION_BIND -> {
        if (config.stunOnly() || method.isOfTcp() && !config.tcpRelay()) {
          counters.count(Counter.DISABLED);
        } else if (message.hasMagicCookie()) {
          onTurnRequest(method, client, now, out);
        } else {
          counters.count(Counter.MALFORMED);
        }
      }
      case SEND, DATA, CONNECTION_ATTEMPT -> counters.count(Counter.UNEXPECTED);
    }
  }

  /** RFC 8656 §5: authenticate, know the attributes, find the allocation and its user; then act. */
  private void onTurnRequest(Method method, FiveTuple client, long now, Effects out) {
    Allocation allocation = allocations.find(client);
    Allocation named = allocation == null ? mobility.named(message) : allocation;
    Login login = gate.login(message, client, named, answers, now, out);
    if (login == null) {
      return;
    }
    Request request = new Request(method, message.transactionId(), client, login);
    Refuse refusal = Request.unknownIn(message, unknown);
    if (refusal == null && retransmissions.answer(request, allocation, now, out)) {
      return;
    }
    if (refusal == null && method == Method.REFRESH && message.has(AttributeType.MOBILITY_TICKET)) {
      if (named == null && mobility.isByTicket(message) && homes.awaits(client, true, now, out)) {
        return;
      }
      refusal = mobility.judge(message, request, allocation, now);
      allocation = named;
    }
    if (refusal == null && method == Method.ALLOCATE) {
      refusal = allocate(request, allocation, now, out);
    } else if (refusal == null && method == Method.CONNECTION_BIND) {
      refusal = connections.bind(message, request, out);
    } else if (refusal == null) {
      refusal = onAllocation(request, allocation, now, out);
    }
    if (refusal != null) {
      out.note(Notes.refused(request, allocation, refusal, now));
      answers.refuse(request, refusal, now, out);
    }
  }

  /** RFC 8656 §7.2, from step 2 on. Null when the answer is on its way. */
  private @Nullable Refuse allocate(
      Request request, @Nullable Allocation allocation, long now, Effects out) {
    if (allocation != null) {
      return ALLOCATED;
    }
    FiveTuple client = request.client();
    AllocateRules.Outcome judged =
        AllocateRules.judge(message, request, config, allocations.ports(), now);
    switch (answers.redirects().judge(judged, client, config)) {
      case AllocateRules.Refused refused -> {
        if (refused.refuse().error() == ErrorCode.INSUFFICIENT_CAPACITY) {
          // Its next copy might be granted, and the client would never know (§7.2, last note).
          allocations.recent().remember(request, refused.refuse().error(), now);
        }
        return refused.refuse();
      }
      case Wanted wanted -> {
        Refuse refusal = mobility.judge(message, wanted);
        if (refusal == null) {
          allocations.begin(request, wanted, mobility.wanted(message), now, out);
        }
        return refusal;
      }
    }
  }

  /** RFC 8656 §5: 437 without an allocation, 441 with another's. */
  private @Nullable Refuse onAllocation(
      Request request, @Nullable Allocation allocation, long now, Effects out) {
    if (allocation == null && homes.awaits(request.client(), false, now, out)) {
      return null;
    }
    if (allocation == null || !allocation.isActive() || now >= allocation.expiresMs()) {
      return NO_ALLOCATION;
    }
    if (!allocation.login.isOf(request.login())) {
      return OTHER_USER;
    }
    allocation.provenAgain(request.login(), config, now);
    if (request.method() == Method.REFRESH) {
      return refreshes.refresh(message, request, allocation, now, out);
    }
    if (request.method() == Method.CONNECT) {
      return connections.connect(message, request, allocation, now, out);
    }
    Refuse refusal =
        request.method() == Method.CREATE_PERMISSION
            ? peers.createPermission(message, allocation, now)
            : peers.channelBind(message, allocation, now, out);
    if (refusal == null) {
      allocations.changed(allocation, out);
      out.note(Notes.permitted(message, allocation, now));
      answers.success(request);
      answers.send(request, out);
    }
    return refusal;
  }

  private void onSend(Packet packet, long now, Effects out) {
    if (config.stunOnly()) {
      counters.count(Counter.DISABLED);
    } else if (!message.hasMagicCookie()
        || message.unknownRequired(Request.UNDERSTOOD, unknown) > 0) {
      counters.count(Counter.BAD_INDICATION);
    } else {
      data.onSend(message, packet, now, out);
    }
  }

  /** Not ours to understand; on a stream nothing after it can be understood either. */
  private void garbage(Packet packet, Counter why, Effects out) {
    counters.count(why);
    FiveTuple connection = packet.connection;
    if (connection != null && connection.transport().isStream()) {
      out.closeClient(connection);
    }
  }
}
