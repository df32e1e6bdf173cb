package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import puente.series.Figure;
import puente.series.History;
import puente.story.Step;
import puente.story.Stories;
import puente.top.Talkers;

/** What moves on a node, as a test wants it: one session of ana's, and what it did. */
final class FakeLive implements LiveView {

  private static final long NOW = System.currentTimeMillis();

  final Stories<String, String> stories =
      new Stories<>(Stories.Limits.STANDARD, client -> client, Optional::of);
  final Talkers talkers = new Talkers();
  final EventLog events = new EventLog("one");
  final Alerts alerts = new Alerts(events);
  final History history = new History(point -> {});
  final Map<String, Ban> bans = new LinkedHashMap<>();
  private final List<String> orders;
  private volatile String name = "one";
  private volatile @Nullable FakeLive other;
  private volatile Function<byte[], CompletionStage<byte[]>> answerer =
      question -> CompletableFuture.failedStage(new IllegalStateException("not started"));

  FakeLive(List<String> orders) {
    this.orders = orders;
    String client = "192.0.2.7:1";
    stories.add(
        client,
        null,
        "",
        Step.of(NOW - 9, "allocate", Step.Outcome.ASKED, 401, "no MESSAGE-INTEGRITY"));
    stories.opened(
        client,
        "abc",
        "ana",
        "udp",
        Step.of(NOW - 8, "allocate", Step.Outcome.OK, 0, "203.0.113.1:50000 for 600 s"));
    stories.add(
        client,
        "abc",
        "",
        Step.of(
            NOW - 5, "create-permission", Step.Outcome.REFUSED, 403, "peer denied by 10.0.0.0/8"));
    talkers.add(Talkers.By.USER, Talkers.Metric.EGRESS, "ana", 60_000, NOW);
    talkers.add(
        Talkers.By.REFUSED,
        Talkers.Metric.ERRORS,
        "network\t192.0.2.0/24\t401\twrong password",
        5,
        NOW);
    events.add(NOW, "started", "info", "one", "one started", "");
    bans.put("abc", new Ban("abc", "user", "eve", NOW, Long.MAX_VALUE, "account:ana", "spam"));
    float[] figures = new float[Figure.values().length];
    Arrays.fill(figures, 2);
    history.record(NOW / 1000 - 1, figures);
  }

  @Override
  public String node() {
    return name;
  }

  void name(String newName) {
    name = newName;
  }

  /** The two of them are a cluster; null ends it. */
  void join(@Nullable FakeLive newOther) {
    other = newOther;
  }

  @Override
  public History history() {
    return history;
  }

  @Override
  public Map<String, History> historyOfOthers() {
    return Map.of();
  }

  @Override
  public void expect(JsonArray forecast) {}

  @Override
  public Alerts alerts() {
    return alerts;
  }

  @Override
  public Map<String, Long> totals() {
    return Map.of("upBytes", 7L, "downBytes", 8L);
  }

  @Override
  public Map<String, Long> lastHour() {
    return Map.of("answers.success", 9L, "answers.401", 9L, "answers.400", 1L);
  }

  @Override
  public JsonObject facts() {
    return new JsonObject().put("version", "1").put("severity", "ok").put("relaying", 1);
  }

  @Override
  public JsonObject detail() {
    return new JsonObject()
        .put("listeners", new JsonArray())
        .put("ports", portSums())
        .put("jvm", new JsonObject().put("heapBytes", 1).put("heapMaxBytes", 2))
        .put("system", new JsonObject());
  }

  private static JsonObject portSums() {
    return new JsonObject()
        .put("min", 49152)
        .put("max", 65535)
        .put("used", 1)
        .put("reserved", 0)
        .put("quarantined", 0);
  }

  @Override
  public CompletionStage<JsonObject> ports() {
    JsonObject cell = new JsonObject().put("used", 1).put("quarantined", 0);
    return CompletableFuture.completedStage(
        portSums().put("cellPorts", 128).put("cells", new JsonArray().add(cell)));
  }

  @Override
  public Stories<?, ?> stories() {
    return stories;
  }

  @Override
  public Talkers talkers() {
    return talkers;
  }

  @Override
  public EventLog events() {
    return events;
  }

  @Override
  public CompletionStage<SessionPage> sessions(SessionQuery query) {
    orders.add("sessions " + query);
    if (query.filter().transport().orElse("udp").equals("sctp")) {
      throw new IllegalArgumentException("transport: udp, tcp, tls or dtls.");
    }
    return CompletableFuture.completedStage(new SessionPage(List.of(session()), 1, 1, 1));
  }

  private static SessionInfo session() {
    return new SessionInfo(
        "abc",
        "ana",
        "example.org",
        true,
        "udp",
        "192.0.2.7:1",
        "203.0.113.1:3478",
        List.of("203.0.113.1:50000"),
        NOW - 8,
        NOW + 600_000,
        600,
        1,
        1,
        1,
        1,
        1,
        1,
        new Rates(5, 6, 1, 1),
        3);
  }

  @Override
  public CompletionStage<Optional<SessionDetail>> session(String id) {
    PeerInfo peer = new PeerInfo("192.0.2.9", 0, NOW + 300_000, 1, 1);
    return CompletableFuture.completedStage(
        id.equals("abc")
            ? Optional.of(new SessionDetail(session(), List.of(peer)))
            : Optional.empty());
  }

  @Override
  public CompletionStage<Boolean> closeSession(String id) {
    orders.add("close " + id);
    return CompletableFuture.completedStage(id.equals("abc"));
  }

  @Override
  public CompletionStage<Integer> closeSessions(SessionFilter filter) {
    orders.add("close-all " + filter.user().orElse(""));
    return CompletableFuture.completedStage(3);
  }

  @Override
  public List<Ban> bans() {
    return List.copyOf(bans.values());
  }

  @Override
  public Map<String, Long> banHits() {
    return Map.of("abc", 7L);
  }

  @Override
  public CompletionStage<Integer> ban(Ban ban) {
    if (ban.kind().equals("network") && !ban.target().contains(".")) {
      throw new IllegalArgumentException("target: an IP address or network.");
    }
    bans.put(ban.id(), ban);
    return CompletableFuture.completedStage(1);
  }

  @Override
  public boolean liftBan(String id) {
    return bans.remove(id) != null;
  }

  @Override
  public List<PeerRule> peerRules() {
    return List.of(
        new PeerRule("10.0.0.0/8", false, List.of("10.0.0.0/8"), Set.of("10.0.0.0/8"), 3, "file"),
        new PeerRule("public", true, List.of("the rest"), Set.of("public"), 0, "default"));
  }

  @Override
  public PeerVerdict judgePeer(String peer) {
    return new PeerVerdict(peer, peer, true, "public");
  }

  @Override
  public List<RoomInfo> rooms() {
    return List.of(new RoomInfo("lobby", List.of(new Member("p1", "192.0.2.7", "ana", true))));
  }

  @Override
  public Map<String, Long> signaling() {
    return Map.of("connections.puente", 1L);
  }

  @Override
  public Others others() {
    return new Others() {
      @Override
      public Set<String> alive() {
        FakeLive there = other;
        return there == null ? Set.of() : Set.of(there.name);
      }

      @Override
      public CompletionStage<byte[]> ask(String node, byte[] question, Duration patience) {
        FakeLive there = other;
        return there == null || !there.name.equals(node)
            ? CompletableFuture.failedStage(new IllegalStateException("nobody"))
            : there.answerer.apply(question);
      }

      @Override
      public void answer(Function<byte[], CompletionStage<byte[]>> newAnswerer) {
        answerer = newAnswerer;
      }
    };
  }
}
