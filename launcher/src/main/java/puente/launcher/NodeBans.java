package puente.launcher;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import puente.admin.LiveView.Ban;
import puente.stun.AddressRange;
import puente.turn.Bans;
import puente.turn.Counters;
import puente.turn.relay.Sessions;

/**
 * Who is banned, in the whole cluster: kept in the state directory, told to every node, and to those
 * that come later. A ban that was lifted is remembered for a while, so that a node which was away
 * does not bring it back. For the control loop.
 */
final class NodeBans {

  static final String FILE = "bans.json";
  static final String SUBJECT = "bans";

  /** Bans are for few: whole networks are one. */
  private static final int BANS_MAX = 10_000;

  private static final int LIFTED_MAX = 10_000;
  private static final int FILE_BYTES_MAX = 16 << 20;

  private final Sessions sessions;
  private final StateDirectory state;
  private final Cluster cluster;
  private final Vertx vertx;
  private final Map<String, Ban> banById = new LinkedHashMap<>();
  private final Map<String, Long> liftedMsById = new LinkedHashMap<>();
  private Set<String> alive = Set.of();

  NodeBans(Sessions sessions, StateDirectory state, Cluster cluster, Vertx vertx) {
    this.sessions = sessions;
    this.state = state;
    this.cluster = cluster;
    this.vertx = vertx;
  }

  /** What was in force when this node ended. */
  void load() {
    try {
      String text = ConfigFile.text(state.directory().resolve(FILE), FILE_BYTES_MAX);
      merge(new JsonObject(text), System.currentTimeMillis());
    } catch (StartFailure none) {
      return;
    } catch (DecodeException | ClassCastException | IllegalArgumentException broken) {
      Events.warn("bans-unreadable", "file", FILE, "then", "none is in force");
    }
    var unused = apply();
  }

  List<Ban> bans() {
    return List.copyOf(banById.values());
  }

  /** How often each has turned somebody away, on this node since its start. */
  Map<String, Long> hits(List<Counters> shards) {
    Map<String, Long> hits = new HashMap<>();
    for (Ban ban : banById.values()) {
      long sum =
          ban.kind().equals("network")
              ? sum(shards, AddressRange.parse(ban.target()))
              : shards.stream().mapToLong(shard -> shard.banHits().of(ban.target())).sum();
      hits.put(ban.id(), sum);
    }
    return hits;
  }

  private static long sum(List<Counters> shards, AddressRange network) {
    return shards.stream().mapToLong(shard -> shard.banHits().of(network)).sum();
  }

  /**
   * In force from now on, everywhere.
   *
   * @return how many sessions of this node end
   * @throws IllegalArgumentException if the target makes no sense, or there are too many
   */
  CompletionStage<Integer> add(Ban ban) {
    if (ban.kind().equals("network")) {
      AddressRange range = NodeSessions.range("target", ban.target());
      boolean isAll =
          range.contains(0, 0xffff_0000_0000L) && range.contains(0, 0xffff_ffff_ffffL)
              || range.contains(0, 0) && range.contains(-1, -1);
      if (isAll) {
        throw new IllegalArgumentException("target: that would be everybody.");
      }
    }
    if (banById.size() >= BANS_MAX) {
      throw new IllegalArgumentException("There are " + BANS_MAX + " bans: lift some first.");
    }
    banById.put(ban.id(), ban);
    tellAll(new JsonObject().put("bans", new JsonArray().add(json(ban))));
    keep();
    return apply();
  }

  boolean lift(String id) {
    if (banById.remove(id) == null) {
      return false;
    }
    lifted(id, System.currentTimeMillis());
    tellAll(new JsonObject().put("lifted", new JsonObject().put(id, liftedMsById.get(id))));
    keep();
    var unused = apply();
    return true;
  }

  private void lifted(String id, long atMs) {
    liftedMsById.put(id, atMs);
    while (liftedMsById.size() > LIFTED_MAX) {
      liftedMsById.remove(liftedMsById.keySet().iterator().next());
    }
  }

