package puente.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Counted instead of timed: the JIT compiler inlines a hot method only up to a size (HotSpot's
 * FreqInlineSize). What outgrows it becomes a call for every packet, and what was found out about
 * its callers is lost there.
 */
class HotCodeTest {

  /** Bytes of bytecode; -XX:FreqInlineSize of HotSpot. */
  private static final int INLINED_MAX = 325;

  /** A packet's road from the kernel and back to it. */
  private static final List<String> ROAD =
      List.of(
          "puente.net.LinuxDatagrams",
          "puente.net.LinuxUdpSocket",
          "puente.net.ReceiveRing",
          "puente.net.TransmitQueue",
          "puente.net.Memory",
          "puente.net.Libc",
          "puente.net.DatagramCounters",
          "puente.stun.Packet",
          "puente.stun.PacketKind",
          "puente.stun.ChannelData",
          "puente.stun.AddressMap",
          "puente.stun.TransportAddress",
          "puente.turn.DataPath",
          "puente.turn.Permission",
          "puente.turn.Channel",
          "puente.turn.Counters",
          "puente.turn.Pace",
          "puente.turn.relay.Shard");

  @Test
  void whatEveryPacketPassesCanBeInlined() throws IOException {
    List<String> tooLarge = new ArrayList<>();
    int methods = 0;
    for (String name : ROAD) {
      for (MethodModel method : read(name).methods()) {
        int size = method.findAttribute(Attributes.code()).map(CodeAttribute::codeLength).orElse(0);
        methods++;
        boolean isOnce = method.methodName().stringValue().startsWith("<");
        if (size > INLINED_MAX && !isOnce) {
          tooLarge.add(name + "." + method.methodName().stringValue() + ": " + size + " bytes");
        }
      }
    }
    assertTrue(methods > 100, "methods that were looked at: " + methods);
    assertEquals(List.of(), tooLarge);
  }

  private static ClassModel read(String name) throws IOException {
    String file = "/" + name.replace('.', '/') + ".class";
    try (InputStream bytes = HotCodeTest.class.getResourceAsStream(file)) {
      if (bytes == null) {
        throw new IOException("no class " + name + ": was it renamed?");
      }
      return ClassFile.of().parse(bytes.readAllBytes());
    }
  }
}
