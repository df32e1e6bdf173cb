package puente.turn.relay;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.BindFailure;
import puente.net.ClientConnection;
import puente.net.Datagrams;
import puente.net.EventLoops;
import puente.net.UdpSocket;
import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.Listeners;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Allocation;
import puente.turn.CloseReason;
import puente.turn.Counter;
import puente.turn.Counters;
import puente.turn.Effects;
import puente.turn.Note;
import puente.turn.Relay;
import puente.turn.TurnConfig;
import puente.turn.TurnServer;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;

/**
 * One shard: one event loop, one {@link TurnServer}, its sockets. Bytes and answers go in, the
 * server's {@link Effects} come out. Everything here runs on the shard's loop.
 */
final class Shard implements Effects, Listeners, Datagrams.Receiver {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");

  private static final long AFTER_DEFECT_MS = 1000;

  private final EventLoops.Loop loop;
  final ShardQuestions questions;
  private final ShardClock clock;
  private final Counters counters = new Counters();
  private final TurnServer server;
  private final Changes changes;
  private final StrayDesk strays;
  final ShardRoaming roaming;
  private final ShardRestoration restoration;
  private final ArrayDeque<Pending> pending = new ArrayDeque<>();
  private final List<@Nullable UdpSocket> listeners = new ArrayList<>();
  final ShardWatch watch;
  final ShardGuests guests = new ShardGuests(this);
  final ShardDtls dtls = new ShardDtls(this);
  final ShardProxies proxies;
  final ShardDoors doors = new ShardDoors(this);
  private final ShardRelays relays = new ShardRelays(this);
  private final ShardTcp tcp = new ShardTcp(this, relays);
  private final Runnable timeTask = this::onTimer;
  private final int index;
  final boolean isNative;

  private long now;
  private int nowBatch = -1;
  private int peerTrafficClass;
  private boolean settling;
  private @Nullable ScheduledFuture<?> timer;
  private long timerAt = Long.MAX_VALUE;
  @Nullable ShardForwarding forwarding;

  Shard(
      EventLoops.Loop loop,
      AllocationStore store,
      Accounts accounts,
      ShardClock clock,
      TurnConfig config,
      BindingServer binding,
      Keeping keeping,
      RandomGenerator random,
      int index,
      int count,
      boolean isNative) {
    this.loop = loop;
    this.isNative = isNative;
    questions = new ShardQuestions(this, store, accounts, config);
    this.clock = clock;
    server = new TurnServer(config, this, binding, counters, random, index, count);
    changes = new Changes(keeping, loop.eventLoop(), server);
    roaming = new ShardRoaming(this, config.roaming(), index);
    strays =
        new StrayDesk(
            index,
            count,
            loop.eventLoop(),
            loop.datagrams(),
            counters,
            random.nextLong(),
            roaming::onStray);
    this.index = index;
    proxies = new ShardProxies(this, random.nextLong());
    restoration = new ShardRestoration(this, changes, strays, listeners, index);
    watch = new ShardWatch(this, counters, random.nextLong());
  }

  EventLoops.Loop loop() {
    return loop;
  }

  Counters counters() {
    return counters;
  }

  /** Another process goes on with the sockets, and with what is told of the allocations now. */
  void leave() {
    loop.datagrams().leave();
    changes.tell();
  }

  /** The time now: what comes by TCP with peers is in no batch of datagrams. */
  long freshNow() {
    nowBatch = -1;
    return now();
  }

  /** After an input that came by another way than those here. */
  void onWorld() {
    settle();
    loop.datagrams().flush();
  }

  long clockMs() {
    return clock.nowMs();
  }

  ShardRestoration restoration() {
    return restoration;
  }

  StrayDesk strays() {
    return strays;
  }

  TurnServer server() {
    return server;
  }

  /**
   * Opens this shard's socket on a UDP endpoint.
   *
   * @param clearToo whether datagrams in clear are answered there, or those of DTLS alone
   */
  void listen(Endpoint endpoint, boolean clearToo) throws BindFailure {
    while (listeners.size() <= endpoint.number()) {
      listeners.add(null);
    }
    listeners.set(endpoint.number(), proxies.open(endpoint, clearToo));
  }

  /** Closes what clients reach it by; relays are closed by the server. */
  void closeListeners() {
    doors.closeAll();
    // Nothing more will change: whoever keeps snapshots is told the last.
    changes.tell();
  }

  // ---- inputs

