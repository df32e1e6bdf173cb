package puente.turn;

import java.util.List;
import java.util.Set;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;

/**
 * From where clients may come, by the configuration; what operators say meanwhile are {@link Bans}.
 * Looking up makes no garbage.
 */
public final class ClientRules {

  /** From everywhere. */
  public static final ClientRules ALL = new ClientRules(List.of(), List.of());

  private final Bans allowed;
  private final Bans denied;

  /**
   * @param allowed nobody else, unless there is none
   * @param denied whoever else is allowed
   */
  public ClientRules(List<AddressRange> allowed, List<AddressRange> denied) {
    this.allowed = new Bans(allowed, Set.of());
    this.denied = new Bans(denied, Set.of());
  }

  boolean serves(TransportAddress client) {
    return (allowed.isEmpty() || allowed.hasAddress(client)) && !denied.hasAddress(client);
  }
}
