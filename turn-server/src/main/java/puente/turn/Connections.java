package puente.turn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.ErrorCode;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.TransportAddress;

/** TCP with peers: Connect, ConnectionAttempt and ConnectionBind of RFC 6062. */
public final class Connections {

  /** What this asks of the world: as {@link Effects}, for streams. */
  public interface World {

    /** Calls the peer from the relayed address; answered by onConnected or onConnectFailed. */
    void connect(PeerConnection connection);

    /** Closes it, and the client's data connection if it is joined with one. No answer. */
    void disconnect(PeerConnection connection);

    /** Has the shard of this CONNECTION-ID {@link #judge} it; answered by {@link #judged}. */
    void bind(Binding binding);
  }

  /** RFC 6062 §5.2: at least 30 seconds to reach the peer, and to be bound. */
  static final long WAIT_MS = 30_000;

  /** The low bits of a CONNECTION-ID say which shard made it; the others are by chance. */
  private static final int SHARD_MASK = 0x7f;

  private static final Refuse NO_PEER =
      new Refuse(ErrorCode.BAD_REQUEST, "XOR-PEER-ADDRESS is missing or malformed");
  private static final Refuse NOT_TCP = new Refuse(ErrorCode.FORBIDDEN, "not a TCP allocation");
  private static final Refuse EXISTS =
      new Refuse(ErrorCode.CONNECTION_ALREADY_EXISTS, "connected to this peer already");
  private static final Refuse FAILED =
      new Refuse(ErrorCode.CONNECTION_TIMEOUT_OR_FAILURE, "the peer could not be reached");
  private static final Refuse LATE =
      new Refuse(ErrorCode.CONNECTION_TIMEOUT_OR_FAILURE, "the peer was not reached in time");
  private static final Refuse TOO_MANY =
      new Refuse(ErrorCode.INSUFFICIENT_CAPACITY, "too many connections");
  private static final Refuse NO_ID =
      new Refuse(ErrorCode.BAD_REQUEST, "CONNECTION-ID is missing or malformed");
  private static final Refuse UNKNOWN_ID =
      new Refuse(ErrorCode.BAD_REQUEST, "no such connection waits");
  private static final Refuse NOT_A_STREAM =
      new Refuse(ErrorCode.BAD_REQUEST, "ConnectionBind is for TCP and TLS alone");
  private static final Refuse OTHER_USER =
      new Refuse(ErrorCode.WRONG_CREDENTIALS, "the connection is another user's");

  private final Map<Integer, PeerConnection> byId = new HashMap<>();
  private final Allocations allocations;
  private final PeerRequests peers;
  private final DataPath data;
  private final Answers answers;
  private final Counters counters;
  private final RandomGenerator random;
  private final int shard;
  private TurnConfig config;

  Connections(
      TurnConfig config,
      Allocations allocations,
      PeerRequests peers,
      DataPath data,
      Answers answers,
      Counters counters,
      RandomGenerator random,
      int shard) {
    this.config = config;
    this.allocations = allocations;
    this.peers = peers;
    this.data = data;
    this.answers = answers;
    this.counters = counters;
    this.random = random;
    this.shard = shard;
    allocations.serve(this);
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
  }

  static int shardOf(int id) {
    return id & SHARD_MASK;
  }

  /** RFC 6062 §5.2. Null when the answer comes later. */
  @Nullable Refuse connect(
      Message message, Request request, Allocation allocation, long now, Effects out) {
    int peerAt = message.find(AttributeType.XOR_PEER_ADDRESS);
    TransportAddress peer = peerAt < 0 ? null : message.xorAddressAt(peerAt);
    if (peer == null || peer.port() == 0) {
      return NO_PEER;
    }
    if (!allocation.isTcp()) {
      return NOT_TCP;
    }
    if (find(allocation, peer) != null) {
      return EXISTS;
    }
    Refuse refusal = peers.judgeConnect(allocation, peer, now);
    if (refusal != null) {
      return refusal;
    }
    if (!roomFor(allocation)) {
      return TOO_MANY;
    }
    Relay relay = relayOf(allocation, peer);
    Permission account = new Permission(peer.hi(), peer.lo(), relay);
    PeerConnection connection = new PeerConnection(relay, account, peer, newId(), request);
    add(allocation, connection, now);
    out.tcp().connect(connection);
    return null;
  }

