package puente.launcher;

import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import puente.turn.Limits;
import puente.turn.TurnConfig;
import puente.turn.store.Capacity;
import puente.turn.store.LocalStore;
import puente.turn.store.RateLeases.Claimant;
import puente.turn.store.SourceLimit;

/**
 * The rates that this node shares with the others: of users, of all traffic, of the 401 answers to
 * a source. They outlive a reload, so that nobody begins anew with it.
 */
final class NodeFleet {
  private final LocalStore store;
  private final SourceLimit sources = new SourceLimit(new SecureRandom().nextLong(), 0, 0);
  private @Nullable Capacity up;
  private @Nullable Capacity down;
  private boolean isCapacityShared;

  NodeFleet(LocalStore store) {
    this.store = store;
  }

  /** The same with what all shards, and all nodes, share; from now on by this configuration. */
  synchronized TurnConfig apply(TurnConfig turn, Config config) {
    long own = config.value(Settings.BPS_CAPACITY);
    long all = config.value(FleetSettings.CLUSTER_BPS_CAPACITY);
    isCapacityShared = all > 0;
    up = capacity(up, own, all);
    down = capacity(down, own, all);
    store.userBandwidth(config.value(FleetSettings.USER_BPS));
    Limits limits = turn.limits();
    sources.limit(limits.unauthorizedPerSecond(), limits.unauthorizedBurst());
    return turn.toBuilder().limits(limits.withShared(up, down, sources)).build();
  }

  private static @Nullable Capacity capacity(@Nullable Capacity before, long own, long all) {
    if (own == 0 && all == 0) {
      return null;
    }
    long limit = all > 0 ? all : own;
    Capacity capacity = before == null ? new Capacity(limit) : before;
    capacity.limit(limit, own > 0 ? own : Long.MAX_VALUE);
    if (all == 0) {
      capacity.rate(own);
    }
    return capacity;
  }

  /**
   * What is to be shared among so many nodes, by scope.
   *
   * @param nodes as many as the rates are shared among
   */
  synchronized Map<String, Claimant> claimants(int nodes) {
    sources.nodes(nodes);
    Map<String, Claimant> all = new HashMap<>(store.bandwidths(nodes));
    all.putAll(sources.claimants());
    Capacity upwards = up;
    Capacity downwards = down;
    if (isCapacityShared && upwards != null && downwards != null) {
      all.put("up total", upwards);
      all.put("down total", downwards);
    }
    return all;
  }
}
