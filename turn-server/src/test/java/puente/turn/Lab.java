package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.NullUnmarked;
import puente.stun.AddressRange;
import puente.stun.BindingConfig;
import puente.stun.BindingServer;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;
import puente.stun.Nonce;
import puente.stun.Packet;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.LocalStore;
import puente.turn.store.Snapshot;
import puente.turn.store.SnapshotCodec;

/**
 * A world without sockets around one {@link TurnServer}: its clients and peers, its store, the
 * system's ports, and a clock that only tests move. Effects are queued as inputs, as the shell
 * does.
 */
@NullUnmarked
final class Lab implements Effects {

  static final TransportAddress SERVER = address("198.51.100.1:3478");
  static final TransportAddress RELAY_IPV4 = address("198.51.100.1:0");
  static final TransportAddress RELAY_IPV6 = address("[2620:fe::1]:0");
  static final String REALM = "example.org";

  /** What reached a peer. */
  record AtPeer(Relay from, TransportAddress to, byte[] data, boolean dontFragment) {}

  /** What reached a client: a STUN message, or ChannelData with its channel. */
  record AtClient(int channel, byte[] bytes) {}

  private TurnConfig config;
  private final LocalStore.Quotas quotas;
  private final long seed;
  Counters counters = new Counters();
  LocalStore store;
  TurnServer server;
  final Set<Relay> open = new HashSet<>();
  final Set<Integer> portsOfOthers = new HashSet<>();
  final Deque<AtPeer> atPeers = new ArrayDeque<>();
  final Map<FiveTuple, Deque<AtClient>> inbox = new HashMap<>();

  /** Whom the store was asked about; tests answer. */
  final List<FiveTuple> claimed = new ArrayList<>();

  /** How often by a ticket. */
  int claimedByTicket;

  /** Whom others were asked about; tests answer. */
  final Deque<Accounts.Question> asked = new ArrayDeque<>();

  /** What clients called us in their handshake. */
  final Map<FiveTuple, String> serverNames = new HashMap<>();

  final Set<Allocation> changed = new HashSet<>();
  final List<Note> notes = new ArrayList<>();
  final List<FiveTuple> closed = new ArrayList<>();

  /** Which shards were given packets. */
  final List<Integer> handedOver = new ArrayList<>();

  final TcpLab tcp = new TcpLab(this);
  private final Queue<Runnable> inputs = new ArrayDeque<>();
  private final FiveTuple[] tupleOf = {null};
  long now = 1_800_000_000_000L;

  /** Who else might have the allocation of an unknown client. */
  Function<Packet, Whereabouts> others = packet -> Whereabouts.NOWHERE;

  /** How often they were asked by a ticket. */
  int askedByTicket;

  /** While true, effects are not answered: the store and the system are busy. */
  boolean busy;

  /** While true, sockets cannot be opened at all. */
  boolean outOfSockets;

  Lab(TurnConfig config) {
    this(config, LocalStore.Quotas.NONE);
  }

  Lab(TurnConfig config, LocalStore.Quotas quotas) {
    this(config, quotas, 42);
  }

  Lab(TurnConfig config, LocalStore.Quotas quotas, long seed) {
    this.config = config;
    this.quotas = quotas;
    this.seed = seed;
    store = new LocalStore(quotas);
    server = server(config, 0, 1);
  }

  /** One of several shards, which share the store and what is in the configuration. */
  Lab(TurnConfig config, LocalStore store, long seed, int shard, int shards) {
    this.config = config;
    this.quotas = LocalStore.Quotas.NONE;
    this.seed = seed;
    this.store = store;
    server = server(config, shard, shards);
  }

  private TurnServer server(TurnConfig wanted, int shard, int shards) {
    return new TurnServer(
        wanted,
        packet -> tupleOf[0],
        new BindingServer(BindingConfig.PLAIN),
        counters,
        new Random(seed),
        shard,
        shards);
  }

  /** Everything that whoever keeps snapshots would have by now, as bytes. */
  List<byte[]> snapshots() {
    List<byte[]> snapshots = new ArrayList<>();
    server.forEachAllocation(
        allocation -> {
          if (allocation.isActive()) {
            assertEquals(true, changed.contains(allocation), "not kept");
            snapshots.add(SnapshotCodec.encode(server.snapshotOf(allocation, "node")));
          }
        });
    return snapshots;
  }

  /** The process dies: sockets, counters, grants and reservations are gone. A new one starts. */
  void restarts(TurnConfig newConfig, int shard, int shards) {
    config = newConfig.toBuilder().withoutReservations().build();
    open.clear();
    inputs.clear();
    changed.clear();
    counters = new Counters();
    store = new LocalStore(quotas);
    server = server(config, shard, shards);
  }

