package puente.launcher;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import puente.story.Entry;
import puente.story.Step;
import puente.story.Step.Outcome;
import puente.stun.FiveTuple;
import puente.stun.Method;
import puente.stun.TransportAddress;
import puente.turn.CloseReason;
import puente.turn.Note;

/**
 * What is kept of a {@link Note} in a story: every allocation leaves some, and few are ever read.
 * So not the words, and not the five-tuple, which would hold a connection that is gone.
 */
sealed interface NoteEntry extends Entry {

  String FIRST_PACKET = "first-packet";

  Map<Method, String> METHODS = words(Method.class);

  /** What it says, without the peer. */
  String text();

  @Override
  default Outcome outcome() {
    return Outcome.OK;
  }

  @Override
  default Step step() {
    return Step.of(atMs(), what(), outcome(), 0, text());
  }

  static Entry of(Note note) {
    return switch (note) {
      case Note.Refused refused -> refused(refused);
      case Note.Opened opened ->
          new Opened(
              opened.atMs(),
              List.copyOf(opened.relayed()),
              opened.lifetimeSeconds(),
              opened.isRestored());
      case Note.Permitted permitted ->
          new Permitted(permitted.atMs(), permitted.peer(), permitted.peers(), permitted.channel());
      case Note.Refreshed refreshed -> new Refreshed(refreshed.atMs(), refreshed.lifetimeSeconds());
      case Note.Moved moved -> moved(moved);
      case Note.Missed missed -> missed(missed);
      case Note.Relayed relayed ->
          new FirstPacket(relayed.atMs(), relayed.atMs() - relayed.createdMs());
      case Note.Closed closed ->
          new Closed(
              closed.atMs(), closed.why(), closed.bytesUp(), closed.bytesDown(), closed.misses());
    };
  }

  /** Where it was not told before. */
  static Entry firstPacket(Note.Closed closed) {
    return new FirstPacket(closed.firstRelayedMs(), closed.firstRelayedMs() - closed.createdMs());
  }

  /** An allocation was made, or goes on here. */
  record Opened(long atMs, List<TransportAddress> relayed, int lifetimeSeconds, boolean isRestored)
      implements NoteEntry {

    @Override
    public String what() {
      return isRestored ? "restored" : "allocate";
    }

    @Override
    public String text() {
      String where = String.join(" and ", relayed.stream().map(String::valueOf).toList());
      return isRestored ? "goes on here as " + where : where + " for " + lifetimeSeconds + " s";
    }
  }

  /** A permission or a channel. */
  record Permitted(long atMs, TransportAddress peer, int peers, int channel) implements NoteEntry {

    @Override
    public String what() {
      return channel > 0 ? "channel-bind" : "create-permission";
    }

    @Override
    public String text() {
      if (channel > 0) {
        return String.format("channel 0x%04X to %s", channel, peer);
      }
      return peers == 1 ? peer.ip() : peer.ip() + " and " + (peers - 1) + " more";
    }

    @Override
    public Step step() {
      return NoteEntry.super.step().withPeer(channel > 0 ? peer.toString() : peer.ip());
    }
  }

  /** The allocation lives on. */
  record Refreshed(long atMs, int lifetimeSeconds) implements NoteEntry {

    @Override
    public String what() {
      return "refresh";
    }

    @Override
    public String text() {
      return "lives on for " + lifetimeSeconds + " s";
    }
  }

  /** The first data was relayed. */
  record FirstPacket(long atMs, long afterMs) implements NoteEntry {

    @Override
    public String what() {
      return FIRST_PACKET;
    }

    @Override
    public String text() {
      String after =
          afterMs < 1000 ? afterMs + " ms" : String.format(Locale.ROOT, "%.1f s", afterMs / 1e3);
      return "first relayed packet, after " + after;
    }
  }

  /** The allocation ended. */
  record Closed(long atMs, CloseReason why, long bytesUp, long bytesDown, long misses)
      implements NoteEntry {

    @Override
    public String what() {
      return "close";
    }

    @Override
    public Outcome outcome() {
      return Outcome.NOTE;
    }

    @Override
    public String text() {
      return why.name().toLowerCase(Locale.ROOT)
          + ": "
          + bytesUp
          + " bytes up, "
          + bytesDown
          + " down"
          + (misses == 0 ? "" : "; " + misses + " packets not permitted");
    }
  }

  // ---- what has its words already, or is rare

  private static Step refused(Note.Refused refused) {
    boolean isAsked = refused.code() == 401 && !refused.isProven() && refused.user().isEmpty();
    Outcome outcome = isAsked || refused.code() == 438 ? Outcome.ASKED : Outcome.REFUSED;
    String what = METHODS.getOrDefault(refused.method(), "");
    return Step.of(refused.atMs(), what, outcome, refused.code(), refused.why());
  }

  private static Step moved(Note.Moved moved) {
    FiveTuple to = moved.to();
    String where = to.transport() + " " + to.client();
    if (!moved.isOver()) {
      return ok(moved, "move", "shows its ticket from " + where);
    }
    boolean waits = to.link() == null && to.client().equals(moved.from().client());
    String text =
        waits
            ? "its connection has ended; waits for its client"
            : "is at " + where + ", no more at " + moved.from().client();
    return ok(moved, "moved", text);
  }

  private static Step ok(Note note, String what, String text) {
    return Step.of(note.atMs(), what, Outcome.OK, 0, text);
  }

  private static Step missed(Note.Missed missed) {
    TransportAddress peer = missed.peer();
    String where = peer == null ? "a peer" : (missed.isFromPeer() ? "peer " : "") + peer;
    String text =
        missed.isFromPeer()
            ? "a packet from " + where + " came without a permission"
            : "a packet to " + where + " had no permission";
    return Step.of(missed.atMs(), "permission-miss", Outcome.REFUSED, 0, text)
        .withPeer(peer == null ? "" : peer.ip());
  }

  /** The names of constants, as people write them. */
  static <E extends Enum<E>> Map<E, String> words(Class<E> type) {
    Map<E, String> words = new EnumMap<>(type);
    for (E value : type.getEnumConstants()) {
      words.put(value, value.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    return Collections.unmodifiableMap(words);
  }
}