  /** Ends what is over. */
  void tick(long nowMs) {
    if (banById.values().removeIf(ban -> ban.endsMs() <= nowMs)) {
      keep();
      var unused = apply();
    }
  }

  /** Tells those that were not there what they have missed. */
  void look(List<NodeState> nodes) {
    Set<String> now =
        nodes.stream()
            .filter(node -> node.alive() && !node.id().equals(cluster.nodeId()))
            .map(NodeState::id)
            .collect(Collectors.toSet());
    if (!banById.isEmpty() || !liftedMsById.isEmpty()) {
      now.stream().filter(node -> !alive.contains(node)).forEach(node -> tell(node, all()));
    }
    alive = now;
  }

  /** What another node says. */
  void hear(byte[] body) {
    try {
      if (merge(new JsonObject(Buffer.buffer(body)), System.currentTimeMillis())) {
        keep();
        var unused = apply();
      }
    } catch (DecodeException | ClassCastException | IllegalArgumentException notOurs) {
      Events.warn("bans-not-understood", "meaning", "another node speaks another version");
    }
  }

  private boolean merge(JsonObject told, long nowMs) {
    boolean changed = false;
    for (Map.Entry<String, Object> one : told.getJsonObject("lifted", new JsonObject())) {
      lifted(one.getKey(), ((Number) one.getValue()).longValue());
      changed |= banById.remove(one.getKey()) != null;
    }
    for (Object one : told.getJsonArray("bans", new JsonArray())) {
      Ban ban = ban((JsonObject) one);
      if (!liftedMsById.containsKey(ban.id())
          && !banById.containsKey(ban.id())
          && ban.endsMs() > nowMs
          && banById.size() < BANS_MAX) {
        banById.put(ban.id(), ban);
        changed = true;
      }
    }
    return changed;
  }

  private CompletionStage<Integer> apply() {
    List<AddressRange> ranges = new ArrayList<>();
    List<String> users = new ArrayList<>();
    for (Ban ban : banById.values()) {
      if (ban.kind().equals("network")) {
        ranges.add(AddressRange.parse(ban.target()));
      } else {
        users.add(ban.target());
      }
    }
    return sessions.ban(new Bans(ranges, users));
  }

  /** Off the loop: a disk may be slow. The last to be written is the newest. */
  private void keep() {
    String text = all().encode() + "\n";
    var unused =
        vertx
            .executeBlocking(
                () -> {
                  state.note(FILE, text);
                  return text.length();
                },
                true)
            .onFailure(
                failure ->
                    Events.warn("bans-not-kept", "reason", String.valueOf(failure.getMessage())));
  }

  private void tellAll(JsonObject news) {
    alive.forEach(node -> tell(node, news));
  }

  private void tell(String node, JsonObject news) {
    cluster.messages().tell(node, SUBJECT, news.toBuffer().getBytes());
  }

  private JsonObject all() {
    JsonArray bans = new JsonArray();
    banById.values().forEach(ban -> bans.add(json(ban)));
    JsonObject lifted = new JsonObject();
    liftedMsById.forEach(lifted::put);
    return new JsonObject().put("bans", bans).put("lifted", lifted);
  }

  private static JsonObject json(Ban ban) {
    return new JsonObject()
        .put("id", ban.id())
        .put("kind", ban.kind())
        .put("target", ban.target())
        .put("since", ban.sinceMs())
        .put("ends", ban.endsMs())
        .put("by", ban.by())
        .put("reason", ban.reason());
  }

  private static Ban ban(JsonObject json) {
    Ban ban =
        new Ban(
            json.getString("id"),
            json.getString("kind"),
            json.getString("target"),
            json.getLong("since"),
            json.getLong("ends"),
            json.getString("by", ""),
            json.getString("reason", ""));
    if (ban.kind().equals("network")) {
      AddressRange.parse(ban.target());
    }
    return ban;
  }
}
