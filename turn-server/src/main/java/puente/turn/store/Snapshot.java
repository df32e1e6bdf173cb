package puente.turn.store;

import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * All that another process needs to go on with an allocation. Immutable. There is no password and
 * no key in it: keys are derived again from the configuration, so that a user who is gone from
 * there cannot go on.
 *
 * @param node whose it is
 * @param epoch fencing: grows with each change of owner, and from one allocation of a client to its
 *     next one; of two snapshots under one key, that of the greater epoch counts
 * @param revision grows with each change under one owner
 * @param mobile null unless it can move (RFC 8016)
 */
public record Snapshot(
    AllocationKey key,
    String node,
    long epoch,
    long revision,
    LoginState login,
    BirthState birth,
    List<RelayState> relays,
    List<PermissionState> permissions,
    List<ChannelState> channels,
    List<FlowState> flows,
    @Nullable MobileState mobile) {

  /** One without shared ports that cannot move. */
  public Snapshot(
      AllocationKey key,
      String node,
      long epoch,
      long revision,
      LoginState login,
      BirthState birth,
      List<RelayState> relays,
      List<PermissionState> permissions,
      List<ChannelState> channels) {
    this(key, node, epoch, revision, login, birth, relays, permissions, channels, List.of(), null);
  }

  public Snapshot {
    flows = List.copyOf(flows);
    relays = List.copyOf(relays);
    permissions = List.copyOf(permissions);
    channels = List.copyOf(channels);
  }

  /**
   * Whose allocation it is.
   *
   * @param user the username as it stood in the requests; empty for nobody
   * @param quotaUser whom quotas count
   * @param mechanism how it was proved: the name of a {@code Mechanism}
   * @param expiresMs when the credential ends; {@link Long#MAX_VALUE} if never
   */
  public record LoginState(
      String user,
      String quotaUser,
      String realm,
      String mechanism,
      boolean algorithmGiven,
      boolean sha256,
      long expiresMs) {}

  /**
   * How it came about: enough to answer a retransmitted Allocate the same again (RFC 8656 §7.2).
   *
   * @param transactionHi the first 8 bytes of the transaction ID, and {@code transactionLo} the
   *     other 4
   * @param token what RESERVATION-TOKEN said, or null
   * @param missingFamily what ADDRESS-ERROR-CODE said, with {@code missing}; or null
   */
  public record BirthState(
      long createdMs,
      long transactionHi,
      int transactionLo,
      int lifetimeSeconds,
      @Nullable Long token,
      @Nullable Family missingFamily,
      @Nullable ErrorCode missing) {

    public byte[] transactionId() {
      return ByteBuffer.allocate(12).putLong(transactionHi).putInt(transactionLo).array();
    }
  }

  /**
   * A relayed address: what its socket is bound to, what clients are told, until when.
   *
   * @param shared whether other allocations may be on the same port
   * @param spare the port beside a shared one, for the peers that are another's there; or null
   */
  public record RelayState(
      TransportAddress local,
      TransportAddress advertised,
      long expiresMs,
      boolean shared,
      @Nullable TransportAddress spare) {

    public RelayState(TransportAddress local, TransportAddress advertised, long expiresMs) {
      this(local, advertised, expiresMs, false, null);
    }
  }

  /**
   * @param ip with port 0
   */
  public record PermissionState(TransportAddress ip, long expiresMs) {}

  public record ChannelState(int number, TransportAddress peer, long expiresMs) {}

  /**
   * A peer that is this allocation's on a shared port.
   *
   * @param spare whether it is so on the port beside that one
   */
  public record FlowState(TransportAddress peer, boolean spare) {}

  /**
   * What its tickets say.
   *
   * @param number of the last one
   */
  public record MobileState(long id, int number) {}

  public String user() {
    return login.user;
  }

  public long createdMs() {
    return birth.createdMs;
  }

  /** When the last of its relayed addresses expires. */
  public long expiresMs() {
    long latest = 0;
    for (RelayState relay : relays) {
      latest = Math.max(latest, relay.expiresMs);
    }
    return latest;
  }

  /** The same under another owner, who outdoes the former one. */
  public Snapshot ownedBy(String newNode, long newEpoch) {
    return new Snapshot(
        key,
        newNode,
        newEpoch,
        revision,
        login,
        birth,
        relays,
        permissions,
        channels,
        flows,
        mobile);
  }

  /** Whether this one counts, and not the other of the same key. */
  public boolean isNewerThan(Snapshot other) {
    return epoch != other.epoch ? epoch > other.epoch : revision > other.revision;
  }
}
