package puente.turn;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.Family;
import puente.stun.FiveTuple;
import puente.stun.IntegrityKey;
import puente.stun.TransportAddress;
import puente.turn.store.Accounts;
import puente.turn.store.Capacity;

/**
 * An allocation (RFC 8656 §6): single, or dual with one relayed address of each family. What an
 * idle one does not need, it does not have: there may be very many.
 */
public final class Allocation extends Deadline {

  /** How far it is. */
  enum Stage {
    /** The store is asked whether it may be. */
    RESERVING,
    /** Its sockets are being opened. */
    BINDING,
    ACTIVE,
    GONE
  }

  private final long createdMs;

  /** Where its client is now. */
  FiveTuple client;

  /** Null unless it can move. */
  @Nullable Mobile mobile;

  Stage stage = Stage.RESERVING;
  Login login;

  /** What is asked for and of what it came: answered again to a retransmission (§7.2). */
  Birth birth;

  /**
   * Fencing; see {@link puente.turn.store.Snapshot}. A client's next allocation has a greater one.
   */
  long epoch;

  /** How often it has changed. */
  long revision;

  @Nullable Relay ipv4;
  @Nullable Relay ipv6;

  /** Token buckets of {@code max-bps}; null without. */
  @Nullable Bandwidth up;

  @Nullable Bandwidth down;

  /** What is left to this allocation of its user's bandwidth. */
  Capacity.@Nullable Share userUp;

  Capacity.@Nullable Share userDown;

  /** With peers of a TCP allocation; null without. */
  @Nullable List<PeerConnection> connections;

  long bytesUp;
  long bytesDown;
  long packetsUp;
  long packetsDown;

  /** When data was last relayed either way; 0 for never. */
  long relayedMs;

  /** When it was for the first time. */
  long firstRelayedMs;

  /** Packets that nothing permitted. */
  long misses;

  /** Null until something is relayed. */
  @Nullable Pace pace;

  private @Nullable AddressMap<Permission> permissionByIp;
  private @Nullable AddressMap<Channel> channelByPeer;

  /** Hashed by number, linear probing, at most half full. */
  private @Nullable Channel @Nullable [] channelByNumber;

  private int channelCount;

  /** The channel that a peer's packet was last found on: mostly the next one's too. */
  private @Nullable Channel lastChannel;

  Allocation(Request request, Wanted wanted, long now) {
    this.client = request.client();
    this.login = request.login();
    this.birth = new Birth(request, wanted);
    this.createdMs = now;
    this.epoch = now;
  }

  /** Where its client is now: packets from peers go there. */
  public FiveTuple client() {
    return client;
  }

  /** Where its client was when it was made, or restored: what it is called by people. */
  public FiveTuple origin() {
    return birth.origin;
  }

  /** The username, empty for nobody. */
  public String user() {
    return login.user();
  }

  public long createdMs() {
    return createdMs;
  }

  /** The relayed addresses that clients are told: one, or two of a dual allocation. */
  public List<TransportAddress> relayedAddresses() {
    List<Relay> relays = relays();
    return switch (relays.size()) {
      case 0 -> List.of();
      case 1 -> List.of(relays.getFirst().advertised());
      default -> List.of(relays.getFirst().advertised(), relays.getLast().advertised());
    };
  }

  /** When the last of its relayed addresses expires. */
  public long expiresMs() {
    long latest = 0;
    for (Relay relay : relays()) {
      latest = Math.max(latest, relay.expiresMs);
    }
    return latest;
  }

  /** Application data towards peers. */
  public long bytesUp() {
    return bytesUp;
  }

  /** Application data towards the client. */
  public long bytesDown() {
    return bytesDown;
  }

  public long packetsUp() {
    return packetsUp;
  }

  public long packetsDown() {
    return packetsDown;
  }

  public long bytesUpPerSecond() {
    return pace == null ? 0 : pace.bytesUpPerSecond;
  }

  public long bytesDownPerSecond() {
    return pace == null ? 0 : pace.bytesDownPerSecond;
  }

  public long packetsUpPerSecond() {
    return pace == null ? 0 : pace.packetsUpPerSecond;
  }

  public long packetsDownPerSecond() {
    return pace == null ? 0 : pace.packetsDownPerSecond;
  }

  /** When data was relayed for the first time; 0 for never. */
  public long firstRelayedMs() {
    return firstRelayedMs;
  }

  /** When data was last relayed; 0 for never. */
  public long relayedMs() {
    return relayedMs;
  }

  /** Packets that were dropped because nothing permitted them. */
  public long misses() {
    return misses;
  }

