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
  private static final int VERSION = 3;

  /** Of the second there was nothing after the domain. */
  private static final int VERSION_WITHOUT_SIGNALING = 2;

  /** Of the first version there was nothing after the address of the link. */
  private static final int VERSION_WITHOUT_MORE = 1;

  private static final int CORNERS_MAX = 8;
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
      write(out, state.more());
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
      int version = in.readUnsignedByte();
      if (version < VERSION_WITHOUT_MORE) {
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
      NodeState.More more =
          version == VERSION_WITHOUT_MORE ? NodeState.More.NONE : readMore(in, version);
      return Optional.of(new NodeState(id, false, phase, doors, load, forward, more));
    } catch (IOException | IndexOutOfBoundsException foreign) {
      return Optional.empty();
    }
  }

  private static void write(DataOutputStream out, NodeState.More more) throws IOException {
    out.writeBoolean(more.plan().isPresent());
    if (more.plan().isPresent()) {
      Drain.Plan plan = more.plan().get();
      out.writeUTF(plan.reason());
      out.writeLong(plan.sinceMs());
      out.writeLong(plan.deadlineMs());
      out.writeInt(plan.minAllocations());
    }
    List<NodeState.Corner> corners =
        more.corners().subList(0, Math.min(CORNERS_MAX, more.corners().size()));
    out.writeByte(corners.size());
    for (NodeState.Corner corner : corners) {
      write(out, corner.local());
      write(out, corner.seen());
      out.writeShort(corner.otherPort());
    }
    out.writeUTF(more.domain().orElse(""));
    out.writeUTF(more.signaling().orElse(""));
  }

  private static NodeState.More readMore(DataInputStream in, int version) throws IOException {
    Optional<Drain.Plan> plan =
        in.readBoolean()
            ? Optional.of(new Drain.Plan(in.readUTF(), in.readLong(), in.readLong(), in.readInt()))
            : Optional.empty();
    List<NodeState.Corner> corners = new ArrayList<>();
    for (int left = in.readUnsignedByte(); left > 0; left--) {
      corners.add(new NodeState.Corner(readAddress(in), readAddress(in), in.readUnsignedShort()));
    }
    Optional<String> domain = readText(in);
    Optional<String> signaling =
        version == VERSION_WITHOUT_SIGNALING ? Optional.empty() : readText(in);
    return new NodeState.More(plan, corners, domain, signaling);
  }

  private static Optional<String> readText(DataInputStream in) throws IOException {
    return Optional.of(in.readUTF()).filter(text -> !text.isEmpty());
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