  void restarts() {
    restarts(config, 0, 1);
  }

  Restored restores(byte[] bytes) {
    Snapshot snapshot = SnapshotCodec.decode(bytes);
    AllocationKey key = snapshot.key();
    int listener = key.transport().ordinal();
    FiveTuple client = new FiveTuple(key.transport(), key.client(), key.server(), listener, null);
    Restored restored = server.restore(snapshot, client, now, this);
    settle();
    return restored;
  }

  /** It dies and comes back with what it had. */
  void restartsWithAll() {
    List<byte[]> snapshots = snapshots();
    restarts();
    for (byte[] snapshot : snapshots) {
      assertEquals(Restored.YES, restores(snapshot));
    }
  }

  /** The configuration of most tests: users, one relay address of each family. */
  static TurnConfig.Builder config() {
    return TurnConfig.builder()
        .credentials(
            Credentials.ofRealm(REALM)
                .withUser("ana", "secreto")
                .withUser("eva", "oculto")
                .withSecret("north")
                .withSecret("south"))
        .nonceKeys(new Nonce.Keys(IntegrityKey.of(new byte[32]), null))
        .relayAddresses(new RelayAddress(RELAY_IPV4), new RelayAddress(RELAY_IPV6))
        .peers(
            PeerPolicy.SAFE.withAllowed(
                AddressRange.parse("192.0.2.0/24"), AddressRange.parse("2001:db8::/32")));
  }

  static TurnConfig.Builder noAuth() {
    return config().noAuth();
  }

  Client client(String address) {
    return client(Transport.UDP, address);
  }

  Client client(Transport transport, String address) {
    return new Client(
        this, new FiveTuple(transport, address(address), SERVER, transport.ordinal(), null));
  }

  void receives(FiveTuple client, byte[] bytes) {
    tupleOf[0] = client;
    Packet packet = packet(bytes, client.client());
    packet.listener = client.listener();
    packet.connection = client.transport().isStream() ? client : null;
    server.onDatagram(packet, now, this);
    settle();
  }

  /** A datagram from a peer to a relayed address; lost if nobody listens there. */
  void peerSends(TransportAddress from, TransportAddress to, String text) {
    peerSends(from, to, text.getBytes());
  }

  void peerSends(TransportAddress from, TransportAddress to, byte[] data) {
    for (Relay relay : open) {
      if (relay.advertised().equals(to) || relay.local().equals(to)) {
        server.onPeer(relay.carrier(), packet(data, from), now, this);
        settle();
        return;
      }
    }
  }

  void icmp(TransportAddress relayed, TransportAddress peer, int type, int code, int data) {
    for (Relay relay : open) {
      if (relay.advertised().equals(relayed)) {
        server.onIcmp(relay.carrier(), peer, type, code, data, now, this);
        return;
      }
    }
  }

  /** Time passes; what is due on the way happens at its time. */
  void passes(long ms) {
    long end = now + ms;
    while (server.nextDeadline() <= end) {
      now = Math.max(now, server.nextDeadline());
      server.onTime(now, this);
      settle();
    }
    now = end;
  }

  void passesSeconds(long seconds) {
    passes(1000 * seconds);
  }

  void later(Runnable input) {
    inputs.add(input);
  }

  void settle() {
    while (!busy && !inputs.isEmpty()) {
      inputs.remove().run();
    }
  }

  long portsHeld() {
    return counters.ports(Counters.PortState.USED) + counters.ports(Counters.PortState.RESERVED);
  }

  /** Nothing is left of any allocation: ports, grants, permissions, sockets. */
  void assertEmpty() {
    assertEquals(0, server.allocations(), "allocations");
    assertEquals(0, store.size(), "grants");
    assertEquals(0, portsHeld(), "ports held");
    assertEquals(Set.of(), open, "sockets");
    assertEquals(0, counters.permissions(), "permissions");
    assertEquals(0, counters.channels(), "channels");
    for (Transport transport : Transport.values()) {
      for (Family family : Family.values()) {
        assertEquals(0, counters.allocations(transport, family), "gauge of allocations");
      }
    }
  }