  @Override
  public void onPacket(Packet packet) {
    if (strays.holds()) {
      strays.hold(packet);
      return;
    }
    if (doors.refuses(packet)) {
      return;
    }
    direct(packet);
    server.onDatagram(packet, now(), this);
    settle();
  }

  /** It has come to this node itself. */
  void direct(Packet packet) {
    ShardForwarding forwarding = this.forwarding;
    if (forwarding != null && packet.connection == null) {
      forwarding.direct(packet);
    }
  }

  /** From now on, clients may come by other nodes and have their allocations there. */
  void forwardBy(ForwardLink link, long seed) {
    forwarding = new ShardForwarding(this, link, index, seed);
  }

  /** What another node has sent; from the link's thread. */
  void forwarded(List<Forwarded> frames, TransportAddress from) {
    loop.eventLoop()
        .execute(
            () -> {
              nowBatch = -1;
              if (forwarding != null) {
                frames.forEach(frame -> forwarding.onForwarded(frame, from, now()));
              }
            });
  }

  /** A datagram that came by another node; sent on before its memory is used again. */
  void onForwardedPacket(Packet packet) {
    server.onDatagram(packet, now(), this);
    settle();
    loop.datagrams().flush();
  }

  /** This shard's sockets, by the number of their endpoint. */
  List<@Nullable UdpSocket> listeners() {
    return listeners;
  }

  void onFrame(Packet packet) {
    server.onDatagram(packet, now(), this);
    settle();
  }

  void onClosed(FiveTuple client) {
    server.onClosed(client, now(), this);
    settle();
  }

  void onPeerPacket(Relay relay, Packet packet) {
    peerTrafficClass = packet.trafficClass;
    try {
      server.onPeer(relay, packet, now(), this);
    } finally {
      peerTrafficClass = 0;
    }
    settle();
  }

  void onPeerIcmp(Relay relay, TransportAddress peer, int type, int code, int data) {
    server.onIcmp(relay, peer, type, code, data, now(), this);
    settle();
  }

  private void onTimer() {
    timer = null;
    timerAt = Long.MAX_VALUE;
    nowBatch = -1;
    try {
      server.onTime(now(), this);
      settle();
    } catch (RuntimeException | AssertionError defect) {
      // Without a next time, nothing would ever expire again.
      LOG.error("event=defect where=timer meaning=\"please report\"", defect);
      arm(clock.nowMs() + AFTER_DEFECT_MS);
    }
  }

  void reconfigure(TurnConfig config) {
    server.reconfigure(config);
    questions.reconfigure(config);
    settle();
  }

  void evict(FiveTuple client, CloseReason why) {
    nowBatch = -1;
    server.onEvict(client, why, now(), this);
    settle();
  }

  /** Feeds in what the world has answered meanwhile, then sees to the next deadline. */
  void settle() {
    if (settling) {
      return;
    }
    settling = true;
    try {
      Pending next;
      while ((next = pending.poll()) != null) {
        switch (next) {
          case Pending.Bound bound -> server.onBound(bound.relay(), now(), this);
          case Pending.NotBound failed ->
              server.onBindFailed(failed.relay(), failed.inUse(), now(), this);
          case Pending.Told told -> questions.tell(told);
          case Pending.Resumed resumed -> resume(resumed.client());
          case Pending.Answered answered -> {
            if (!(answered.answer() instanceof AllocationStore.Claimed claimed)) {
              server.onAnswer(answered.answer(), now(), this);
            } else {
              if (!restoration.passOn(claimed)) {
                server.onAnswer(claimed, now(), this);
              }
              pending.add(new Pending.Resumed(claimed.client()));
            }
          }
        }
      }
    } finally {
      settling = false;
    }
    long deadline = server.nextDeadline();
    if (deadline < timerAt) {
      arm(deadline);
    }
  }

  private void resume(FiveTuple client) {
    if (forwarding != null) {
      forwarding.isHere(client, held -> server.onDatagram(held, now(), this));
    }
  }

  private void arm(long deadline) {
    ScheduledFuture<?> before = timer;
    if (before != null) {
      before.cancel(false);
    }
    timerAt = deadline;
    long delay = Math.max(1, deadline - clock.nowMs() + 1);
    timer = loop.eventLoop().schedule(timeTask, delay, TimeUnit.MILLISECONDS);
  }

  /** The time, read once for a batch of packets. */
  long now() {
    int batch = loop.datagrams().batch();
    if (batch != nowBatch) {
      nowBatch = batch;
      now = clock.nowMs();
      server.pressed(loop.datagrams().isBehind(), now);
    }
    return now;
  }

