package puente.turn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;
import puente.stun.Nonce;
import puente.stun.TransportAddress;
import puente.turn.store.Reservations;
import puente.turn.store.Roaming;

/**
 * How a {@link TurnServer} behaves. Immutable, and valid as soon as it is built. All shards of a
 * server are given the same object: through it they share reservations and capacity.
 */
public final class TurnConfig {

  /** Long enough for a burst that the next look at the sockets finds gone. */
  private static final int OVERLOAD_MS = 100;

  private final Builder of;
  private final RelaySites sites;
  private final PeerPolicy peers;
  private final Map<String, Tenant> tenantByRealm;

  private TurnConfig(Builder builder) {
    of = builder;
    Map<String, Tenant> given = new HashMap<>();
    builder.tenants.forEach(tenant -> given.put(tenant.realm(), tenant));
    sites = new RelaySites(builder.relayAddresses, given);
    peers = builder.peers.withOwnRelays(sites.all(), builder.portMin, builder.portMax);
    Map<String, Tenant> tenants = new HashMap<>();
    given.forEach((realm, tenant) -> tenants.put(realm, tenant.withOwnRelays(this)));
    tenantByRealm = Map.copyOf(tenants);
  }

  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts from this configuration. */
  public Builder toBuilder() {
    return new Builder(of);
  }

  /** The main realm. */
  public String realm() {
    return of.credentials.realm();
  }

  /** The other realms, by name. */
  Map<String, Tenant> tenantByRealm() {
    return tenantByRealm;
  }

  RealmRules realmRules() {
    return of.realmRules;
  }

  /** Whether somebody else may know users that this configuration does not. */
  boolean asksElsewhere() {
    return of.askAgainMs > 0;
  }

  /** What somebody else has said of a user holds for so long; 0 if nobody else is asked. */
  public long askAgainMs() {
    return of.askAgainMs;
  }

  /** Whether all users that others know have a key for SHA-256 (RFC 8489 §14.12), too. */
  boolean elsewhereBySha256() {
    return of.elsewhereBySha256;
  }

  /** The value of SOFTWARE; null, the default, sends none. */
  public @Nullable String software() {
    return of.software;
  }

  /** Whether every answer and indication carries FINGERPRINT. */
  public boolean fingerprint() {
    return of.fingerprint;
  }

  /** False is {@code no-auth}: anybody may allocate. */
  public boolean authenticates() {
    return of.authenticates;
  }

  public Credentials credentials() {
    return of.credentials;
  }

  /** Who may come with a token of an authorization server. */
  Tokens tokens() {
    return of.tokens;
  }

  Nonce.Keys nonceKeys() {
    Nonce.Keys keys = of.nonceKeys;
    if (keys == null) {
      throw new IllegalStateException("built without nonce keys");
    }
    return keys;
  }

  /** What mobility's tickets are sealed with (RFC 8016); null where it is not allowed. */
  Nonce.@Nullable Keys ticketKeys() {
    return of.authenticates ? of.ticketKeys : null;
  }

  /** Where the clients of all shards of this configuration have moved to. */
  public Roaming roaming() {
    return of.roaming;
  }

  /** Whether an allocation ends when its ephemeral credential does. */
  boolean strictExpiry() {
    return of.strictExpiry;
  }

  /** Those of everybody, then those of one realm alone. */
  public List<RelayAddress> relayAddresses() {
    return sites.all();
  }

  public RelaySites relaySites() {
    return sites;
  }

  public int portMin() {
    return of.portMin;
  }

  public int portMax() {
    return of.portMax;
  }

  /** {@code shared-relay-ports}: of each shard on each relay address; 0 shares none. */
  public int sharedPorts() {
    return of.sharedPorts;
  }

  public Lifetimes lifetimes() {
    return of.lifetimes;
  }

  public Limits limits() {
    return of.limits;
  }

  /** The peer policy of the main realm, with our own relays in it. */
  public PeerPolicy peers() {
    return peers;
  }

  /** The same for the users of this realm. */
  PeerPolicy peers(String realm) {
    Tenant tenant = tenantByRealm.get(realm);
    return tenant == null ? peers : tenant.peers();
  }

  /** Whose rules hold for this user of this realm: the realm's, or those of the name's suffix. */
  String tenantOf(String realm, String name) {
    if (!of.realmRules.bySuffix() || !realm.equals(realm())) {
      return realm;
    }
    String suffix = RealmRules.suffix(name);
    return suffix != null && tenantByRealm.containsKey(suffix) ? suffix : realm;
  }