  /** Whether a permission for this peer's IP address exists, expired or not. */
  public boolean permits(long hi, long lo) {
    return permission(hi, lo) != null;
  }

  /** Whether data was relayed, either way, at {@code sinceMs} or later. */
  public boolean isActiveSince(long sinceMs) {
    return relayedMs >= sinceMs && relayedMs > 0;
  }

  public int permissions() {
    return permissionByIp == null ? 0 : permissionByIp.size();
  }

  public int channels() {
    return channelCount;
  }

  /** Whether it has been answered and not ended. */
  public boolean isActive() {
    return stage == Stage.ACTIVE;
  }

  /**
   * The question whether its user, whom only others know, is still one; null if there is nothing to
   * ask.
   *
   * @param sinceMs an answer from then on still holds
   */
  public Accounts.@Nullable Question doubt(long sinceMs) {
    return isActive() && login.mechanism() == Mechanism.DIRECTORY && login.askedMs() < sinceMs
        ? Accounts.Question.again(login.realm(), login.user(), client)
        : null;
  }

  /** Whether it may go on by this answer: nobody's silence ends it, but another key does. */
  public boolean holds(Accounts.Answer answer, long now) {
    return switch (answer) {
      case Accounts.Known known -> {
        IntegrityKey key = login.key();
        boolean isSame = key == null || known.has(key);
        login = isSame ? login.askedAt(now) : login;
        yield isSame;
      }
      case Accounts.Failed failed -> failed != Accounts.Failed.UNKNOWN;
    };
  }

  /** Whether it has TCP with its peers (RFC 6062), and no datagrams. */
  public boolean isTcp() {
    return birth.tcp;
  }

  /** What LIFETIME said when it was made. */
  public int lifetimeSeconds() {
    return birth.lifetimeSeconds;
  }

  /** Its permissions, then its channels; the addresses as its packets carry them. */
  public List<AllocationPeer> peers() {
    List<AllocationPeer> peers = new ArrayList<>(permissions() + channels());
    forEachPermission(
        each ->
            peers.add(
                new AllocationPeer(each.ip(), 0, each.expiresMs, each.bytesUp, each.bytesDown)));
    forEachChannel(
        each -> peers.add(new AllocationPeer(each.peer, each.number, each.expiresMs, 0, 0)));
    return peers;
  }

  List<Relay> relays() {
    Relay first = ipv4;
    Relay second = ipv6;
    if (first == null) {
      return second == null ? List.of() : List.of(second);
    }
    return second == null ? List.of(first) : List.of(first, second);
  }

  @Nullable Relay relayOf(Family family) {
    return family == Family.IPV4 ? ipv4 : ipv6;
  }

  void set(Family family, @Nullable Relay relay) {
    if (family == Family.IPV4) {
      ipv4 = relay;
    } else {
      ipv6 = relay;
    }
  }

  /** Bounds each direction; 0 is no limit. */
  void limit(long bytesPerSecond, long now) {
    up = bytesPerSecond > 0 ? new Bandwidth(bytesPerSecond, now) : null;
    down = bytesPerSecond > 0 ? new Bandwidth(bytesPerSecond, now) : null;
  }

  /** Its user has shown again who it is, and other terms may hold by now. */
  void provenAgain(Login newLogin, TurnConfig config, long now) {
    long before = login.bytesPerSecond(config);
    long after = newLogin.bytesPerSecond(config);
    login = newLogin;
    if (before != after) {
      limit(after, now);
    }
  }

  /** Nothing is relayed any more; what is left ends as soon as time passes. */
  void expireAll() {
    relays().forEach(relay -> relay.expiresMs = 0);
  }

  /** From now on it is one of those that use this together. */
  void share(puente.turn.store.@Nullable Bandwidth ofUser) {
    userUp = ofUser == null ? null : new Capacity.Share(ofUser.up());
    userDown = ofUser == null ? null : new Capacity.Share(ofUser.down());
  }

  @Nullable Permission permission(long hi, long lo) {
    return permissionByIp == null ? null : permissionByIp.find(hi, lo, 0);
  }

  /** The channel of this number, expired or not, or null. */
  @Nullable Channel channel(int number) {
    Channel[] channels = channelByNumber;
    if (channels == null) {
      return null;
    }
    int mask = channels.length - 1;
    for (int i = number & mask; ; i = i + 1 & mask) {
      Channel channel = channels[i];
      if (channel == null || channel.number == number) {
        return channel;
      }
    }
  }

