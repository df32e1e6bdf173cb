package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

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
    /** Whether there is a relay to ask. */
    boolean hasRelay();

    /** Blocks for a while the first time. */
    Footing footing();

    PeerCertificate certificate();

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

  /** Of the relay's address, which has to be one that the other reaches. */
  private volatile Family relayed = Family.IPV4;

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
    if (company.hasRelay() && peer.mayBeRelayed()) {
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

  /**
   * How an attempt ended.
   *
   * @param why in words; empty if a link ended of which {@link Peer} tells
   * @param wanted families by which the other can be reached, if it was not by the one tried
   */
  private record End(boolean wasOpen, String why, Set<Family> wanted) {}

  private void run(Way way, long number, CompletableFuture<JsonObject> remote) {
    boolean[] wasOpen = {false};
    String why = "";
    Set<Family> wanted = Set.of();
    try {
      connect(way, number, remote, wasOpen);
    } catch (TimeoutException silent) {
      why = "does not answer";
    } catch (FamilyMismatch other) {
      why = String.valueOf(other.getMessage());
      wanted = other.wanted();
    } catch (IOException | RuntimeException failed) {
      why = String.valueOf(failed.getMessage());
    } catch (Exception failed) {
      why = failed.toString();
    }
    End end = new End(wasOpen[0], why, wanted);
    company.later(() -> ended(way, number, end), 0);
  }

  private void connect(
      Way way, long number, CompletableFuture<JsonObject> remote, boolean[] wasOpen)
      throws Exception {
    String mine = company.certificate().fingerprint();
    DtlsLink link;
    String theirs;
    Path path = open(way, number, mine, remote);
    try {
      describe(way, number, path.description().put("fingerprint", mine));
      JsonObject other = remote.get(ANSWER_MS, TimeUnit.MILLISECONDS);
      if (other.containsKey("no")) {
        throw refusal(other);
      }
      theirs = other.getString("fingerprint", "");
      path.connect(other, CONNECT_MS);
      link = DtlsLink.open(path, way.isDirect(), peer.isOfferer(), company.certificate(), theirs);
    } catch (Exception | Error failed) {
      path.close();
      throw failed;
    }
    wasOpen[0] = true;
    peer.shows(theirs);
    peer.run(link, peer.isOfferer() ? mine + theirs : theirs + mine, company.listener());
  }

  private static IOException refusal(JsonObject answer) {
    String why = "there: " + answer.getString("no");
    JsonArray words = answer.getJsonArray("families", new JsonArray());
    Set<Family> wanted = EnumSet.noneOf(Family.class);
    for (Family family : Family.values()) {
      if (words.contains(family.name())) {
        wanted.add(family);
      }
    }
    return wanted.isEmpty() ? new IOException(why) : new FamilyMismatch(why, wanted);
  }

  private static JsonArray words(Set<Family> families) {
    JsonArray words = new JsonArray();
    families.forEach(family -> words.add(family.name()));
    return words;
  }

  /** Who cannot try says so at once: the other shall not wait for it. */
  private Path open(Way way, long number, String mine, CompletableFuture<JsonObject> remote)
      throws IOException {
    try {
      Footing footing = company.footing();
      if (way == Way.UDP && !footing.hasUdp()) {
        throw new IOException("no UDP here");
      }
      return peer.isOfferer()
          ? open(way, footing, relayed)
          : answering(way, footing, remote.getNow(new JsonObject()));
    } catch (IOException cannot) {
      if (!peer.isOfferer()) {
        JsonObject no = new JsonObject().put("no", cannot.getMessage()).put("fingerprint", mine);
        describe(
            way,
            number,
            cannot instanceof FamilyMismatch other
                ? no.put("families", words(other.wanted()))
                : no);
      }
      throw cannot;
    }
  }

  private Path open(Way way, Footing footing, Family family) throws IOException {
    return way == Way.TCP
        ? new TcpPath(peer.isOfferer(), footing)
        : new IcePath(way, peer.isOfferer(), footing, family);
  }

  private Path answering(Way way, Footing footing, JsonObject offer) throws IOException {
    Set<Family> offered = Routes.families(offer);
    boolean isIpv6 = offered.equals(EnumSet.of(Family.IPV6));
    Path path = open(way, footing, isIpv6 ? Family.IPV6 : Family.IPV4);
    if (!offered.isEmpty() && !path.canReach(offer)) {
      Set<Family> own = path.families();
      path.close();
      throw new FamilyMismatch("no address of the same family", own);
    }
    return path;
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

  private void ended(Way way, long number, End end) {
    boolean wasOpen = end.wasOpen;
    Lane lane = lane(way);
    lane.running--;
    if (peer.isGone() || lane.negotiation != number) {
      return; // somebody is on it already
    }
    lane.failures = wasOpen ? 0 : lane.failures + 1;
    if (wasOpen) {
      company.later(this::tell, TELL_MS);
    } else if (way == Way.RELAY && isOtherRelay(end.wanted) && lane.failures == 1) {
      offer(Way.RELAY);
      return;
    } else if (peer.path().isEmpty()
        && way != Way.UDP
        && end.wanted.isEmpty()
        && lane.failures <= 2) {
      company.listener().onNotice(peer.name() + ": " + end.why + "; trying again");
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

  /** From now on the relay is asked for an address of this family, if it is another. */
  private boolean isOtherRelay(Set<Family> wanted) {
    if (!peer.isOfferer() || wanted.isEmpty() || wanted.contains(relayed)) {
      return false;
    }
    relayed = wanted.iterator().next();
    return true;
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
