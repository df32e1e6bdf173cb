package puente.launcher;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import puente.stun.Family;
import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * A {@link NodeState} in bytes. The first byte is the version; a reader skips what a newer writer
 * has appended, so that nodes of two versions understand each other while they are upgraded.
 */
final class NodeStateCodec {
  private static final int VERSION = 1;
  private static final int DOORS_MAX = 64;

  private NodeStateCodec() {}

  static byte[] encode(NodeState state) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(128);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeUTF(state.id());
      out.writeByte(state.phase().ordinal());
      List<NodeState.Door> doors =
          state.doors().subList(0, Math.min(DOORS_MAX, state.doors().size()));
      out.writeByte(doors.size());
      for (NodeState.Door door : doors) {
        out.writeByte(door.transport().ordinal());
        write(out, door.address());
      }
      out.writeInt(state.load().allocations());
      out.writeInt(state.load().allocationsMax());
      out.writeLong(state.load().bytesPerSecond());
      out.writeDouble(state.load().processor());
      out.writeBoolean(state.forward().isPresent());
      if (state.forward().isPresent()) {
        write(out, state.forward().get());
      }
    } catch (IOException impossible) {
      throw new IllegalStateException(impossible);
    }
    return bytes.toByteArray();
  }

  /**
   * @return a node that is not alive: that is not for its own words to say; empty if the bytes are
   *     none of ours
   */
  static Optional<NodeState> decode(byte[] bytes) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readUnsignedByte() < VERSION) {
        return Optional.empty();
      }
      String id = in.readUTF();
      NodeState.Phase phase = NodeState.Phase.values()[in.readUnsignedByte()];
      List<NodeState.Door> doors = new ArrayList<>();
      for (int left = in.readUnsignedByte(); left > 0; left--) {
        Transport transport = Transport.values()[in.readUnsignedByte()];
        doors.add(new NodeState.Door(transport, readAddress(in)));
      }
      NodeState.Load load =
          new NodeState.Load(in.readInt(), in.readInt(), in.readLong(), in.readDouble());
      Optional<TransportAddress> forward =
          in.readBoolean() ? Optional.of(readAddress(in)) : Optional.empty();
      return Optional.of(new NodeState(id, false, phase, doors, load, forward));
    } catch (IOException | IndexOutOfBoundsException foreign) {
      return Optional.empty();
    }
  }

  private static void write(DataOutputStream out, TransportAddress address) throws IOException {
    out.writeByte(address.family().code());
    out.writeLong(address.hi());
    out.writeLong(address.lo());
    out.writeShort(address.port());
  }

  private static TransportAddress readAddress(DataInputStream in) throws IOException {
    Family family = in.readUnsignedByte() == Family.IPV6.code() ? Family.IPV6 : Family.IPV4;
    return new TransportAddress(family, in.readLong(), in.readLong(), in.readUnsignedShort());
  }
}
