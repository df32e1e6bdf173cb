package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
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
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * All members of a room, each connected with each: ICE for a path, DTLS on it, a {@link Flow} in
 * that. Of each pair the impolite one (docs/SIGNALING.md) offers and opens new paths, the other asks
 * it to. What is told comes from many threads.
 */
public final class Mesh implements AutoCloseable, SignalClient.Listener {
  /** What a user of the mesh hears. */
  public interface Listener {
    /** The room was entered, and {@link #onPeer} told of each of the others in it. */
    void onJoined(int others);

    void onPeer(Peer peer);

    void onGone(Peer peer, String why);

    /** It has a path, another one, or none any more. */
    void onPath(Peer peer);

    void onMessage(Peer peer, byte[] message);

    void onNotice(String line);

    /** It will not work. */
    void onFailed(String why);
  }

  private static final int PEERS_MAX = 64;
  private static final long ANSWER_MS = 30_000;
  private static final long CONNECT_MS = 30_000;
  private static final long AGAIN_MS = 1_000;

  private final Listener listener;
  private final PeerCertificate certificate = PeerCertificate.fresh();
  private final String session;
  private final ScheduledExecutorService executor;
  private final SignalClient signal;
  private final Map<String, Peer> peerById = new ConcurrentHashMap<>();
  private volatile IceServers servers = IceServers.NONE;
  private volatile @Nullable Boolean udp;
  private volatile boolean isClosed;

  /**
   * @param role what the others are told that this one does
   */
  public Mesh(Gateway gateway, String room, String name, String role, Listener listener) {
    this.listener = listener;
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    session = HexFormat.of().formatHex(random);
    executor =
        Executors.newSingleThreadScheduledExecutor(
            work -> Thread.ofPlatform().daemon().name("mesh").unstarted(work));
    JsonObject meta = new JsonObject().put("name", name).put("role", role).put("app", "puente");
    signal = new SignalClient(gateway, room, meta, executor, this);
  }

  public void start() {
    executor.execute(signal::connect);
  }

  public Collection<Peer> peers() {
    return List.copyOf(peerById.values());
  }

  // ---- what signaling tells, on the executor

  @Override
  public void iceServers(JsonArray list) {
    servers = IceServers.of(list);
  }

