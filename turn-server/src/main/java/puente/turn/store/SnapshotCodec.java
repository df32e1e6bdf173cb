package puente.turn.store;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * Snapshots and keys as bytes, for the journal and the cluster alike: a version byte, then the
 * fields in the order written below, numbers big-endian.
 *
 * <p>A version may gain fields at its end, which older readers skip; whatever else changes takes
 * the next number. A reader understands its own version and the one before, so that a cluster can
 * be upgraded node by node. Of any other version there is no snapshot.
 *
 * <p>Version 1 had no realm. It was written by no release, and is read so that the way of reading a
 * previous version is tried from the first day on.
 */
public final class SnapshotCodec {

  public static final int VERSION = 2;

  /** RFC 8489 §14.3 and §14.9: 508 and 763 bytes; a host name has 255. */
  private static final int TEXT_MAX = 1024;

  /** More than any configuration allows; a longer list is nothing that we have written. */
  private static final int LIST_MAX = 0x1_0000;

  /** All of a snapshot but its lists and texts, rounded up. */
  private static final int FIXED = 256;

  private static final int ADDRESS_MAX = 19;

  /** Longer than nearly all. */
  private static final int SCRATCH = 0x1000;

  /** Where a thread writes: one snapshot after the other, for each allocation that comes. */
  private static final ThreadLocal<ByteBuffer> SCRATCH_OF_THREAD =
      ThreadLocal.withInitial(() -> ByteBuffer.allocate(SCRATCH));

  private static final Transport[] TRANSPORTS = Transport.values();

  private SnapshotCodec() {}

  public static byte[] encode(Snapshot snapshot) {
    Writer out = new Writer(sizeMax(snapshot));
    out.to.put((byte) VERSION);
    out.key(snapshot.key());
    out.text(snapshot.node());
    out.to.putLong(snapshot.epoch()).putLong(snapshot.revision());
    out.login(snapshot.login());
    out.birth(snapshot.birth());
    out.to.put((byte) snapshot.relays().size());
    for (Snapshot.RelayState relay : snapshot.relays()) {
      out.address(relay.local());
      out.address(relay.advertised());
      out.to.putLong(relay.expiresMs());
    }
    out.to.putInt(snapshot.permissions().size());
    for (Snapshot.PermissionState permission : snapshot.permissions()) {
      out.address(permission.ip());
      out.to.putLong(permission.expiresMs());
    }
    out.to.putInt(snapshot.channels().size());
    for (Snapshot.ChannelState channel : snapshot.channels()) {
      out.to.putShort((short) channel.number());
      out.address(channel.peer());
      out.to.putLong(channel.expiresMs());
    }
    Snapshot.MobileState mobile = snapshot.mobile();
    if (mobile != null || isShared(snapshot)) {
      out.shared(snapshot);
    }
    if (mobile != null) {
      out.to.put((byte) 1).putLong(mobile.id()).putInt(mobile.number());
    }
    return out.bytes();
  }

  private static boolean isShared(Snapshot snapshot) {
    for (Snapshot.RelayState relay : snapshot.relays()) {
      if (relay.shared()) {
        return true;
      }
    }
    return false;
  }

  /** The snapshot in these bytes; null if there is none that this version understands. */
  public static @Nullable Snapshot decode(byte[] bytes) {
    return read(bytes, Reader::snapshot);
  }

  public static byte[] encode(AllocationKey key) {
    Writer out = new Writer(2 + 2 * ADDRESS_MAX);
    out.to.put((byte) VERSION);
    out.key(key);
    return out.bytes();
  }

  public static @Nullable AllocationKey decodeKey(byte[] bytes) {
    return read(bytes, Reader::key);
  }

  private static <T> @Nullable T read(byte[] bytes, Function<Reader, T> what) {
    if (bytes.length == 0 || bytes[0] < VERSION - 1 || bytes[0] > VERSION) {
      return null;
    }
    try {
      return what.apply(new Reader(ByteBuffer.wrap(bytes, 1, bytes.length - 1), bytes[0]));
    } catch (BufferUnderflowException | Malformed nothing) {
      return null;
    }
  }