  /** The family of an allocation whose client names none: IPv4 by RFC 8656 §7.2. */
  public @Nullable Family defaultFamily() {
    return of.defaultFamily;
  }

  /** {@code stun-only}: no TURN. */
  public boolean stunOnly() {
    return of.stunOnly;
  }

  /** {@code no-stun}: no Binding. */
  public boolean noStun() {
    return of.noStun;
  }

  /**
   * {@code overload-shedding}: for so long packets come faster than they are handled until answers
   * are left out; 0 is never.
   */
  public int overloadMs() {
    return of.overloadMs;
  }

  /** {@code secure-stun}: Binding needs a credential too. */
  public boolean secureStun() {
    return of.secureStun;
  }

  /** {@code no-udp-relay}: 442 for UDP. */
  public boolean noUdpRelay() {
    return of.noUdpRelay;
  }

  /** {@code tcp-relay}: TCP allocations (RFC 6062). */
  public boolean tcpRelay() {
    return of.tcpRelay;
  }

  /** Connections with peers of one TCP allocation at a time. */
  int tcpConnections() {
    return of.tcpConnections;
  }

  /** {@code rfc5766-channel-numbers}: old clients bind channels up to 0x7FFF (RFC 5766 §11). */
  public boolean rfc5766Channels() {
    return of.rfc5766Channels;
  }

  /** Where whoever comes to this address of ours finds us alone; null if that is where it is. */
  @Nullable TransportAddress unicast(TransportAddress server) {
    if (of.unicastByAnycast.isEmpty()) {
      return null;
    }
    TransportAddress unicast = of.unicastByAnycast.get(server.withPort(0));
    return unicast == null ? null : unicast.withPort(server.port());
  }

  /** {@code allowed-client-ip} and {@code denied-client-ip}. */
  ClientRules clients() {
    return of.clients;
  }

  /** Whether other nodes may have left allocations that this one can claim. */
  public boolean claims() {
    return of.claims;
  }

  /** What all shards of this configuration hold in reserve together. */
  Reservations reservations() {
    return of.reservations;
  }

  /** Collects a configuration; see the accessors of {@link TurnConfig} for what each word means. */
  public static final class Builder {

    private @Nullable String software;
    private boolean fingerprint;
    private boolean authenticates = true;
    private Credentials credentials = Credentials.ofRealm("puente");
    private Tokens tokens = Tokens.NONE;
    private Nonce.@Nullable Keys nonceKeys;
    private boolean strictExpiry;
    private List<RelayAddress> relayAddresses = List.of();
    private int portMin = 49152;
    private int portMax = 65535;
    private int sharedPorts;
    private Lifetimes lifetimes = Lifetimes.STANDARD;
    private Limits limits = Limits.STANDARD;
    private PeerPolicy peers = PeerPolicy.SAFE;
    private @Nullable Family defaultFamily = Family.IPV4;
    private boolean stunOnly;
    private boolean noStun;
    private boolean secureStun;
    private int overloadMs = OVERLOAD_MS;
    private boolean noUdpRelay;
    private boolean tcpRelay;
    private int tcpConnections = 64;
    private boolean rfc5766Channels;
    private Map<TransportAddress, TransportAddress> unicastByAnycast = Map.of();
    private ClientRules clients = ClientRules.ALL;
    private boolean claims;
    private Reservations reservations = new Reservations();
    private List<Tenant> tenants = List.of();
    private RealmRules realmRules = RealmRules.NONE;
    private long askAgainMs;
    private boolean elsewhereBySha256;
    private Nonce.@Nullable Keys ticketKeys;
    private Roaming roaming = new Roaming();

    private Builder() {}

    private Builder(Builder other) {
      software = other.software;
      fingerprint = other.fingerprint;
      authenticates = other.authenticates;
      credentials = other.credentials;
      tokens = other.tokens;
      nonceKeys = other.nonceKeys;
      strictExpiry = other.strictExpiry;
      relayAddresses = other.relayAddresses;
      portMin = other.portMin;
      portMax = other.portMax;
      sharedPorts = other.sharedPorts;
      lifetimes = other.lifetimes;
      limits = other.limits;
      peers = other.peers;
      defaultFamily = other.defaultFamily;
      stunOnly = other.stunOnly;
      noStun = other.noStun;
      secureStun = other.secureStun;
      overloadMs = other.overloadMs;
      noUdpRelay = other.noUdpRelay;
      tcpRelay = other.tcpRelay;
      tcpConnections = other.tcpConnections;
      rfc5766Channels = other.rfc5766Channels;
      unicastByAnycast = other.unicastByAnycast;
      clients = other.clients;
      claims = other.claims;
      reservations = other.reservations;
      tenants = other.tenants;
      realmRules = other.realmRules;
      askAgainMs = other.askAgainMs;
      elsewhereBySha256 = other.elsewhereBySha256;
      ticketKeys = other.ticketKeys;
      roaming = other.roaming;
    }

