package puente.peer;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Another member of the room, and what goes between the two of us whichever path there is. */
public final class Peer {
  private static final byte INTRODUCTION = 0;
  private static final byte MESSAGE = 1;

  /** The path is given up when nothing was heard for so long; PINGs go every second. */
  private static final long DEAD_MS = 7_000;

  private static final int LOOK_MS = 20;

  private final String id;
  private final JsonObject meta;
  private final boolean isOfferer;
  private final Flow flow;
  private final List<byte[]> inbox = new ArrayList<>();
  private @Nullable DtlsLink link;
  private @Nullable Introduction introduction;
  private boolean isGone;

  // Of the mesh, on its executor.
  long negotiation;
  String session = "";
  @Nullable CompletableFuture<JsonObject> answer;

  Peer(String id, JsonObject meta, boolean isOfferer) {
    this.id = id;
    this.meta = meta;
    this.isOfferer = isOfferer;
    flow = new Flow(nowMs(), this::toWire, this::onFlow);
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

  boolean isOfferer() {
    return isOfferer;
  }

  /** In words; empty if there is none now. */
  public synchronized String path() {
    DtlsLink current = link;
    return current == null ? "" : current.kind();
  }

  public synchronized double rttMs() {
    return flow.rttMs();
  }

  /** To be compared with what the other sees; empty if not known yet. */
  public synchronized String code() {
    Introduction with = introduction;
    return with == null ? "" : with.code();
  }

  public synchronized boolean isGone() {
    return isGone;
  }

  public synchronized long resent() {
    return flow.resent();
  }

  /**
   * Once and in order, over whatever path there is; waits for room.
   *
   * @return false if the other is gone
   */
  public synchronized boolean send(byte[] message) throws InterruptedException {
    byte[] framed = new byte[message.length + 1];
    framed[0] = MESSAGE;
    System.arraycopy(message, 0, framed, 1, message.length);
    while (!isGone) {
      if (flow.offer(framed, nowMs())) {
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
    long end = nowMs() + patienceMs;
    while (!flow.isEmpty() && !isGone && nowMs() < end) {
      wait(Math.max(1, end - nowMs()));
    }
    return flow.isEmpty();
  }

  /** Carries on over this link until it ends; messages go to the listener. */
  void run(DtlsLink fresh, String fingerprints, Mesh.Listener listener) throws IOException {
    use(fresh, fingerprints);
    listener.onPath(this);
    byte[] buffer = new byte[2048];
    String shown = "";
    while (isCurrent(fresh)) {
      int length = fresh.receive(buffer, waitMs());
      List<byte[]> messages = take(buffer, length);
      messages.forEach(message -> listener.onMessage(this, message));
      String state = path() + code();
      if (!state.equals(shown)) {
        shown = state;
        listener.onPath(this);
      }
    }
  }

  private synchronized void use(DtlsLink fresh, String fingerprints) {
    DtlsLink old = link;
    link = fresh;
    if (old != null) {
      old.close();
    }
    flow.onNewPath(nowMs());
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
    byte[] framed = new byte[message.length + 1];
    framed[0] = INTRODUCTION;
    System.arraycopy(message, 0, framed, 1, message.length);
    flow.offer(framed, nowMs());
  }

  private synchronized boolean isCurrent(DtlsLink one) throws IOException {
    if (link == one && nowMs() - flow.heardAt() > DEAD_MS) {
      throw new IOException("nothing was heard for " + DEAD_MS / 1000 + " s");
    }
    return link == one && !isGone;
  }

  private synchronized int waitMs() {
    return Math.clamp(flow.nextDeadline() - nowMs(), 1, LOOK_MS);
  }

  private synchronized List<byte[]> take(byte[] buffer, int length) {
    long now = nowMs();
    if (length > 0) {
      flow.onPacket(buffer, length, now);
    }
    flow.onTime(now);
    notifyAll();
    List<byte[]> messages = List.copyOf(inbox);
    inbox.clear();
    return messages;
  }

  private void onFlow(byte[] framed) {
    if (framed.length == 0) {
      return;
    }
    byte[] message = java.util.Arrays.copyOfRange(framed, 1, framed.length);
    Introduction with = introduction;
    if (framed[0] == MESSAGE) {
      inbox.add(message);
    } else if (with != null) {
      byte[] reply = with.onMessage(message);
      if (reply.length > 0) {
        introduce(reply);
      }
    }
  }

  /** What cannot be sent is lost, as anything may be on a path: the flow says it again. */
  private void toWire(byte[] packet) {
    DtlsLink current = link;
    if (current != null) {
      try {
        current.send(packet);
      } catch (IOException broken) {
        return;
      }
    }
  }

  /** This link has ended; another one may be there already. */
  synchronized void drop(DtlsLink old) {
    if (link == old) {
      link = null;
    }
    old.close();
  }

  synchronized void gone() {
    isGone = true;
    DtlsLink current = link;
    link = null;
    if (current != null) {
      current.close();
    }
    notifyAll();
  }

  private static long nowMs() {
    return System.nanoTime() / 1_000_000;
  }
}