  /** The peer has taken the call. */
  public void onConnected(PeerConnection connection, long now, Effects out) {
    Request request = connection.request;
    if (connection.stage != PeerConnection.Stage.CONNECTING || request == null) {
      out.tcp().disconnect(connection);
      return;
    }
    counters.count(Counter.TCP_CONNECTED);
    connection.stage = PeerConnection.Stage.PENDING;
    allocations.schedule(connection, now + WAIT_MS);
    answers.success(request).i32(AttributeType.CONNECTION_ID, connection.id);
    answers.send(request, out);
  }

  /** It has not, or is not there. */
  public void onConnectFailed(PeerConnection connection, long now, Effects out) {
    refuse(connection, FAILED, now, out);
  }

  private void refuse(PeerConnection connection, Refuse why, long now, Effects out) {
    Request request = connection.request;
    if (connection.stage != PeerConnection.Stage.CONNECTING || request == null) {
      return;
    }
    counters.count(Counter.TCP_CONNECT_FAILED);
    end(connection, out);
    out.note(Notes.refused(request, connection.relay.allocation, why, now));
    answers.refuse(request, why, now, out);
  }

  /** RFC 6062 §5.3. Null if nothing permits it: the shell closes it. */
  public @Nullable PeerConnection onAccepted(
      Relay relay, TransportAddress peer, long now, Effects out) {
    Allocation allocation = relay.allocation;
    if (allocation == null || !allocation.isActive() || now >= relay.expiresMs) {
      counters.count(Counter.NO_ALLOCATION);
      return null;
    }
    Permission permission = allocation.permission(peer.hi(), peer.lo());
    if (permission == null || now >= permission.expiresMs) {
      counters.count(Counter.NO_PERMISSION);
      return null;
    }
    if (peers.judgeConnect(allocation, peer, now) != null) {
      counters.count(Counter.PEER_DENIED);
      return null;
    }
    if (!roomFor(allocation) || find(allocation, peer) != null) {
      counters.count(Counter.TCP_TOO_MANY);
      return null;
    }
    counters.count(Counter.TCP_ACCEPTED);
    PeerConnection connection = new PeerConnection(relay, permission, peer, newId(), null);
    add(allocation, connection, now);
    byte[] transactionId = new byte[Message.TRANSACTION_ID_LENGTH];
    random.nextBytes(transactionId);
    MessageBuilder attempt =
        answers
            .builder()
            .message(MessageClass.INDICATION, Method.CONNECTION_ATTEMPT, transactionId)
            .xorAddress(AttributeType.XOR_PEER_ADDRESS, peers.presented(peer))
            .i32(AttributeType.CONNECTION_ID, connection.id);
    if (config.fingerprint()) {
      attempt.fingerprint();
    }
    out.toClient(allocation.client(), attempt.bytes(), attempt.length());
    return connection;
  }

  /** RFC 6062 §5.4, where the connection came to. Null when the answer comes later. */
  @Nullable Refuse bind(Message message, Request request, Effects out) {
    if (!request.client().transport().isStream()) {
      return NOT_A_STREAM;
    }
    int idAt = message.find(AttributeType.CONNECTION_ID);
    if (idAt < 0 || message.lengthAt(idAt) != 4) {
      return NO_ID;
    }
    out.tcp().bind(new Binding(request, message.i32At(idAt)));
    return null;
  }