  @Override
  public void joined(String self, JsonArray peers) {
    Set<String> here = new HashSet<>();
    for (int i = 0; i < peers.size(); i++) {
      here.add(peers.getJsonObject(i).getString("id"));
    }
    for (Peer known : peers()) {
      if (!here.contains(known.id())) {
        leave(known, "left meanwhile");
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
        Peer peer = peerById.get(data.getString("id", ""));
        if (peer != null) {
          leave(peer, data.getString("reason", "left"));
        }
      }
      case "msg" -> {
        Peer from = peerById.get(frame.getString("from", ""));
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
    listener.onNotice("signaling is away (" + why + "), trying again; open paths stay");
  }

  @Override
  public void failed(String why) {
    listener.onFailed(why);
  }

  private void meet(JsonObject member) {
    String id = member.getString("id", "");
    JsonObject meta = member.getJsonObject("meta", new JsonObject());
    if (!"puente".equals(meta.getString("app")) || peerById.containsKey(id)) {
      return;
    }
    if (peerById.size() >= PEERS_MAX) {
      listener.onNotice("more than " + PEERS_MAX + " peers: the others are left out");
      return;
    }
    Peer peer = new Peer(id, meta, member.getBoolean("polite", false));
    peerById.put(id, peer);
    listener.onPeer(peer);
    if (peer.isOfferer()) {
      offer(peer);
    }
  }

  private void leave(Peer peer, String why) {
    peerById.remove(peer.id(), peer);
    peer.gone();
    listener.onGone(peer, why);
  }

  private void told(Peer from, JsonObject data) {
    try {
      switch (data.getString("say", "")) {
        case "description" -> described(from, data);
        case "restart" -> {
          if (from.isOfferer() && data.getLong("neg", 0L) == from.negotiation) {
            offer(from);
          }
        }
        default -> {} // of a later version
      }
    } catch (ClassCastException strange) {
      listener.onNotice(from.name() + " says what cannot be understood");
    }
  }

  private void described(Peer from, JsonObject data) {
    JsonObject description = data.getJsonObject("description", new JsonObject());
    long number = data.getLong("neg", 0L);
    CompletableFuture<JsonObject> waiting = from.answer;
    if (from.isOfferer()) {
      if (number == from.negotiation && waiting != null) {
        waiting.complete(description);
      }
      return;
    }
    Peer peer = sameSession(from, description);
    if (number > peer.negotiation) {
      peer.negotiation = number;
      attempt(peer, number, CompletableFuture.completedFuture(description));
    }
  }

  /** Somebody whose program began anew under his old name has forgotten what was said. */
  private Peer sameSession(Peer peer, JsonObject description) {
    String now = description.getString("session", "");
    if (peer.session.isEmpty() || peer.session.equals(now)) {
      peer.session = now;
      return peer;
    }
    leave(peer, "began anew");
    Peer fresh =
        new Peer(
            peer.id(), new JsonObject().put("name", peer.name()).put("role", peer.role()), false);
    fresh.session = now;
    peerById.put(fresh.id(), fresh);
    listener.onPeer(fresh);
    return fresh;
  }

  // ---- paths

  private void offer(Peer peer) {
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    peer.answer = answer;
    attempt(peer, ++peer.negotiation, answer);
  }

  private void attempt(Peer peer, long number, CompletableFuture<JsonObject> remote) {
    Thread.ofPlatform()
        .daemon()
        .name("peer " + peer.name())
        .start(
            () -> {
              String why;
              try {
                connect(peer, number, remote);
                return;
              } catch (IOException | TimeoutException | RuntimeException failed) {
                why = String.valueOf(failed.getMessage());
              } catch (Exception failed) {
                why = failed.toString();
              }
              failed(peer, number, why);
            });
  }

  private void connect(Peer peer, long number, CompletableFuture<JsonObject> remote)
      throws Exception {
    IcePath path = new IcePath(peer.isOfferer(), servers, udpWorks());
    DtlsLink link;
    String theirs;
    try {
      JsonObject own =
          path.description().put("session", session).put("fingerprint", certificate.fingerprint());
      run(
          () ->
              signal.message(
                  peer.id(),
                  new JsonObject()
                      .put("say", "description")
                      .put("neg", number)
                      .put("description", own)));
      JsonObject other = remote.get(ANSWER_MS, TimeUnit.MILLISECONDS);
      theirs = other.getString("fingerprint", "");
      path.connect(other, CONNECT_MS);
      link = DtlsLink.open(path, peer.isOfferer(), certificate, theirs);
    } catch (Exception | Error failed) {
      path.close();
      throw failed;
    }
    String mine = certificate.fingerprint();
    String both = peer.isOfferer() ? mine + theirs : theirs + mine;
    try {
      peer.run(link, both, listener);
    } finally {
      peer.drop(link);
    }
  }

  private boolean udpWorks() {
    Boolean known = udp;
    if (known == null) {
      known = UdpProbe.answers(servers.stun());
      udp = known;
      if (!known) {
        listener.onNotice("nothing comes back over UDP from here: by TCP to the relay");
      }
    }
    return known;
  }

  private void failed(Peer peer, long number, String why) {
    run(
        () -> {
          if (peer.isGone() || peer.negotiation != number) {
            return; // somebody is on it already
          }
          listener.onPath(peer);
          listener.onNotice(peer.name() + ": " + why + "; trying again");
          udp = null;
          executor.schedule(() -> again(peer, number), AGAIN_MS, TimeUnit.MILLISECONDS);
        });
  }

  private void again(Peer peer, long number) {
    if (peer.isGone() || peer.negotiation != number || isClosed) {
      return;
    }
    if (peer.isOfferer()) {
      offer(peer);
    } else {
      signal.message(peer.id(), new JsonObject().put("say", "restart").put("neg", number));
    }
  }

  private void run(Runnable work) {
    try {
      executor.execute(work);
    } catch (RejectedExecutionException closed) {
      return;
    }
  }

  /** Tells the server and the others. */
  @Override
  public void close() {
    isClosed = true;
    run(
        () -> {
          signal.close();
          peers().forEach(Peer::gone);
        });
    executor.shutdown();
    try {
      executor.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
