package puente.launcher;

import io.vertx.core.Context;
import java.util.List;
import java.util.Locale;
import puente.story.Step;
import puente.story.Step.Outcome;
import puente.story.Stories;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Method;
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

  private final Context control;
  private final String realm;
  final Stories stories = new Stories(Stories.Limits.STANDARD);
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
    String client = tuple.client().toString();
    String session =
        note.createdMs() == 0
            ? ""
            : new SessionKey(note.createdMs(), tuple.client(), tuple.listener()).toString();
    String transport = tuple.transport().name().toLowerCase(Locale.ROOT);
    switch (note) {
      case Note.Refused refused -> refused(refused, client, session);
      case Note.Opened opened -> {
        stories.opened(client, session, opened.user(), transport, step(opened));
        if (!opened.isRestored()) {
          count(Metric.ALLOCS, tuple, person(opened.user()), 1, opened.atMs());
        }
      }
      case Note.Permitted permitted -> stories.add(client, session, "", step(permitted));
      case Note.Refreshed refreshed ->
          stories.add(
              client,
              session,
              "",
              ok(refreshed, "refresh", "lives on for " + refreshed.lifetimeSeconds() + " s"));
      case Note.Moved moved -> stories.add(client, session, "", step(moved));
      case Note.Missed missed -> stories.add(client, session, "", step(missed));
      case Note.Relayed relayed ->
          stories.add(
              client, session, "", first(relayed.atMs(), relayed.atMs() - relayed.createdMs()));
      case Note.Closed closed -> {
        if (closed.firstRelayedMs() > 0 && !stories.has(session, "first-packet")) {
          long after = closed.firstRelayedMs() - closed.createdMs();
          stories.add(client, session, "", first(closed.firstRelayedMs(), after));
        }
        stories.closed(client, session, step(closed));
      }
    }
  }

  static Step first(long atMs, long afterMs) {
    String after =
        afterMs < 1000 ? afterMs + " ms" : String.format(Locale.ROOT, "%.1f s", afterMs / 1e3);
    return Step.of(atMs, "first-packet", Outcome.OK, 0, "first relayed packet, after " + after);
  }

  private void refused(Note.Refused refused, String client, String session) {
    boolean isAsked = refused.code() == 401 && !refused.isProven() && refused.user().isEmpty();
    Outcome outcome = isAsked || refused.code() == 438 ? Outcome.ASKED : Outcome.REFUSED;
    Step step =
        Step.of(refused.atMs(), word(refused.method()), outcome, refused.code(), refused.why());
    stories.add(client, session, refused.user(), step);
    if (outcome == Outcome.REFUSED) {
      // A name that nobody has proved says nothing about whose it is.
      String user = refused.isProven() ? person(refused.user()) : "";
      count(Metric.ERRORS, refused.client(), user, 1, refused.atMs());
      String who =
          user.isEmpty() ? "network\t" + network(refused.client().client()) : "user\t" + user;
      String key = who + '\t' + refused.code() + '\t' + refused.why();
      talkers.add(By.REFUSED, Metric.ERRORS, key, 1, refused.atMs());
    }
  }

  private static String word(Method method) {
    return method.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static Step ok(Note note, String what, String text) {
    return Step.of(note.atMs(), what, Outcome.OK, 0, text);
  }

  private static Step step(Note.Opened opened) {
    String relayed =
        String.join(" and ", opened.relayed().stream().map(TransportAddress::toString).toList());
    return opened.isRestored()
        ? ok(opened, "restored", "goes on here as " + relayed)
        : ok(opened, "allocate", relayed + " for " + opened.lifetimeSeconds() + " s");
  }

  private static Step step(Note.Permitted permitted) {
    String peer = permitted.peer().toString();
    if (permitted.channel() > 0) {
      String text = String.format("channel 0x%04X to %s", permitted.channel(), peer);
      return ok(permitted, "channel-bind", text).withPeer(peer);
    }
    String ip = permitted.peer().ip();
    String text = permitted.peers() == 1 ? ip : ip + " and " + (permitted.peers() - 1) + " more";
    return ok(permitted, "create-permission", text).withPeer(ip);
  }

  private static Step step(Note.Moved moved) {
    String to = moved.to().transport() + " " + moved.to().client();
    if (!moved.isOver()) {
      return ok(moved, "move", "shows its ticket from " + to);
    }
    String text =
        moved.to().link() == null && moved.to().client().equals(moved.from().client())
            ? "its connection has ended; waits for its client"
            : "is at " + to + ", no more at " + moved.from().client();
    return ok(moved, "moved", text);
  }

  private static Step step(Note.Missed missed) {
    TransportAddress peer = missed.peer();
    String where = peer == null ? "a peer" : (missed.isFromPeer() ? "peer " : "") + peer.toString();
    String text =
        missed.isFromPeer()
            ? "a packet from " + where + " came without a permission"
            : "a packet to " + where + " had no permission";
    return Step.of(missed.atMs(), "permission-miss", Outcome.REFUSED, 0, text)
        .withPeer(peer == null ? "" : peer.ip());
  }

  private static Step step(Note.Closed closed) {
    String text =
        closed.why().name().toLowerCase(Locale.ROOT)
            + ": "
            + closed.bytesUp()
            + " bytes up, "
            + closed.bytesDown()
            + " down"
            + (closed.misses() == 0 ? "" : "; " + closed.misses() + " packets not permitted");
    return Step.of(closed.atMs(), "close", Outcome.NOTE, 0, text);
  }
}
