package puente.signal;

import io.vertx.core.Context;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs the {@link Fleet} of this node's gateway on its loop: what other nodes say comes in there,
 * and what was said in one turn of the loop goes out together at its end.
 */
public final class GatewayFleet implements Fleet.Wire {
  /** How late a session is written behind, and how soon a lost body is noticed. */
  private static final long TICK_MS = 100;

  private final Context context;
  private final OtherNodes nodes;
  private final Fleet fleet;
  private final Map<Fleet.Event, Long> counts = new ConcurrentHashMap<>();
  private boolean isFlushComing;

  /**
   * @param context whose loop the gateway runs on
   * @param bornMs the time of day: it tells this start of the node from those before
   */
  public GatewayFleet(Context context, OtherNodes nodes, long bornMs, long resumeWindowMs) {
    this.context = context;
    this.nodes = nodes;
    fleet = new Fleet(nodes.own(), bornMs, resumeWindowMs, this);
    nodes.listen((from, body) -> run(() -> fleet.onBody(from, body, GatewayServer.now())));
    nodes.onChange(this::look);
    context.runOnContext(go -> context.owner().setPeriodic(TICK_MS, tick -> onTime()));
    look();
  }

  /** Of a node that is alone. */
  static GatewayFleet alone(Context context) {
    return new GatewayFleet(context, OtherNodes.none(""), 0, RoomLimits.STANDARD.resumeWindowMs());
  }

  Fleet fleet() {
    return fleet;
  }

  /** What happened, by name; from any thread. */
  public Map<String, Long> events() {
    Map<String, Long> named = new TreeMap<>();
    for (Fleet.Event event : Fleet.Event.values()) {
      named.put(event.name().toLowerCase(Locale.ROOT), counts.getOrDefault(event, 0L));
    }
    return named;
  }

  private void look() {
    run(() -> fleet.onNodes(nodes.living(), GatewayServer.now()));
  }

  private void run(Runnable input) {
    try {
      context.runOnContext(go -> input.run());
    } catch (RejectedExecutionException over) {
      // The loop has ended before the cluster was left: there is nobody here to hear it.
    }
  }

  private void onTime() {
    fleet.onTime(GatewayServer.now());
    counts.putAll(fleet.counts());
  }

  @Override
  public boolean send(String node, byte[] body) {
    return nodes.tell(node, body);
  }

  @Override
  public void soon() {
    if (!isFlushComing) {
      isFlushComing = true;
      context.runOnContext(
          go -> {
            isFlushComing = false;
            fleet.flush(GatewayServer.now());
          });
    }
  }
}