  // ---- effects

  @Override
  public FiveTuple tupleOf(Packet packet) {
    FiveTuple connection = packet.connection;
    if (connection != null) {
      return connection;
    }
    UdpSocket socket = listeners.get(packet.listener);
    if (socket == null) {
      throw new IllegalStateException("a packet from no listener: " + packet.listener);
    }
    return new FiveTuple(Transport.UDP, packet.source(), socket.local(), packet.listener, socket);
  }

  @Override
  public void toClient(FiveTuple client, byte[] message, int length) {
    if (client.link() instanceof UdpSocket socket) {
      if (forwarding == null || !forwarding.toClient(client, message, length, now())) {
        socket.send(client.client(), peerTrafficClass, message, length);
      }
    } else if (client.link() instanceof ClientConnection connection
        && !connection.write(message, length)) {
      counters.count(Counter.MTU);
    }
  }

  @Override
  public void toClient(FiveTuple client, int channel, Packet packet, int offset, int length) {
    if (client.link() instanceof UdpSocket socket) {
      if (forwarding == null
          || !forwarding.toClient(client, channel, packet, offset, length, now())) {
        socket.sendChannelData(
            client.client(), packet.trafficClass, channel, packet, offset, length);
      }
    } else if (client.link() instanceof ClientConnection connection
        && !connection.writeChannelData(channel, packet, offset, length)) {
      counters.count(Counter.SEND_BUFFER);
    }
  }

  @Override
  public void toClientFrom(
      TransportAddress from, FiveTuple client, TransportAddress to, byte[] message, int length) {
    for (UdpSocket socket : listeners) {
      if (socket != null && socket.local().equals(from)) {
        socket.send(to, 0, message, length);
        return;
      }
    }
    if (forwarding == null || !forwarding.toClientFrom(from, to, message, length, now())) {
      throw new IllegalStateException("no listener on " + from);
    }
  }

  @Override
  public void toPeer(
      Relay relay,
      TransportAddress peer,
      Packet packet,
      int offset,
      int length,
      boolean dontFragment) {
    if (!(relay.socket instanceof UdpSocket socket)) {
      throw new IllegalStateException("a relay without a socket: " + relay.local());
    }
    if (dontFragment) {
      socket.sendUnfragmented(peer, packet, offset, length);
    } else {
      socket.send(peer, packet.trafficClass, packet, offset, length);
    }
  }

  @Override
  public ShardTcp tcp() {
    return tcp;
  }

  @Override
  public void bind(Relay relay) {
    relays.bind(relay);
  }

  @Override
  public void unbind(Relay relay) {
    relays.unbind(relay);
  }

  /** To be told to the server when the present input is done. */
  void pend(Pending input) {
    pending.add(input);
  }

  @Override
  public void ask(AllocationStore.Question question) {
    questions.ask(question);
  }

  @Override
  public void ask(Accounts.Question question) {
    questions.ask(question);
  }

  @Override
  public @Nullable String serverNameOf(FiveTuple client) {
    return client.link() instanceof ClientConnection connection ? connection.serverName() : null;
  }

  @Override
  public Whereabouts elsewhere(Packet packet, boolean byTicket) {
    if (packet.connection == null && strays.give(packet)) {
      return Whereabouts.GIVEN;
    }
    ShardForwarding others = forwarding;
    return others == null ? Whereabouts.NOWHERE : others.elsewhere(packet, byTicket, now());
  }

  @Override
  public boolean handOver(Packet packet, int owner) {
    return roaming.handOver(packet, owner);
  }

  @Override
  public void moved(FiveTuple from, FiveTuple to) {
    questions.move(from, to);
    strays.end(from);
    changes.ended(AllocationKey.of(from));
  }

  @Override
  public boolean other(Packet packet) {
    return guests.take(packet) || dtls.take(packet) || proxies.refuse(packet);
  }

  @Override
  public void keep(Allocation allocation) {
    changes.changed(allocation);
  }

  @Override
  public void forget(FiveTuple client) {
    questions.release(client);
    strays.end(client);
    changes.ended(AllocationKey.of(client));
  }

  @Override
  public void note(Note note) {
    watch.note(note);
  }

  @Override
  public void closeClient(FiveTuple client) {
    if (client.link() instanceof ClientConnection connection) {
      connection.close();
    }
  }
}
