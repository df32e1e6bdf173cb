package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import puente.series.History;
import puente.story.Stories;
import puente.top.Talkers;

/**
 * What moves on this node, and the way to ask the others for theirs. Everything is asked on the
 * control loop, and answered there; nothing waits.
 */
public interface LiveView {

  /** An allocation; the texts are as people write addresses. */
  record SessionInfo(
      String id,
      String user,
      String realm,
      boolean isActive,
      String transport,
      String client,
      String server,
      List<String> relayed,
      long createdMs,
      long expiresMs,
      int lifetimeSeconds,
      int permissions,
      int channels,
      long bytesUp,
      long bytesDown,
      long packetsUp,
      long packetsDown,
      Rates rates,
      long misses) {}

  /** Of the last two seconds. */
  record Rates(long bytesUp, long bytesDown, long packetsUp, long packetsDown) {}

  /**
   * Whom a session may exchange data with.
   *
   * @param channel 0 for a permission
   */
  record PeerInfo(String address, int channel, long expiresMs, long bytesUp, long bytesDown) {}

  /** One session with its peers. */
  record SessionDetail(SessionInfo session, List<PeerInfo> peers) {}

  /**
   * Which sessions are meant; what is empty does not matter.
   *
   * @param user the whole name, or a part with {@code *} before or after it
   * @param client an IP address or a network
   * @param transport {@code udp}, {@code tcp}, {@code tls} or {@code dtls}
   * @param peer an IP address
   * @param state {@code active} or {@code idle}
   */
  record SessionFilter(
      Optional<String> user,
      Optional<String> client,
      Optional<String> transport,
      Optional<String> peer,
      Optional<String> state,
      long minBytesPerSecond,
      long minAgeSeconds) {}

  /**
   * A place in a list.
   *
   * @param value what it is ordered by, if that is a number
   * @param name what it is ordered by, if that is a name
   */
  record Place(long value, String name, String id) {}

  /** A part of the list. */
  record SessionQuery(
      SessionFilter filter, String by, boolean descending, Optional<Place> after, int limit) {}

  /**
   * What is there.
   *
   * @param total all sessions of this node
   * @param matching those that the filter means
   * @param matchingActive those of them with a relayed packet in the last 30 s
   */
  record SessionPage(List<SessionInfo> sessions, int total, int matching, int matchingActive) {}

  /**
   * Somebody who gets nothing.
   *
   * @param kind {@code network} or {@code user}
   * @param endsMs {@link Long#MAX_VALUE} if never
   */
  record Ban(
      String id, String kind, String target, long sinceMs, long endsMs, String by, String reason) {}

  /**
   * A room of the signaling on this node.
   *
   * @param members their ids, and the address and user that each came with
   */
  record RoomInfo(String id, List<Member> members) {}

  /**
   * A rule about peers, or a group of them.
   *
   * @param names by which verdicts and counters call it
   * @param hits peers that it refused on this node
   */
  record PeerRule(
      String name,
      boolean allow,
      List<String> covers,
      Set<String> names,
      long hits,
      String origin) {}

  /** Whether a peer would be allowed, and by which rule. */
  record PeerVerdict(String peer, String ip, boolean allowed, String rule) {}

  /** Somebody in a room. */
  record Member(String id, String client, String user, boolean connected) {}

  /** The other nodes. */
  interface Others {
    /** The names of those that live. */
    Set<String> alive();

    /** Fails if there is no answer in time. */
    CompletionStage<byte[]> ask(String node, byte[] question, Duration patience);

    /** Who answers what others ask. */
    void answer(Function<byte[], CompletionStage<byte[]>> answerer);
  }

  String node();

  /** What this node measured, up to this second. */
  History history();

  /** What others have measured, as coarsely as they have told; also those that are gone. */
  Map<String, History> historyOfOthers();

  /** Sums since the start: {@code upBytes}, {@code answers.508}. */
  Map<String, Long> totals();

  /** The answers among these of the last hour, or since the start. */
  Map<String, Long> lastHour();

  /** As described in nodes.yaml, without what {@link NodeView.NodeInfo} says. */
  JsonObject facts();

  /** NodeDetail of nodes.yaml. */
  JsonObject detail();

  /** Ports of nodes.yaml. */
  CompletionStage<JsonObject> ports();

  Stories<?, ?> stories();

  Talkers talkers();

  /** What has happened to nodes, the newest first. */
  EventLog events();

  /**
   * Tells when resources run out, whenever that was worked out anew.
   *
   * @param forecast as {@code GET capacity/forecast} has it
   */
  void expect(JsonArray forecast);

  /** What somebody should look at, as this node sees it. */
  Alerts alerts();

  /**
   * A part of the list of sessions.
   *
   * @throws IllegalArgumentException with the reason if the query makes no sense
   */
  CompletionStage<SessionPage> sessions(SessionQuery query);

  CompletionStage<Optional<SessionDetail>> session(String id);

  /** Ends a session; answers whether there was one of that id. */
  CompletionStage<Boolean> closeSession(String id);

  /**
   * Ends all that are meant; answers how many.
   *
   * @throws IllegalArgumentException with the reason if the filter makes no sense
   */
  CompletionStage<Integer> closeSessions(SessionFilter filter);

  /** In force in the whole cluster. */
  List<Ban> bans();

  /** How often each ban has turned somebody away on this node since its start, by the ban's id. */
  Map<String, Long> banHits();

  /**
   * Bans, here and on all other nodes.
   *
   * @throws IllegalArgumentException with the reason if the target makes no sense
   */
  CompletionStage<Integer> ban(Ban ban);

  /** Lifts a ban; answers whether there was one. */
  boolean liftBan(String id);

  /** In the order in which they decide. */
  List<PeerRule> peerRules();

  /**
   * @param peer an IP address, or one with a port
   * @throws IllegalArgumentException if it is neither
   */
  PeerVerdict judgePeer(String peer);

  List<RoomInfo> rooms();

  /** What signaling counts, by name. */
  Map<String, Long> signaling();

  Others others();
}
