package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * All members of a room, each connected with each: a {@link Dialer} opens links, DTLS is on them, a
 * {@link Flow} in that. Of each pair the impolite one (docs/SIGNALING.md) offers. What is told of one
 * peer's messages comes from one thread, all else from many.
 */
public final class Mesh implements AutoCloseable, SignalClient.Listener, Dialer.Company {
  /** What a user of the mesh hears. */
  public interface Listener {
    /** The room was entered, and {@link #onPeer} told of each of the others in it. */
    void onJoined(int others);

    void onPeer(Peer peer);

    void onGone(Peer peer, String why);

    /** Nothing is heard of it any more, but it may come back as it was; until {@link #onGone}. */
    void onSilent(Peer peer);

    /** It is heard again. */
    void onBack(Peer peer);

    /** It has a path, another one, or none any more. */
    void onPath(Peer peer);

    void onMessage(Peer peer, byte[] message);

    void onNotice(String line);

    /** It will not work. */
    void onFailed(String why);
  }

  private static final int PEERS_MAX = 64;
  private static final long LOOK_MS = 250;

  /** Who looks so late did not run meanwhile: asleep, or on a machine with too much to do. */
  private static final long LATE_MS = 1_500;

  private static final long BYE_MS = 3_000;

  /** The others shall hear from signaling that we leave, and not wonder where the links are. */
  private static final long LINKS_MS = 200;

  private final Listener listener;
  private final PeerCertificate certificate = PeerCertificate.fresh();
  private final String session;
  private final Trust trust;
  private final ScheduledExecutorService executor;
  private final SignalClient signal;
  private final Map<String, Dialer> dialerById = new ConcurrentHashMap<>();
  private final Set<String> unlisted = new HashSet<>();
  private final RelayBudget budget;
  private volatile IceServers servers = IceServers.NONE;
  private boolean isAway;
  private long lookedAt = DtlsLink.nowMs();
  private final PortMapper mapper;
  private final Thread atExit = new Thread(this::leave);
  private volatile @Nullable Set<Family> udp;

  /**
   * Who enters which room.
   *
   * @param role what the others are told that this one does
   * @param relayMax bytes that may be sent by a relay
   */
  public record Entry(String room, String name, String role, long relayMax) {}

  public Mesh(Gateway gateway, Entry entry, Listener listener) {
    this.listener = listener;
    trust = gateway.trust();
    budget = new RelayBudget(entry.relayMax);
    mapper = new PortMapper(listener::onNotice);
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    session = HexFormat.of().formatHex(random);
    executor =
        Executors.newSingleThreadScheduledExecutor(
            work -> Thread.ofPlatform().daemon().name("mesh").unstarted(work));
    JsonObject meta =
        new JsonObject()
            .put("name", entry.name)
            .put("role", entry.role)
            .put("app", "puente")
            .put("session", session);
    signal = new SignalClient(gateway, entry.room, meta, executor, this);
  }

