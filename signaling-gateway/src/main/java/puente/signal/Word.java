package puente.signal;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one node's gateway says to another's; {@link WordCodec} knows the bytes. */
sealed interface Word {
  /** The facts of this node follow; what it said before holds no more. */
  record Begin() implements Word {}

  /** These were all facts. */
  record Ready() implements Word {}

  record Put(Fact fact) implements Word {}

  /**
   * A fact holds no more.
   *
   * @param reason null if it is about to hold on another node
   */
  record Gone(Fact.Key key, Signal.@Nullable Reason reason) implements Word {}

  /** A message to all members of a room on that node; {@code id} tells it from all others. */
  record Told(long id, String room, String from, Json.Raw d) implements Word {}

  /**
   * A message to one member.
   *
   * @param hops over how many more nodes it may be passed on to somebody who moved
   */
  record Sent(long id, String room, String to, String from, Json.Raw d, int hops) implements Word {}

  /** Somebody is thrown out of a room and stays out for a while. */
  record Banned(String room, String peerId, long ms) implements Word {}

  /**
   * A session as it is, to keep in case its node dies.
   *
   * @param isWhole whether its traffic is all there is, or what came since the last word
   */
  record Keep(SessionState session, boolean isWhole) implements Word {}

  /** What came to a kept session since. */
  record More(String sid, Traffic traffic) implements Word {}

  /** A kept session has ended, or is kept elsewhere. */
  record Unkeep(String sid) implements Word {}

  /** A client came back here: hand its session over. */
  record Take(String sid, String key, long lastSeq, @Nullable String subject) implements Word {}

  /** Here it is; null if there is none for that key and number. */
  record Taken(String sid, @Nullable SessionState session) implements Word {}

  /** A frame between two clients of PeerJS; payload as JSON. */
  record PeerFrame(
      String realm, String type, @Nullable String src, String dst, @Nullable String payload)
      implements Word {}

  /** A client of PeerJS came back on the node that says so. */
  record PeerMoved(String realm, String id) implements Word {}

  /** What was published on a topic of y-webrtc, as its subscribers hear it. */
  record Published(String topic, String text) implements Word {}

  /**
   * What a session was told and answered since it was kept last.
   *
   * @param lastSeq the number of the last message
   * @param heard ids of messages from other nodes
   */
  record Traffic(long lastSeq, List<Kept> messages, List<Answer> answers, List<Long> heard) {
    public Traffic {
      messages = List.copyOf(messages);
      answers = List.copyOf(answers);
      heard = List.copyOf(heard);
    }
  }

  /** A message to a client without its number, and the number. */
  record Kept(long seq, String text) {}

  record Answer(String id, int delivered, int queued) {}
}