  private static int sizeMax(Snapshot snapshot) {
    Snapshot.LoginState login = snapshot.login();
    int texts =
        snapshot.node().length()
            + login.user().length()
            + login.quotaUser().length()
            + login.realm().length()
            + login.mechanism().length();
    // A char of a Java string is at most three bytes of UTF-8.
    return FIXED
        + 3 * texts
        + snapshot.relays().size() * (2 * ADDRESS_MAX + 8)
        + snapshot.permissions().size() * (ADDRESS_MAX + 8)
        + snapshot.channels().size() * (ADDRESS_MAX + 10)
        + snapshot.flows().size() * (ADDRESS_MAX + 1);
  }

  /** These bytes are no snapshot. */
  private static final class Malformed extends RuntimeException {
    @java.io.Serial private static final long serialVersionUID = 1;

    Malformed() {
      super("not a snapshot", null, false, false);
    }
  }

  private record Writer(ByteBuffer to) {

    Writer(int size) {
      this(size > SCRATCH ? ByteBuffer.allocate(size) : SCRATCH_OF_THREAD.get().clear());
    }

    byte[] bytes() {
      return Arrays.copyOf(to.array(), to.position());
    }

    void key(AllocationKey key) {
      to.put((byte) key.transport().ordinal());
      address(key.client());
      address(key.server());
    }

    /** Family, address, port. */
    void address(TransportAddress address) {
      to.put((byte) address.family().code());
      if (address.family() == Family.IPV4) {
        to.putInt(address.ipv4Address());
      } else {
        to.putLong(address.hi()).putLong(address.lo());
      }
      to.putShort((short) address.port());
    }

    /** Of each relayed address whether it is shared, and the port beside it; then the flows. */
    void shared(Snapshot snapshot) {
      for (Snapshot.RelayState relay : snapshot.relays()) {
        TransportAddress spare = relay.spare();
        to.put((byte) ((relay.shared() ? 1 : 0) | (spare == null ? 0 : 2)));
        if (spare != null) {
          address(spare);
        }
      }
      to.putInt(snapshot.flows().size());
      for (Snapshot.FlowState flow : snapshot.flows()) {
        to.put((byte) (flow.spare() ? 1 : 0));
        address(flow.peer());
      }
    }

    void text(String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      to.putShort((short) bytes.length).put(bytes);
    }

    void login(Snapshot.LoginState login) {
      text(login.user());
      text(login.quotaUser());
      text(login.realm());
      text(login.mechanism());
      to.put((byte) ((login.algorithmGiven() ? 1 : 0) | (login.sha256() ? 2 : 0)));
      to.putLong(login.expiresMs());
    }

    void birth(Snapshot.BirthState birth) {
      to.putLong(birth.createdMs());
      to.putLong(birth.transactionHi()).putInt(birth.transactionLo());
      to.putInt(birth.lifetimeSeconds());
      Long token = birth.token();
      to.put((byte) (token == null ? 0 : 1)).putLong(token == null ? 0 : token);
      Family family = birth.missingFamily();
      ErrorCode missing = birth.missing();
      to.put((byte) (family == null ? 0 : family.code()));
      to.putShort((short) (missing == null ? 0 : missing.code()));
    }
  }

  private record Reader(ByteBuffer from, int version) {

