package puente.turn;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.ChannelData;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.Method;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;
import puente.turn.store.Snapshot.BirthState;
import puente.turn.store.Snapshot.ChannelState;
import puente.turn.store.Snapshot.FlowState;
import puente.turn.store.Snapshot.LoginState;
import puente.turn.store.Snapshot.PermissionState;
import puente.turn.store.Snapshot.RelayState;

/**
 * From allocation to snapshot and back. What comes back is judged by the present configuration:
 * peers that it denies are gone, users that it does not know can do nothing more, and nothing lives
 * longer than it would have.
 */
final class Restorations {

  private final Allocations allocations;
  private final PeerRequests peers;
  private final Counters counters;
  private TurnConfig config;

  Restorations(TurnConfig config, Allocations allocations, PeerRequests peers, Counters counters) {
    this.config = config;
    this.allocations = allocations;
    this.peers = peers;
    this.counters = counters;
  }

  void reconfigure(TurnConfig newConfig) {
    config = newConfig;
  }

  Restored restore(Snapshot snapshot, FiveTuple client, long now, Effects out) {
    Mechanism mechanism = mechanism(snapshot.login().mechanism());
    if (client.transport().isConnection()) {
      return Restored.STREAM;
    }
    if (now >= snapshot.expiresMs()) {
      return Restored.EXPIRED;
    }
    if ((mechanism == Mechanism.NONE) == config.authenticates()) {
      return Restored.OTHER_AUTHENTICATION;
    }
    Allocation here = allocations.find(client);
    if (here != null) {
      learn(here, snapshot, now, out);
      return Restored.TUPLE_TAKEN;
    }
    List<Relay> relays = new ArrayList<>(2);
    Restored outcome = takePorts(snapshot, relays, now);
    if (relays.isEmpty()) {
      return outcome;
    }
    Allocation allocation = allocation(snapshot, client, mechanism);
    for (Relay relay : relays) {
      relay.allocation = allocation;
      allocation.set(relay.family(), relay);
    }
    install(snapshot, allocation, now);
    allocations.readmit(allocation, now, out);
    for (Relay relay : relays) {
      SpareRelay spare = relay.openSpare();
      if (spare != null) {
        spare.allocation = allocation;
        out.bind(spare);
      }
    }
    return Restored.YES;
  }

  /**
   * A former process of this node may have written here what its journal has not, or this node has
   * claimed what it served already. Whatever lives longer counts: nothing is taken away.
   */
  private void learn(Allocation here, Snapshot snapshot, long now, Effects out) {
    if (!here.isActive()
        || here.createdMs() != snapshot.createdMs()
        || !Arrays.equals(here.birth.transactionId, snapshot.birth().transactionId())) {
      return;
    }
    here.epoch = Math.max(here.epoch, snapshot.epoch());
    here.revision = Math.max(here.revision, snapshot.revision());
    Mobility.learn(here, snapshot.mobile());
    for (RelayState state : snapshot.relays()) {
      Relay relay = here.relayOf(state.local().family());
      if (relay != null && relay.local().equals(state.local())) {
        relay.expiresMs = Math.max(relay.expiresMs, state.expiresMs());
      }
    }
    install(snapshot, here, now);
    allocations.watch(here, here.sweep(now, counters));
    allocations.changed(here, out);
  }

  /** The ports of the relayed addresses that have not expired; one half is better than none. */
  private Restored takePorts(Snapshot snapshot, List<Relay> relays, long now) {
    Restored outcome = Restored.EXPIRED;
    for (RelayState state : snapshot.relays()) {
      boolean twice = !relays.isEmpty() && relays.get(0).family() == state.local().family();
      if (now < state.expiresMs() && !twice) {
        Relay relay = state.shared() ? rejoin(state, now) : null;
        outcome = relay == null ? Restored.PORT_TAKEN : Restored.YES;
        if (!state.shared()) {
          relay = new Relay(state.local(), state.advertised());
          outcome = allocations.ports().retake(relay, now);
        }
        if (relay != null && outcome == Restored.YES) {
          relay.expiresMs = state.expiresMs();
          relays.add(relay);
        }
      }
    }
    return outcome;
  }

  /** With the port beside the shared one, if that is still free; else its peers get another. */
  private @Nullable Relay rejoin(RelayState state, long now) {
    SharedRelay relay = allocations.ports().rejoin(state.local(), now);
    TransportAddress own = state.spare();
    if (relay != null && own != null) {
      SpareRelay spare =
          new SpareRelay(own, relay.advertised().withPort(own.port()), relay, own.port());
      if (allocations.ports().retake(spare, now) == Restored.YES) {
        relay.spare = spare;
      }
    }
    return relay;
  }

  private Allocation allocation(Snapshot snapshot, FiveTuple client, Mechanism mechanism) {
    LoginState by = snapshot.login();
    BirthState born = snapshot.birth();
    Login login =
        new Login(
            by.user(),
            by.quotaUser(),
            realmOf(by, mechanism),
            config.tenantOf(realmOf(by, mechanism), by.quotaUser()),
            mechanism,
            null,
            by.algorithmGiven(),
            by.sha256(),
            by.expiresMs(),
            Accounts.Terms.NONE,
            0);
    Family first = snapshot.relays().get(0).local().family();
    Wanted wanted =
        new Wanted(
            first,
            null,
            born.missingFamily(),
            born.missing(),
            false,
            false,
            null,
            born.lifetimeSeconds());
    Request request = new Request(Method.ALLOCATE, born.transactionId(), client, login);
    Allocation allocation = new Allocation(request, wanted, born.createdMs());
    allocation.birth.token = born.token();
    allocation.birth.restored();
    allocation.epoch = snapshot.epoch();
    allocation.revision = snapshot.revision();
    allocation.mobile = Mobility.of(snapshot.mobile());
    return allocation;
  }