  /** The same, where the CONNECTION-ID was made. */
  public Binding judge(Binding binding) {
    PeerConnection connection = byId.get(binding.id);
    if (connection == null || connection.stage != PeerConnection.Stage.PENDING) {
      return binding.refused(UNKNOWN_ID);
    }
    Allocation allocation = connection.relay.allocation;
    if (allocation == null || !allocation.user().equals(binding.request.login().user())) {
      return binding.refused(OTHER_USER);
    }
    counters.count(Counter.TCP_BOUND);
    connection.stage = PeerConnection.Stage.BOUND;
    allocations.unschedule(connection);
    return binding.granted(connection);
  }

  /** The verdict, where the connection came to. */
  public void judged(Binding binding, long now, Effects out) {
    Refuse refusal = binding.refusal;
    if (refusal != null) {
      out.note(Notes.refused(binding.request, null, refusal, now));
      answers.refuse(binding.request, refusal, now, out);
    } else {
      answers.success(binding.request);
      answers.send(binding.request, out);
    }
  }

  /** Bytes have come on their way to the peer ({@code up}) or the client. */
  public void onBytes(PeerConnection connection, boolean up, int length, long now) {
    data.onStream(connection, up, length, now);
  }

  /** Whether more may be read that way: the limits of these bytes, asked until they are met. */
  public boolean pays(PeerConnection connection, boolean up, int length, long now) {
    return data.pays(connection, up, length, now);
  }

  /** One end has closed, or the shell could not join them (RFC 6062 §5.5). */
  public void onDisconnected(PeerConnection connection, long now, Effects out) {
    if (connection.stage == PeerConnection.Stage.CONNECTING) {
      refuse(connection, FAILED, now, out);
    } else {
      end(connection, out);
    }
  }

  /** RFC 6062 §5.2 and §5.3: what has not come to be within 30 seconds. */
  void onLate(PeerConnection connection, long now, Effects out) {
    if (connection.stage == PeerConnection.Stage.CONNECTING) {
      refuse(connection, LATE, now, out);
    } else if (connection.stage == PeerConnection.Stage.PENDING) {
      counters.count(Counter.TCP_UNBOUND);
      end(connection, out);
    }
  }

  void endAll(Allocation allocation, Effects out) {
    List<PeerConnection> all = allocation.connections;
    if (all != null) {
      for (PeerConnection connection : List.copyOf(all)) {
        end(connection, out);
      }
    }
  }

  private void end(PeerConnection connection, Effects out) {
    if (connection.stage == PeerConnection.Stage.GONE) {
      return;
    }
    connection.stage = PeerConnection.Stage.GONE;
    allocations.unschedule(connection);
    byId.remove(connection.id);
    Allocation allocation = connection.relay.allocation;
    List<PeerConnection> all = allocation == null ? null : allocation.connections;
    if (all != null) {
      all.remove(connection);
    }
    out.tcp().disconnect(connection);
  }

  private void add(Allocation allocation, PeerConnection connection, long now) {
    List<PeerConnection> all = allocation.connections;
    if (all == null) {
      all = new ArrayList<>(2);
      allocation.connections = all;
    }
    all.add(connection);
    byId.put(connection.id, connection);
    allocations.schedule(connection, now + WAIT_MS);
  }

  private boolean roomFor(Allocation allocation) {
    List<PeerConnection> all = allocation.connections;
    return all == null || all.size() < config.tcpConnections();
  }

  private static @Nullable PeerConnection find(Allocation allocation, TransportAddress peer) {
    List<PeerConnection> all = allocation.connections;
    if (all != null) {
      for (PeerConnection connection : all) {
        if (connection.peer().equals(peer)) {
          return connection;
        }
      }
    }
    return null;
  }

  private static Relay relayOf(Allocation allocation, TransportAddress peer) {
    Relay relay = allocation.relayOf(peer.family());
    if (relay == null) {
      throw new IllegalStateException("a peer that was not judged");
    }
    return relay;
  }

  /** Nobody outside can guess one, and none that is in use is made again. */
  private int newId() {
    int id = random.nextInt() & ~SHARD_MASK | shard;
    while (byId.containsKey(id)) {
      id = random.nextInt() & ~SHARD_MASK | shard;
    }
    return id;
  }
}