  public void start() {
    Runtime.getRuntime().addShutdownHook(atExit);
    executor.execute(signal::connect);
    executor.scheduleWithFixedDelay(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
    Thread.ofPlatform().daemon().name("warm up").start(IcePath::warm);
  }

  /** Those are asked how this host is seen over UDP; one of each address family that it has. */
  public List<InetSocketAddress> stunServers() {
    return Routes.firsts(servers.stun());
  }

  public Collection<Peer> peers() {
    return dialerById.values().stream().map(Dialer::peer).toList();
  }

  // ---- what signaling tells, on the executor

  @Override
  public void iceServers(JsonArray list) {
    back(); // also of a session that goes on
    servers = IceServers.of(list);
    servers.stun().stream()
        .filter(one -> Routes.family(one.getAddress()) == Family.IPV4)
        .findFirst()
        .ifPresent(mapper::search); // with IPv6 there is no port to lend
  }

  @Override
  public void joined(String self, JsonArray peers) {
    back();
    Set<String> here = new HashSet<>();
    for (int i = 0; i < peers.size(); i++) {
      here.add(peers.getJsonObject(i).getString("id"));
    }
    // The others did the same with us, if they heard no more: both sides begin anew, or neither.
    for (Peer known : peers()) {
      if (known.path().isEmpty()) {
        leave(known, "lost meanwhile");
      } else if (!here.contains(known.id())) {
        unlisted.add(known.id());
      }
    }
    for (int i = 0; i < peers.size(); i++) {
      meet(peers.getJsonObject(i));
    }
    listener.onJoined(peers.size());
  }

  @Override
  public void event(String type, JsonObject frame) {
    JsonObject data = frame.getJsonObject("d", new JsonObject());
    switch (type) {
      case "peer.joined" -> meet(data);
      case "peer.left" -> {
        Dialer dialer = dialerById.get(data.getString("id", ""));
        if (dialer != null) {
          left(dialer.peer(), data.getString("reason", "left"));
        }
      }
      case "msg" -> {
        Dialer from = dialerById.get(frame.getString("from", ""));
        if (from != null) {
          told(from, data);
        }
      }
      case "error" -> listener.onNotice("the server: " + data.getString("message", ""));
      default -> {} // acknowledgements, presence
    }
  }

  @Override
  public void offline(String why) {
    udp = null; // perhaps another network
    if (!isAway) {
      isAway = true;
      String paths = dialerById.isEmpty() ? "" : "; open paths stay";
      listener.onNotice(why + ", trying again" + paths);
    }
  }

  @Override
  public void failed(String why) {
    listener.onFailed(why);
  }

  private void look() {
    long now = DtlsLink.nowMs();
    boolean isLate = now - lookedAt > LATE_MS;
    lookedAt = now;
    for (Peer peer : peers()) {
      if (isLate) {
        peer.excuse(now);
      }
      if (peer.turned(now)) {
        if (peer.isSilent()) {
          listener.onSilent(peer);
        } else {
          listener.onBack(peer);
        }
      }
    }
  }

  private void back() {
    if (isAway) {
      isAway = false;
      listener.onNotice("the server is back");
    }
  }

  private void meet(JsonObject member) {
    String id = member.getString("id", "");
    JsonObject meta = member.getJsonObject("meta", new JsonObject());
    Dialer known = dialerById.get(id);
    unlisted.remove(id);
    if (known != null && !isSame(known.peer(), meta)) {
      leave(known.peer(), "began anew");
      known = null;
    }
    if (!"puente".equals(meta.getString("app")) || known != null) {
      return;
    }
    if (dialerById.size() >= PEERS_MAX) {
      listener.onNotice("more than " + PEERS_MAX + " peers: the others are left out");
      return;
    }
    Peer peer = new Peer(id, meta, member.getBoolean("polite", false), budget);
    Dialer dialer = new Dialer(peer, this);
    dialerById.put(id, dialer);
    listener.onPeer(peer);
    Thread.ofPlatform().daemon().name("from " + peer.name()).start(() -> deliver(peer));
    if (peer.isOfferer()) {
      dialer.start();
    }
  }

  /** Somebody whose program began anew under his old name has forgotten what was said. */
  private static boolean isSame(Peer peer, JsonObject meta) {
    return String.valueOf(meta.getString("session"))
        .equals(String.valueOf(peer.meta().getString("session")));
  }

  private void deliver(Peer peer) {
    try {
      for (byte[] message = peer.next(); message != null; message = peer.next()) {
        listener.onMessage(peer, message);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whom the server has only lost is still here if he is heard. */
  private void left(Peer peer, String why) {
    boolean isLost = why.equals("timeout") || why.equals("drain");
    if (isLost && !peer.path().isEmpty()) {
      unlisted.add(peer.id());
    } else {
      leave(peer, why);
    }
  }

  @Override
  public void pathless(Peer peer) {
    if (unlisted.contains(peer.id())) {
      leave(peer, "lost");
    }
  }

  private void leave(Peer peer, String why) {
    unlisted.remove(peer.id());
    dialerById.remove(peer.id());
    peer.gone();
    listener.onGone(peer, why);
  }

  private void told(Dialer from, JsonObject data) {
    String name = from.peer().name();
    try {
      switch (data.getString("say", "")) {
        case "description" -> from.described(data);
        case "restart" -> from.restart(data);
        default -> {} // of a later version
      }
    } catch (ClassCastException strange) {
      listener.onNotice(name + " says what cannot be understood");
    } catch (IOException forged) {
      listener.onNotice(name + " " + forged.getMessage() + ": not connected by that way");
    }
  }

  // ---- for the dialers

  @Override
  public boolean hasRelay() {
    return !servers.relays().isEmpty();
  }

  @Override
  public synchronized Footing footing() {
    Set<Family> known = udp;
    if (known == null) {
      known = UdpProbe.families(servers.stun());
      udp = known;
      if (known.isEmpty()) {
        listener.onNotice("nothing comes back over UDP from here: by TCP");
      }
    }
    return new Footing(servers, known, mapper, trust);
  }

  @Override
  public PeerCertificate certificate() {
    return certificate;
  }

  @Override
  public void say(Peer to, JsonObject data) {
    signal.message(to.id(), data);
  }

  @Override
  public Listener listener() {
    return listener;
  }

  @Override
  public void later(Runnable work, long delayMs) {
    try {
      executor.schedule(work, delayMs, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException closed) {
      return;
    }
  }

  /** Tells the server, and it the others. */
  @Override
  public void close() {
    leave();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException exiting) {
      return; // the hook does no harm a second time
    }
  }

  /** Whoever ends the program: the others shall not wonder. */
  private void leave() {
    CompletableFuture<Void> told = new CompletableFuture<>();
    later(() -> signal.bye().whenComplete((done, failed) -> told.complete(null)), 0);
    told.completeOnTimeout(null, BYE_MS, TimeUnit.MILLISECONDS);
    if (executor.isShutdown()) {
      return;
    }
    told.join();
    executor.shutdown();
    try {
      executor.awaitTermination(LINKS_MS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    executor.shutdownNow();
    peers().forEach(Peer::gone);
    mapper.close();
  }
}
