package puente.net;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import puente.stun.Family;
import puente.stun.TransportAddress;

/** Between the JDK's socket addresses and ours; never asks a name server. */
public final class Addresses {

  private Addresses() {}

  public static TransportAddress of(InetSocketAddress address) {
    return of(address.getAddress(), address.getPort());
  }

  public static TransportAddress of(InetAddress address, int port) {
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return address instanceof Inet4Address
        ? TransportAddress.ipv4(bytes.getInt(), port)
        : TransportAddress.ipv6(bytes.getLong(), bytes.getLong(), port);
  }

  public static InetSocketAddress of(TransportAddress address) {
    byte[] bytes = new byte[address.family().addressLength()];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    if (address.family() == Family.IPV4) {
      buffer.putInt(address.ipv4Address());
    } else {
      buffer.putLong(address.hi()).putLong(address.lo());
    }
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), address.port());
    } catch (UnknownHostException impossible) {
      throw new IllegalStateException("an address of a wrong length", impossible);
    }
  }
}
