package puente.launcher;

import io.vertx.core.Context;
import java.util.List;
import java.util.Map;
import puente.story.Entry;
import puente.story.Step.Outcome;
import puente.story.Stories;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.top.Talkers;
import puente.top.Talkers.By;
import puente.top.Talkers.Metric;
import puente.turn.Census;
import puente.turn.Note;
import puente.turn.relay.Observer;
import puente.turn.relay.SessionKey;

/** Brings what the shards note to the control loop, where it becomes stories and sketches. */
final class NodeStories implements Observer {

  private static final Map<Transport, String> TRANSPORTS = NoteEntry.words(Transport.class);

  private final Context control;
  private final String realm;
  final Stories<TransportAddress, SessionKey> stories =
      new Stories<>(Stories.Limits.STANDARD, client -> client.withPort(0), SessionKey::parse);
  final Talkers talkers = new Talkers();

  NodeStories(Context control, String realm) {
    this.control = control;
    this.realm = realm;
  }

  @Override
  public void onNotes(List<Note> notes, long lost) {
    control.runOnContext(
        go -> {
          notes.forEach(this::take);
          stories.lost(lost);
        });
  }

  @Override
  public void onMoved(List<Census.Moved> moved) {
    control.runOnContext(go -> moved.forEach(this::take));
  }

  private void take(Census.Moved moved) {
    long now = System.currentTimeMillis();
    TransportAddress peer = moved.peer();
    if (peer != null) {
      talkers.add(By.PEER, Metric.EGRESS, peer.ip(), moved.bytes(), now);
      talkers.add(By.PEER, Metric.PPS, peer.ip(), moved.packets(), now);
      return;
    }
    count(Metric.EGRESS, moved.client(), moved.user(), moved.bytes(), now);
    count(Metric.PPS, moved.client(), moved.user(), moved.packets(), now);
  }

  private void count(Metric metric, FiveTuple client, String user, long weight, long now) {
    if (!user.isEmpty()) {
      talkers.add(By.USER, metric, user, weight, now);
    }
    talkers.add(By.CLIENT, metric, network(client.client()), weight, now);
    talkers.add(By.REALM, metric, realm, weight, now);
  }

  /** What one customer usually has: an IPv4 /24, an IPv6 /56. */
  static String network(TransportAddress address) {
    return address.family() == Family.IPV4
        ? TransportAddress.ipv4((int) address.lo() & 0xffff_ff00, 0).ip() + "/24"
        : TransportAddress.ipv6(address.hi() & 0xffff_ffff_ffff_ff00L, 0, 0).ip() + "/56";
  }

  /** An ephemeral name without its expiry. */
  private static String person(String user) {
    int colon = user.indexOf(':');
    boolean isExpiry = colon > 0 && user.substring(0, colon).chars().allMatch(Character::isDigit);
    return isExpiry ? user.substring(colon + 1) : user;
  }

  // ---- notes

  private void take(Note note) {
    FiveTuple tuple = note.client();
    TransportAddress client = tuple.client();
    SessionKey session = new SessionKey(note.createdMs(), client, tuple.listener());
    Entry entry = NoteEntry.of(note);
    switch (note) {
      case Note.Opened opened -> {
        String transport = TRANSPORTS.getOrDefault(tuple.transport(), "");
        stories.opened(client, session, opened.user(), transport, entry);
        if (!opened.isRestored()) {
          count(Metric.ALLOCS, tuple, person(opened.user()), 1, opened.atMs());
        }
      }
      case Note.Refused refused -> {
        stories.add(client, refused.createdMs() == 0 ? null : session, refused.user(), entry);
        if (entry.outcome() == Outcome.REFUSED) {
          count(refused);
        }
      }
      case Note.Closed closed -> {
        if (closed.firstRelayedMs() > 0 && !stories.has(session, NoteEntry.FIRST_PACKET)) {
          stories.add(client, session, "", NoteEntry.firstPacket(closed));
        }
        stories.closed(client, session, entry);
      }
      case Note.Permitted _, Note.Refreshed _, Note.Moved _, Note.Missed _, Note.Relayed _ ->
          stories.add(client, session, "", entry);
    }
  }

  private void count(Note.Refused refused) {
    // A name that nobody has proved says nothing about whose it is.
    String user = refused.isProven() ? person(refused.user()) : "";
    count(Metric.ERRORS, refused.client(), user, 1, refused.atMs());
    String who =
        user.isEmpty() ? "network\t" + network(refused.client().client()) : "user\t" + user;
    String key = who + '\t' + refused.code() + '\t' + refused.why();
    talkers.add(By.REFUSED, Metric.ERRORS, key, 1, refused.atMs());
  }
}