    Snapshot snapshot() {
      AllocationKey key = key();
      String node = text();
      long epoch = from.getLong();
      long revision = from.getLong();
      Snapshot.LoginState login = login();
      Snapshot.BirthState birth = birth();
      int relayCount = check(from.get(), 2);
      List<Snapshot.RelayState> relays = new ArrayList<>(relayCount);
      for (int i = 0; i < relayCount; i++) {
        relays.add(new Snapshot.RelayState(address(), address(), from.getLong()));
      }
      int permissionCount = check(from.getInt(), LIST_MAX);
      List<Snapshot.PermissionState> permissions = new ArrayList<>();
      for (int i = 0; i < permissionCount; i++) {
        permissions.add(new Snapshot.PermissionState(address(), from.getLong()));
      }
      int channelCount = check(from.getInt(), LIST_MAX);
      List<Snapshot.ChannelState> channels = new ArrayList<>();
      for (int i = 0; i < channelCount; i++) {
        int number = from.getShort() & 0xffff;
        channels.add(new Snapshot.ChannelState(number, address(), from.getLong()));
      }
      List<Snapshot.FlowState> flows = from.hasRemaining() ? shared(relays) : List.of();
      Snapshot.MobileState mobile =
          from.hasRemaining() && check(from.get(), 1) == 1
              ? new Snapshot.MobileState(from.getLong(), from.getInt())
              : null;
      return new Snapshot(
          key, node, epoch, revision, login, birth, relays, permissions, channels, flows, mobile);
    }

    /** What stands after the rest, if there are shared ports or it can move. */
    private List<Snapshot.FlowState> shared(List<Snapshot.RelayState> relays) {
      for (int i = 0; i < relays.size(); i++) {
        Snapshot.RelayState own = relays.get(i);
        int flags = check(from.get(), 3);
        TransportAddress spare = (flags & 2) == 0 ? null : address();
        relays.set(
            i,
            new Snapshot.RelayState(
                own.local(), own.advertised(), own.expiresMs(), (flags & 1) != 0, spare));
      }
      int count = check(from.getInt(), LIST_MAX);
      List<Snapshot.FlowState> flows = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        boolean spare = check(from.get(), 1) == 1;
        flows.add(new Snapshot.FlowState(address(), spare));
      }
      return flows;
    }

    AllocationKey key() {
      return new AllocationKey(
          TRANSPORTS[check(from.get(), TRANSPORTS.length - 1)], address(), address());
    }

    private TransportAddress address() {
      Family family = family();
      if (family == null) {
        throw new Malformed();
      }
      if (family == Family.IPV4) {
        return TransportAddress.ipv4(from.getInt(), from.getShort() & 0xffff);
      }
      return TransportAddress.ipv6(from.getLong(), from.getLong(), from.getShort() & 0xffff);
    }

    private @Nullable Family family() {
      return switch (from.get()) {
        case 0x00 -> null;
        case 0x01 -> Family.IPV4;
        case 0x02 -> Family.IPV6;
        default -> throw new Malformed();
      };
    }

    private String text() {
      int length = check(from.getShort(), TEXT_MAX);
      if (length > from.remaining()) {
        throw new BufferUnderflowException();
      }
      try {
        ByteBuffer bytes = from.slice(from.position(), length);
        from.position(from.position() + length);
        return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
      } catch (CharacterCodingException notUtf8) {
        throw new Malformed();
      }
    }

    private Snapshot.LoginState login() {
      String user = text();
      String quotaUser = text();
      String realm = version == 1 ? "" : text();
      String mechanism = text();
      int flags = check(from.get(), 3);
      return new Snapshot.LoginState(
          user, quotaUser, realm, mechanism, (flags & 1) != 0, (flags & 2) != 0, from.getLong());
    }

    private Snapshot.BirthState birth() {
      long createdMs = from.getLong();
      long transactionHi = from.getLong();
      int transactionLo = from.getInt();
      int lifetimeSeconds = check(from.getInt(), Integer.MAX_VALUE);
      boolean hasToken = check(from.get(), 1) == 1;
      long token = from.getLong();
      Family missingFamily = family();
      int code = from.getShort();
      ErrorCode missing = code == 0 ? null : error(code);
      return new Snapshot.BirthState(
          createdMs,
          transactionHi,
          transactionLo,
          lifetimeSeconds,
          hasToken ? token : null,
          missingFamily,
          missing);
    }

    private static ErrorCode error(int code) {
      for (ErrorCode error : ErrorCode.values()) {
        if (error.code() == code) {
          return error;
        }
      }
      throw new Malformed();
    }

    private static int check(int value, int max) {
      if (value < 0 || value > max) {
        throw new Malformed();
      }
      return value;
    }
  }
}
