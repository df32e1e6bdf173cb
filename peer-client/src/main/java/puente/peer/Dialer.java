package puente.peer;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Opens links to one peer, and again when they end: one by the relay, which is there first, and behind
 * it a direct one, by UDP and then by TCP. One of the two sides offers, the other asks it to; each
 * description carries the number of the attempt that it belongs to. All but {@link #run} on the
 * mesh's executor.
 */
final class Dialer {
  private static final long ANSWER_MS = 15_000;
  private static final long CONNECT_MS = 12_000;
  private static final long AGAIN_MS = 1_000;

  /** A NAT that does not open now does not open in a second either. */
  private static final long DIRECT_AGAIN_MS = 10_000;

  private static final int DOUBLINGS_MAX = 3;

  /** Of one kind at a time, should the other side offer faster than attempts end. */
  private static final int ATTEMPTS_MAX = 3;

  /** Who leaves closes the links, too, and signaling says so in a moment. */
  private static final long TELL_MS = 1_500;

  /** What the mesh does for it. */
  interface Company {
    IceServers servers();

    /** Blocks for a while the first time. */
    boolean udpWorks();

    PeerCertificate certificate();

    PortMapper mapper();

    void say(Peer to, JsonObject data);

    void later(Runnable work, long delayMs);

    /** The last link to it has ended. */
    void pathless(Peer peer);

    Mesh.Listener listener();
  }

  /** One kind of link. */
  private static final class Lane {
    long negotiation;
    Way way = Way.UDP;
    int failures;
    int running;
    @Nullable CompletableFuture<JsonObject> answer;
  }

  private final Peer peer;
  private final Company company;
  private final Map<Boolean, Lane> lanes = new HashMap<>();
  private String fingerprint = "";

  Dialer(Peer peer, Company company) {
    this.peer = peer;
    this.company = company;
  }

  Peer peer() {
    return peer;
  }

  private Lane lane(Way way) {
    return lanes.computeIfAbsent(way.isDirect(), direct -> new Lane());
  }

  /** The offerer's beginning. */
  void start() {
    if (!company.servers().relays().isEmpty() && peer.mayBeRelayed()) {
      offer(Way.RELAY);
    }
    offer(Way.UDP);
  }

  private void offer(Way way) {
    Lane lane = lane(way);
    CompletableFuture<JsonObject> answer = new CompletableFuture<>();
    lane.answer = answer;
    lane.way = way;
    attempt(way, ++lane.negotiation, answer);
  }

  /** The other side described itself: an answer, or an offer. */
  void described(JsonObject data) throws IOException {
    Way way = Way.of(data.getString("way", ""));
    JsonObject description = data.getJsonObject("description", new JsonObject());
    String theirs = description.getString("fingerprint", "");
    if (fingerprint.isEmpty()) {
      fingerprint = theirs;
    } else if (!theirs.isEmpty() && !fingerprint.equals(theirs)) {
      throw new IOException("shows another certificate than before");
    }
    Lane lane = lane(way);
    long number = data.getLong("neg", 0L);
    CompletableFuture<JsonObject> waiting = lane.answer;
    if (peer.isOfferer()) {
      if (number == lane.negotiation && waiting != null) {
        waiting.complete(description);
      }
    } else if (number > lane.negotiation && lane.running < ATTEMPTS_MAX) {
      lane.negotiation = number;
      lane.way = way;
      attempt(way, number, CompletableFuture.completedFuture(description));
    }
  }

  /** The other side lost the link, or could not open it. */
  void restart(JsonObject data) {
    Way way = Way.of(data.getString("way", ""));
    Lane lane = lane(way);
    if (peer.isOfferer() && data.getLong("neg", 0L) == lane.negotiation) {
      offer(way.isDirect() ? Way.UDP : Way.RELAY);
    }
  }

  private void attempt(Way way, long number, CompletableFuture<JsonObject> remote) {
    lane(way).running++;
    Thread.ofPlatform()
        .daemon()
        .name(way.word() + " to " + peer.name())
        .start(() -> run(way, number, remote));
  }

  private void run(Way way, long number, CompletableFuture<JsonObject> remote) {
    boolean[] wasOpen = {false};
    String why = "";
    try {
      connect(way, number, remote, wasOpen);
    } catch (TimeoutException silent) {
      why = "does not answer";
    } catch (IOException | RuntimeException failed) {
      why = String.valueOf(failed.getMessage());
    } catch (Exception failed) {
      why = failed.toString();
    }
    String reason = why;
    company.later(() -> ended(way, number, wasOpen[0], reason), 0);
  }

  private void connect(
      Way way, long number, CompletableFuture<JsonObject> remote, boolean[] wasOpen)
      throws Exception {
    String mine = company.certificate().fingerprint();
    DtlsLink link;
    String theirs;
    Path path = open(way, number, mine);
    try {
      describe(way, number, path.description().put("fingerprint", mine));
      JsonObject other = remote.get(ANSWER_MS, TimeUnit.MILLISECONDS);
      if (other.containsKey("no")) {
        throw new IOException("there: " + other.getString("no"));
      }
      theirs = other.getString("fingerprint", "");
      path.connect(other, CONNECT_MS);
      link = DtlsLink.open(path, way.isDirect(), peer.isOfferer(), company.certificate(), theirs);
    } catch (Exception | Error failed) {
      path.close();
      throw failed;
    }
    wasOpen[0] = true;
    peer.run(link, peer.isOfferer() ? mine + theirs : theirs + mine, company.listener());
  }

  /** Who cannot try says so at once: the other shall not wait for it. */
  private Path open(Way way, long number, String mine) throws IOException {
    try {
      boolean udp = company.udpWorks();
      if (way == Way.UDP && !udp) {
        throw new IOException("no UDP here");
      }
      return way == Way.TCP
          ? new TcpPath(peer.isOfferer(), company.servers(), company.mapper())
          : new IcePath(way, peer.isOfferer(), company.servers(), udp, company.mapper());
    } catch (IOException cannot) {
      if (!peer.isOfferer()) {
        describe(
            way, number, new JsonObject().put("no", cannot.getMessage()).put("fingerprint", mine));
      }
      throw cannot;
    }
  }

  private void describe(Way way, long number, JsonObject description) {
    JsonObject data =
        new JsonObject()
            .put("say", "description")
            .put("way", way.word())
            .put("neg", number)
            .put("description", description);
    company.later(() -> company.say(peer, data), 0);
  }

  private void ended(Way way, long number, boolean wasOpen, String why) {
    Lane lane = lane(way);
    lane.running--;
    if (peer.isGone() || lane.negotiation != number) {
      return; // somebody is on it already
    }
    lane.failures = wasOpen ? 0 : lane.failures + 1;
    if (wasOpen) {
      company.later(this::tell, TELL_MS);
    } else if (peer.path().isEmpty() && way != Way.UDP && lane.failures <= 2) {
      company.listener().onNotice(peer.name() + ": " + why + "; trying again");
    }
    if (!peer.isOfferer()) {
      // A failed attempt is known to the offerer, too; a link that broke may not be.
      long wait = wasOpen ? AGAIN_MS : 2 * DIRECT_AGAIN_MS << DOUBLINGS_MAX;
      JsonObject wish =
          new JsonObject().put("say", "restart").put("way", way.word()).put("neg", number);
      company.later(() -> ifCurrent(lane, number, () -> company.say(peer, wish)), wait);
    } else if (way == Way.UDP && !wasOpen) {
      offer(Way.TCP);
    } else {
      long base = way.isDirect() && !wasOpen ? DIRECT_AGAIN_MS : AGAIN_MS;
      long wait = base << Math.min(lane.failures / 2, DOUBLINGS_MAX);
      Way next = way.isDirect() ? Way.UDP : Way.RELAY;
      company.later(() -> ifCurrent(lane, number, () -> offer(next)), wait);
    }
  }

  private void tell() {
    if (!peer.isGone() && peer.hasChanged()) {
      company.listener().onPath(peer);
    }
    if (!peer.isGone() && peer.path().isEmpty()) {
      company.pathless(peer);
    }
  }

  private void ifCurrent(Lane lane, long number, Runnable work) {
    if (!peer.isGone() && lane.negotiation == number) {
      work.run();
    }
  }
}
