package puente.turn;

import java.util.List;

/**
 * What holds for the users of one realm.
 *
 * @param peers whom they may reach
 * @param bytesPerSecond of one allocation, each way; 0 is no limit
 * @param relayAddresses where their relays are; none, where everybody's are
 */
public record Tenant(
    Credentials credentials,
    PeerPolicy peers,
    long bytesPerSecond,
    List<RelayAddress> relayAddresses) {

  public Tenant {
    relayAddresses = List.copyOf(relayAddresses);
  }

  public String realm() {
    return credentials.realm();
  }

  Tenant withOwnRelays(TurnConfig config) {
    PeerPolicy own =
        peers.withOwnRelays(config.relayAddresses(), config.portMin(), config.portMax());
    return new Tenant(credentials, own, bytesPerSecond, relayAddresses);
  }
}