  /** Nobody is of no realm; and there was a time when every user was of the main one. */
  private String realmOf(LoginState login, Mechanism mechanism) {
    if (mechanism == Mechanism.NONE) {
      return "";
    }
    return login.realm().isEmpty() ? config.realm() : login.realm();
  }

  /** Permissions and channels that have not expired, but for what the present rules deny. */
  private void install(Snapshot snapshot, Allocation allocation, long now) {
    int permissionsMax = config.limits().permissions();
    for (PermissionState state : snapshot.permissions()) {
      Relay relay = allocation.relayOf(state.ip().family());
      Permission before = allocation.permission(state.ip().hi(), state.ip().lo());
      boolean fits = before != null || allocation.permissions() < permissionsMax;
      long endMs = Math.max(state.expiresMs(), before == null ? 0 : before.expiresMs);
      if (relay != null && now < endMs && fits) {
        allocation.permit(state.ip().hi(), state.ip().lo(), relay, endMs, counters);
      }
    }
    for (FlowState flow : snapshot.flows()) {
      Permission permission = allocation.permission(flow.peer().hi(), flow.peer().lo());
      if (permission != null) {
        allocations.ports().sharing().resume(permission, flow.peer(), flow.spare());
      }
    }
    for (ChannelState state : snapshot.channels()) {
      Channel before = allocation.channel(state.number());
      if (before != null && before.peer.equals(state.peer())) {
        before.expiresMs = Math.max(before.expiresMs, state.expiresMs());
      } else if (now < state.expiresMs() && allocation.channels() < config.limits().channels()) {
        bind(state, allocation, now);
      }
    }
    peers.dropDenied(allocation);
  }

  private void bind(ChannelState state, Allocation allocation, long now) {
    long hi = state.peer().hi();
    long lo = state.peer().lo();
    Relay relay = allocation.relayOf(state.peer().family());
    if (relay == null
        || !ChannelData.isFramed(state.number())
        || allocation.channel(state.number()) != null
        || allocation.channelOf(hi, lo, state.peer().port()) != null) {
      return;
    }
    Permission permission = allocation.permission(hi, lo);
    if (permission == null) {
      // It has expired: the channel is silent until the client permits its peer again.
      permission = allocation.permit(hi, lo, relay, now, counters);
    }
    Channel channel = new Channel(state.number(), state.peer(), permission);
    channel.expiresMs = state.expiresMs();
    allocation.bind(channel, counters);
  }

  Snapshot snapshotOf(Allocation allocation, String node) {
    List<RelayState> relays = new ArrayList<>(2);
    for (Relay relay : allocation.relays()) {
      SpareRelay spare = relay.openSpare();
      relays.add(
          new RelayState(
              relay.local(),
              relay.advertised(),
              relay.expiresMs,
              relay.isShared(),
              spare == null ? null : spare.local()));
    }
    List<PermissionState> permissions = new ArrayList<>(allocation.permissions());
    List<FlowState> flows = new ArrayList<>();
    allocation.forEachPermission(
        permission -> {
          permissions.add(new PermissionState(permission.ip(), permission.expiresMs));
          for (Flow flow = permission.flows; flow != null; flow = flow.next) {
            TransportAddress peer = permission.ip().withPort(flow.port);
            flows.add(new FlowState(peer, flow.relay instanceof SpareRelay));
          }
        });
    List<ChannelState> channels = new ArrayList<>(allocation.channels());
    allocation.forEachChannel(
        channel -> channels.add(new ChannelState(channel.number, channel.peer, channel.expiresMs)));
    return new Snapshot(
        AllocationKey.of(allocation.client()),
        node,
        allocation.epoch,
        allocation.revision,
        loginOf(allocation),
        birthOf(allocation),
        relays,
        permissions,
        channels,
        flows,
        Mobility.stateOf(allocation));
  }

  private LoginState loginOf(Allocation allocation) {
    Login login = allocation.login;
    return new LoginState(
        login.user(),
        login.quotaUser(),
        login.realmIn(config),
        login.mechanism().name(),
        login.algorithmGiven(),
        login.sha256(),
        login.expiresMs());
  }

  private static BirthState birthOf(Allocation allocation) {
    Birth birth = allocation.birth;
    ByteBuffer transactionId = ByteBuffer.wrap(birth.transactionId);
    return new BirthState(
        allocation.createdMs(),
        transactionId.getLong(),
        transactionId.getInt(),
        birth.lifetimeSeconds,
        birth.token,
        birth.missingFamily,
        birth.missing);
  }

  /** One that this version does not know is taken for one that has to be proved again. */
  private static Mechanism mechanism(String name) {
    for (Mechanism mechanism : Mechanism.values()) {
      if (mechanism.name().equals(name)) {
        return mechanism;
      }
    }
    return Mechanism.STATIC;
  }
}