  static Packet packet(byte[] bytes, TransportAddress source) {
    Packet packet = new Packet();
    // Not at 0, so that whoever forgets the offset is found out.
    ByteBuffer buffer = ByteBuffer.allocateDirect(bytes.length + 8);
    buffer.put(8, bytes);
    packet.buffer = buffer;
    packet.offset = 8;
    packet.length = bytes.length;
    packet.sourceHi = source.hi();
    packet.sourceLo = source.lo();
    packet.sourcePort = source.port();
    packet.sourceFamily = source.family();
    return packet;
  }

  /** {@code 192.0.2.1:80} or {@code [2001:db8::1]:80}. */
  static TransportAddress address(String text) {
    int colon = text.lastIndexOf(':');
    int port = Integer.parseInt(text.substring(colon + 1));
    String ip = text.substring(0, colon).replace("[", "").replace("]", "");
    AddressRange one = AddressRange.parse(ip);
    return ip.indexOf(':') < 0
        ? TransportAddress.ipv4((int) one.firstLo(), port)
        : TransportAddress.ipv6(one.firstHi(), one.firstLo(), port);
  }

  @Override
  public void toClient(FiveTuple client, byte[] message, int length) {
    inboxOf(client).add(new AtClient(0, java.util.Arrays.copyOf(message, length)));
  }

  @Override
  public void toClient(FiveTuple client, int channel, Packet packet, int offset, int length) {
    inboxOf(client).add(new AtClient(channel, bytes(packet, offset, length)));
  }

  @Override
  public void toClientFrom(
      TransportAddress from, FiveTuple client, TransportAddress to, byte[] message, int length) {
    throw new AssertionError("no behaviour discovery here");
  }

  @Override
  public void toPeer(
      Relay relay, TransportAddress peer, Packet packet, int offset, int length, boolean df) {
    assertEquals(true, open.contains(relay), "data through a closed socket");
    atPeers.add(new AtPeer(relay, peer, bytes(packet, offset, length), df));
    for (Relay other : open) {
      if (other.local().equals(peer)) {
        byte[] data = bytes(packet, offset, length);
        inputs.add(() -> server.onPeer(other.carrier(), packet(data, relay.local()), now, this));
        return;
      }
    }
  }

  @Override
  public void bind(Relay relay) {
    inputs.add(
        () -> {
          boolean inUse = portsOfOthers.contains(relay.local().port());
          if (inUse || outOfSockets) {
            server.onBindFailed(relay, inUse, now, this);
          } else if (relay.state == Relay.State.BINDING) {
            assertEquals(true, open.add(relay), "bound twice");
            server.onBound(relay, now, this);
          } else {
            server.onBound(relay, now, this);
          }
        });
  }

  @Override
  public Connections.World tcp() {
    return tcp;
  }

  @Override
  public void unbind(Relay relay) {
    open.remove(relay);
  }

  @Override
  public void ask(AllocationStore.Question question) {
    if (question instanceof AllocationStore.Claim claim) {
      claimed.add(claim.client());
      claimedByTicket += claim.byTicket() ? 1 : 0;
      return;
    }
    inputs.add(() -> store.ask(question, answer -> server.onAnswer(answer, now, this)));
  }

  @Override
  public void ask(Accounts.Question question) {
    asked.add(question);
  }

  /** Others say this of whom they were asked about first. */
  Accounts.Question others(Accounts.Answer answer) {
    Accounts.Question question = asked.remove();
    server.onAccount(question, answer, now, this);
    settle();
    return question;
  }

  @Override
  public String serverNameOf(FiveTuple client) {
    return serverNames.get(client);
  }

  @Override
  public Whereabouts elsewhere(Packet packet, boolean byTicket) {
    askedByTicket += byTicket ? 1 : 0;
    return others.apply(packet);
  }

  @Override
  public void keep(Allocation allocation) {
    assertEquals(true, allocation.isActive(), "only what is whole is kept");
    changed.add(allocation);
  }

  @Override
  public boolean handOver(Packet packet, int shard) {
    return handedOver.add(shard);
  }

  @Override
  public void moved(FiveTuple from, FiveTuple to) {
    store.move(from, to);
  }

  @Override
  public void forget(FiveTuple client) {
    store.release(client);
  }

  @Override
  public void note(Note note) {
    notes.add(note);
  }

  @Override
  public void closeClient(FiveTuple client) {
    closed.add(client);
    inputs.add(() -> server.onClosed(client, now, this));
  }

  Deque<AtClient> inboxOf(FiveTuple client) {
    return inbox.computeIfAbsent(client, unused -> new ArrayDeque<>());
  }

  private static byte[] bytes(Packet packet, int offset, int length) {
    byte[] bytes = new byte[length];
    packet.buffer.get(packet.offset + offset, bytes);
    return bytes;
  }
}
