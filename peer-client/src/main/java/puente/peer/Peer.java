package puente.peer;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Another member of the room, and what goes between the two of us. There may be two links at a time,
 * by a relay and directly; the direct one carries as long as it answers, else the other.
 */
public final class Peer {
  private static final byte INTRODUCTION = 0;
  private static final byte MESSAGE = 1;
  private static final int LOOK_MS = 20;

  /** Twenty peers in a room are hundreds of links, most of which have nothing to do. */
  private static final int LOOK_IDLE_MS = 100;

  private static final int LOOK_SPARE_MS = 400;

  /** A link is given up when nothing was heard for so long. */
  private static final long DIRECT_DEAD_MS = 7_000;

  private static final long RELAY_DEAD_MS = 12_000;

  /** Much sooner the relay steps in: when the direct link is silent, or when answers are due on it. */
  private static final long SILENT_MS = 2_000;

  private static final long SILENT_BUSY_MS = 1_000;

  /** Or when the other side has stepped over already. */
  private static final long SILENT_FOLLOW_MS = 600;

  private static final long FOLLOW_MS = 300;

  /** What a slow reader lets pile up. */
  private static final int INBOX_MAX = 4096;

  private final String id;
  private final JsonObject meta;
  private final boolean isOfferer;
  private final RelayBudget budget;
  private final Flow flow;
  private final Deque<byte[]> inbox = new ArrayDeque<>();
  private @Nullable DtlsLink direct;
  private @Nullable DtlsLink relay;
  private @Nullable DtlsLink current;
  private @Nullable Introduction introduction;
  private String shown = "";
  private String key = "";
  private final Pulse pulse = new Pulse();
  private long relayHeardAt;
  private long relayedBytes;
  private long directBytes;
  private long receivedBytes;
  private boolean isGone;

  Peer(String id, JsonObject meta, boolean isOfferer, RelayBudget budget) {
    this.id = id;
    this.meta = meta;
    this.isOfferer = isOfferer;
    this.budget = budget;
    flow = new Flow(DtlsLink.nowMs(), this::toWire, this::onFlow);
  }

  public String id() {
    return id;
  }

  public String name() {
    return meta.getString("name", id);
  }

  /** What the other's command does: chat, send or receive. */
  public String role() {
    return meta.getString("role", "");
  }

  JsonObject meta() {
    return meta;
  }

  boolean isOfferer() {
    return isOfferer;
  }

  boolean mayBeRelayed() {
    return !budget.isSpent();
  }

  /** In words; empty if there is none now. */
  public synchronized String path() {
    DtlsLink now = current;
    return now == null ? "" : now.kind();
  }

  public synchronized boolean isDirect() {
    DtlsLink now = current;
    return now != null && now.isDirect();
  }

  public synchronized double rttMs() {
    return flow.rttMs();
  }

  /** To be compared with what the other sees; empty if not known yet. */
  public synchronized String code() {
    Introduction with = introduction;
    return with == null ? "" : with.code();
  }

  /** Fingerprint of its certificate, which its program made for itself; empty if not shown yet. */
  public synchronized String key() {
    return key;
  }

  /** What it showed on a link that is open. */
  synchronized void shows(String fingerprint) {
    key = fingerprint;
  }

  public synchronized boolean isGone() {
    return isGone;
  }

  /** Nothing was heard on any link for long: its program or its network died, or sleeps. */
  public synchronized boolean isSilent() {
    return pulse.isSilent();
  }

  public synchronized long silentMs() {
    return pulse.silentMs(DtlsLink.nowMs());
  }

  /** True when {@link #isSilent} has changed. */
  synchronized boolean turned(long now) {
    boolean turned = pulse.turned(now);
    if (turned) {
      notifyAll();
    }
    return turned;
  }

  /** This process did not run meanwhile: silence was its own. */
  synchronized void excuse(long now) {
    pulse.excuse(now);
  }

  public synchronized long resent() {
    return flow.resent();
  }

  /** Sent to it and received from it, by a relay or directly. */
  public synchronized long bytes(boolean byRelay) {
    return byRelay ? relayedBytes : directBytes;
  }

  public synchronized long receivedBytes() {
    return receivedBytes;
  }

  /**
   * Once and in order, over whatever path there is; waits for room.
   *
   * @return false if the other is gone
   */
  public synchronized boolean send(byte[] message) throws InterruptedException {
    byte[] framed = framed(MESSAGE, message);
    while (!isGone) {
      if (flow.offer(framed, DtlsLink.nowMs())) {
        return true;
      }
      wait();
    }
    return false;
  }

  public static int messageMax() {
    return Flow.MESSAGE_MAX - 1;
  }

  /** Waits until all that was sent has arrived; false if it did not in this time. */
  public synchronized boolean flush(long patienceMs) throws InterruptedException {
    long end = DtlsLink.nowMs() + patienceMs;
    while (!flow.isEmpty() && !isGone && !pulse.isSilent() && DtlsLink.nowMs() < end) {
      wait(Math.max(1, end - DtlsLink.nowMs()));
    }
    return flow.isEmpty();
  }

  /** The next message; null when the other is gone and nothing is left. */
  synchronized byte @Nullable [] next() throws InterruptedException {
    while (inbox.isEmpty() && !isGone) {
      wait();
    }
    byte[] message = inbox.poll();
    flow.setRoom(inbox.size() < INBOX_MAX);
    return message;
  }

