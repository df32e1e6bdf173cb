package puente.turn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import puente.stun.Family;
import puente.stun.TransportAddress;

/** Where relays are: on addresses of everybody, or of the one realm that has them. Immutable. */
public final class RelaySites {
  private final List<RelayAddress> shared;
  private final List<RelayAddress> all;
  private final Map<String, Tenant> tenantByRealm;

  RelaySites(List<RelayAddress> shared, Map<String, Tenant> tenantByRealm) {
    this.shared = shared;
    this.tenantByRealm = tenantByRealm;
    Map<TransportAddress, RelayAddress> once = new LinkedHashMap<>();
    shared.forEach(address -> once.put(address.local(), address));
    tenantByRealm
        .values()
        .forEach(
            tenant ->
                tenant
                    .relayAddresses()
                    .forEach(address -> once.putIfAbsent(address.local(), address)));
    all = List.copyOf(once.values());
  }

  /** Those of everybody, then those of one realm alone. */
  List<RelayAddress> all() {
    return all;
  }

  /** Where relays of realms are that have no relay addresses of their own. */
  List<RelayAddress> shared() {
    return shared;
  }

  /** Where relays of this realm's users are. */
  private List<RelayAddress> of(String realm) {
    Tenant tenant = tenantByRealm.get(realm);
    return tenant == null || tenant.relayAddresses().isEmpty() ? shared : tenant.relayAddresses();
  }

  boolean has(Family family, String realm) {
    for (RelayAddress address : of(realm)) {
      if (address.family() == family) {
        return true;
      }
    }
    return false;
  }

  /** Whether relays of this realm's users are on this address, whatever its port. */
  boolean has(TransportAddress local, String realm) {
    for (RelayAddress address : of(realm)) {
      if (address.family() == local.family() && address.local().sameIp(local.hi(), local.lo())) {
        return true;
      }
    }
    return false;
  }

  /** What a server relays on that goes over to this: everybody's addresses are for life. */
  public List<RelayAddress> after(List<RelayAddress> before) {
    Map<TransportAddress, RelayAddress> known = new LinkedHashMap<>();
    before.forEach(address -> known.put(address.local(), address));
    all.stream()
        .filter(address -> !shared.contains(address))
        .forEach(address -> known.putIfAbsent(address.local(), address));
    return List.copyOf(known.values());
  }
}