    public Builder software(@Nullable String value) {
      software = value;
      return this;
    }

    public Builder fingerprint(boolean value) {
      fingerprint = value;
      return this;
    }

    /** {@code no-auth}. */
    public Builder noAuth() {
      authenticates = false;
      return this;
    }

    /** Who may use the server, and its realm. */
    public Builder credentials(Credentials value) {
      credentials = value;
      return this;
    }

    /** Realms beside the main one, and which client is asked for which. */
    public Builder tenants(List<Tenant> value, RealmRules rules) {
      tenants = List.copyOf(value);
      realmRules = rules;
      return this;
    }

    /**
     * Others know users, too: they are asked for those that the configuration does not know.
     *
     * @param askAgainMs what they say holds for so long; 0 asks nobody
     * @param bySha256 whether all their users have a key for SHA-256 beside the one for MD5
     */
    public Builder elsewhere(long askAgainMs, boolean bySha256) {
      this.askAgainMs = askAgainMs;
      elsewhereBySha256 = bySha256;
      return this;
    }

    /** RFC 7635. */
    public Builder tokens(Tokens value) {
      tokens = value;
      return this;
    }

    public Builder nonceKeys(Nonce.Keys value) {
      nonceKeys = value;
      return this;
    }

    /** {@code mobility}: allocations may move, with tickets sealed with these; null forbids it. */
    public Builder mobility(Nonce.@Nullable Keys value) {
      ticketKeys = value;
      return this;
    }

    public Builder strictExpiry(boolean value) {
      strictExpiry = value;
      return this;
    }

    /** Where relays are; those of a tenant, where its own are if it has some. */
    public Builder relayAddresses(RelayAddress... value) {
      relayAddresses = List.of(value);
      return this;
    }

    public Builder ports(int min, int max) {
      portMin = min;
      portMax = max;
      return this;
    }

    public Builder sharedPorts(int value) {
      sharedPorts = value;
      return this;
    }

    public Builder lifetimes(Lifetimes value) {
      lifetimes = value;
      return this;
    }

    public Builder limits(Limits value) {
      limits = value;
      return this;
    }

    public Builder peers(PeerPolicy value) {
      peers = value;
      return this;
    }

    /** Null takes the family of the client's own address. */
    public Builder defaultFamily(@Nullable Family value) {
      defaultFamily = value;
      return this;
    }

    public Builder stunOnly(boolean value) {
      stunOnly = value;
      return this;
    }

    public Builder noStun(boolean value) {
      noStun = value;
      return this;
    }

    public Builder overloadMs(int value) {
      overloadMs = value;
      return this;
    }

    public Builder secureStun(boolean value) {
      secureStun = value;
      return this;
    }

    public Builder tcpRelay(boolean value, int connections) {
      tcpRelay = value;
      tcpConnections = connections;
      return this;
    }

    /** From where clients may come. */
    public Builder clients(ClientRules value) {
      clients = value;
      return this;
    }

    /** Which of our addresses other servers have as well, and what clients are told (port 0). */
    public Builder anycast(Map<TransportAddress, TransportAddress> value) {
      unicastByAnycast = Map.copyOf(value);
      return this;
    }

    public Builder rfc5766Channels(boolean value) {
      rfc5766Channels = value;
      return this;
    }

    public Builder claims(boolean value) {
      claims = value;
      return this;
    }

    /** Without what is held in reserve, and who has moved, so far: for a server new to both. */
    Builder withoutReservations() {
      reservations = new Reservations();
      roaming = new Roaming();
      return this;
    }

    public Builder noUdpRelay(boolean value) {
      noUdpRelay = value;
      return this;
    }

    public TurnConfig build() {
      if (portMin < 1024 || portMax > 65535 || portMin > portMax) {
        // RFC 8656 §7.2: never a well-known port.
        throw new IllegalArgumentException("relay ports are from 1024 to 65535");
      }
      if (Set.copyOf(relayAddresses).size() < relayAddresses.size()) {
        throw new IllegalArgumentException("a relay address stands twice");
      }
      if (authenticates && nonceKeys == null) {
        throw new IllegalArgumentException("authentication needs keys for nonces");
      }
      if (secureStun && !authenticates) {
        throw new IllegalArgumentException("secure-stun needs authentication");
      }
      return new TurnConfig(new Builder(this));
    }
  }
}