  /** Serves this link until it ends, which is told as an exception if nobody here ended it. */
  void run(DtlsLink fresh, String fingerprints, Mesh.Listener listener) throws IOException {
    byte[] buffer = new byte[2048];
    try {
      add(fresh, fingerprints);
      do {
        if (hasChanged()) {
          listener.onPath(this);
        }
        int length = fresh.receive(buffer, waitMs(fresh), isCarrying(fresh));
        take(fresh, buffer, length);
      } while (isServed(fresh));
    } finally {
      drop(fresh); // which is told a little later, unless the other left: see Dialer
    }
  }

  private synchronized void add(DtlsLink fresh, String fingerprints) {
    DtlsLink old = fresh.isDirect() ? direct : relay;
    if (fresh.isDirect()) {
      direct = fresh;
    } else {
      relay = fresh;
    }
    if (old != null) {
      old.close();
    }
    route(DtlsLink.nowMs());
    if (introduction == null) {
      byte[] number = new byte[Introduction.NUMBER_BYTES];
      new SecureRandom().nextBytes(number);
      Introduction with = new Introduction(isOfferer, number, fingerprints);
      introduction = with;
      if (isOfferer) {
        introduce(with.commitment());
      }
    }
  }

  private void introduce(byte[] message) {
    flow.offer(framed(INTRODUCTION, message), DtlsLink.nowMs());
  }

  private static byte[] framed(byte kind, byte[] message) {
    byte[] framed = new byte[message.length + 1];
    framed[0] = kind;
    System.arraycopy(message, 0, framed, 1, message.length);
    return framed;
  }

  synchronized boolean hasChanged() {
    String state = path() + code();
    boolean has = !state.equals(shown);
    shown = state;
    return has;
  }

  private synchronized boolean isServed(DtlsLink one) throws IOException {
    if (isGone || one != (one.isDirect() ? direct : relay)) {
      return false;
    }
    long silentMs = one.silentMs(DtlsLink.nowMs());
    if (silentMs > (one.isDirect() ? DIRECT_DEAD_MS : RELAY_DEAD_MS)) {
      throw new IOException("nothing was heard for " + silentMs / 1000 + " s");
    }
    return true;
  }

  private synchronized boolean isCarrying(DtlsLink one) {
    return one == current;
  }

  /** What comes ends the wait; timers are looked after by who reads the link that carries. */
  private synchronized int waitMs(DtlsLink one) {
    if (one != current) {
      return LOOK_SPARE_MS;
    }
    int most = flow.isEmpty() ? LOOK_IDLE_MS : LOOK_MS;
    return Math.clamp(flow.nextDeadline() - DtlsLink.nowMs(), 1, most);
  }

  private synchronized void take(DtlsLink from, byte[] buffer, int length) {
    long now = DtlsLink.nowMs();
    pulse.heard(now - from.silentMs(now));
    if (length > 0) {
      relayHeardAt = from.isDirect() ? relayHeardAt : now;
      receivedBytes += length;
      count(from, length);
      flow.onPacket(buffer, length, now);
    }
    route(now);
    flow.onTime(now);
    notifyAll();
  }

  /** Chooses the link that carries from now on. */
  private void route(long now) {
    DtlsLink old = current;
    DtlsLink best = best(now);
    if (best == old) {
      return;
    }
    current = best;
    if (best != null) {
      boolean isOldDead =
          old == null || old != direct && old != relay || old.silentMs(now) > SILENT_FOLLOW_MS;
      flow.onNewPath(isOldDead, now);
    }
  }

  private @Nullable DtlsLink best(long now) {
    DtlsLink straight = direct;
    DtlsLink lent = mayBeRelayed() ? relay : null;
    if (straight == null || lent == null) {
      return straight == null ? lent : straight;
    }
    long silentMs = straight.silentMs(now);
    boolean isSilent =
        silentMs > SILENT_MS
            || silentMs > SILENT_BUSY_MS && !flow.isEmpty()
            || silentMs > SILENT_FOLLOW_MS && now - relayHeardAt < FOLLOW_MS;
    return isSilent ? lent : straight;
  }

  private void onFlow(byte[] framed) {
    if (framed.length == 0) {
      return;
    }
    byte[] message = Arrays.copyOfRange(framed, 1, framed.length);
    Introduction with = introduction;
    if (framed[0] == MESSAGE) {
      inbox.add(message);
      flow.setRoom(inbox.size() < INBOX_MAX);
    } else if (with != null) {
      byte[] reply = with.onMessage(message);
      if (reply.length > 0) {
        introduce(reply);
      }
    }
  }

  /** What cannot be sent is lost, as anything may be on a path: the flow says it again. */
  private void toWire(byte[] packet) {
    DtlsLink now = current;
    if (now == null) {
      return;
    }
    count(now, packet.length);
    if (!now.isDirect()) {
      budget.spend(packet.length);
    }
    try {
      now.send(packet);
    } catch (IOException broken) {
      return;
    }
  }

  private void count(DtlsLink link, int bytes) {
    if (link.isDirect()) {
      directBytes += bytes;
    } else {
      relayedBytes += bytes;
    }
  }

  private synchronized void drop(DtlsLink old) {
    direct = direct == old ? null : direct;
    relay = relay == old ? null : relay;
    old.close();
    route(DtlsLink.nowMs());
  }

  synchronized void gone() {
    isGone = true;
    if (direct != null) {
      direct.close();
    }
    if (relay != null) {
      relay.close();
    }
    direct = null;
    relay = null;
    current = null;
    notifyAll();
  }
}