  /** The channel bound to this peer, expired or not, or null. */
  @Nullable Channel channelOf(long hi, long lo, int port) {
    Channel last = lastChannel;
    if (last != null && last.peer.lo() == lo && last.peer.port() == port && last.peer.hi() == hi) {
      return last;
    }
    if (channelByPeer == null) {
      return null;
    }
    Channel found = channelByPeer.find(hi, lo, port);
    if (found != null) {
      lastChannel = found;
    }
    return found;
  }

  void forEachPermission(Consumer<Permission> action) {
    if (permissionByIp != null) {
      permissionByIp.forEach(action);
    }
  }

  void forEachChannel(Consumer<Channel> action) {
    if (channelByPeer != null) {
      channelByPeer.forEach(action);
    }
  }

  /** Installs or refreshes a permission (RFC 8656 §9). */
  Permission permit(long hi, long lo, Relay relay, long expiresMs, Counters counters) {
    if (permissionByIp == null) {
      permissionByIp = new AddressMap<>(System.identityHashCode(this));
    }
    Permission permission = permissionByIp.find(hi, lo, 0);
    if (permission == null) {
      permission = new Permission(hi, lo, relay);
      permissionByIp.put(hi, lo, 0, permission);
      relay.hold(permission);
      counters.permissions(1);
    }
    permission.expiresMs = expiresMs;
    return permission;
  }

  /** Binds a channel; neither its number nor its peer is bound (RFC 8656 §12.2). */
  void bind(Channel channel, Counters counters) {
    if (channelByPeer == null) {
      channelByPeer = new AddressMap<>(System.identityHashCode(this));
    }
    channelByPeer.put(channel.peer.hi(), channel.peer.lo(), channel.peer.port(), channel);
    channel.permission.channels++;
    channelCount++;
    counters.channels(1);
    rehash();
  }

  /** Drops what has expired, and says when next something will. */
  long sweep(long now, Counters counters) {
    drop(channel -> now >= channel.expiresMs, permission -> now >= permission.expiresMs, counters);
    long next = Long.MAX_VALUE;
    for (Relay relay : relays()) {
      next = Math.min(next, relay.expiresMs);
    }
    Soonest soonest = new Soonest(now, next);
    if (channelByPeer != null) {
      channelByPeer.forEach(channel -> soonest.at(channel.expiresMs));
    }
    if (permissionByIp != null) {
      permissionByIp.forEach(permission -> soonest.at(permission.expiresMs));
    }
    return soonest.ms;
  }

  /** Drops the permissions and channels of one relayed address (RFC 8656 §8.1). */
  void dropAllOf(Relay relay, Counters counters) {
    drop(channel -> channel.relay == relay, permission -> permission.relay == relay, counters);
  }

  /** Drops channels, then permissions; one that a remaining channel stands on stays. */
  void drop(Predicate<Channel> channels, Predicate<Permission> permissions, Counters counters) {
    if (channelByPeer != null) {
      List<Channel> ended = new ArrayList<>();
      channelByPeer.forEach(
          channel -> {
            if (channels.test(channel)) {
              ended.add(channel);
            }
          });
      for (Channel channel : ended) {
        channelByPeer.remove(channel.peer.hi(), channel.peer.lo(), channel.peer.port());
        channel.permission.channels--;
      }
      if (!ended.isEmpty()) {
        channelCount -= ended.size();
        counters.channels(-ended.size());
        lastChannel = null;
        rehash();
      }
    }
    if (permissionByIp != null) {
      List<Permission> ended = new ArrayList<>();
      permissionByIp.forEach(
          permission -> {
            if (permission.channels == 0 && permissions.test(permission)) {
              ended.add(permission);
            }
          });
      for (Permission permission : ended) {
        permissionByIp.remove(permission.hi, permission.lo, 0);
        permission.relay.end(permission);
      }
      counters.permissions(-ended.size());
    }
  }

  private void rehash() {
    AddressMap<Channel> channels = channelByPeer;
    if (channels == null || channels.isEmpty()) {
      channelByNumber = null;
      return;
    }
    int slots = Math.max(4, Integer.highestOneBit(channels.size()) << 2);
    int mask = slots - 1;
    @Nullable Channel[] table = new Channel[slots];
    channels.forEach(
        channel -> {
          int i = channel.number & mask;
          while (table[i] != null) {
            i = i + 1 & mask;
          }
          table[i] = channel;
        });
    channelByNumber = table;
  }

  /** The soonest of many times after now; what is over already waits for nothing. */
  private static final class Soonest {

    private final long now;
    private long ms;

    Soonest(long now, long ms) {
      this.now = now;
      this.ms = ms;
    }

    void at(long otherMs) {
      if (otherMs > now && otherMs < ms) {
        ms = otherMs;
      }
    }
  }
}
