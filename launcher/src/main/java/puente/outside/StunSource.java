package puente.outside;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import puente.net.Addresses;
import puente.stun.AttributeType;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.TransportAddress;

/** Asks another STUN server (RFC 8489), as a client behind a NAT does. */
record StunSource(String server, Duration patience) implements Source {
  private static final int PORT = 3478;
  private static final int ATTEMPTS = 3;

  @Override
  public String name() {
    return "stun " + server;
  }

  @Override
  public List<InetAddress> ask() throws IOException {
    InetSocketAddress to = address();
    if (to.isUnresolved()) {
      throw new IOException("its name has no address");
    }
    byte[] id = new byte[Message.TRANSACTION_ID_LENGTH];
    new SecureRandom().nextBytes(id);
    MessageBuilder request =
        new MessageBuilder().message(MessageClass.REQUEST, Method.BINDING, id).fingerprint();
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout((int) (patience.toMillis() / ATTEMPTS));
      for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        socket.send(new DatagramPacket(request.bytes(), request.length(), to));
        DatagramPacket received = new DatagramPacket(new byte[1500], 1500);
        try {
          socket.receive(received);
        } catch (SocketTimeoutException silent) {
          continue;
        }
        Message answer = new Message();
        if (answer.parse(received.getData(), received.getLength()) == Message.Shape.WELL_FORMED
            && answer.hasTransactionId(id)) {
          return mapped(answer);
        }
      }
    }
    throw new SocketTimeoutException("no answer");
  }

  private static List<InetAddress> mapped(Message answer) {
    int index = answer.find(AttributeType.XOR_MAPPED_ADDRESS);
    TransportAddress seen = index < 0 ? null : answer.xorAddressAt(index);
    return seen == null
        ? List.of()
        : List.of(Addresses.of(seen).getAddress()).stream().filter(Addressing::isGlobal).toList();
  }

  /** {@code host}, {@code host:port}, {@code [v6]:port}, or coturn's {@code host port}. */
  private InetSocketAddress address() {
    String text = server.strip().replaceFirst("\\s+", ":");
    int colon = text.lastIndexOf(':');
    boolean hasPort = colon > 0 && (text.indexOf(':') == colon || text.charAt(colon - 1) == ']');
    String host = hasPort ? text.substring(0, colon) : text;
    int port = hasPort ? Integer.parseInt(text.substring(colon + 1)) : PORT;
    return new InetSocketAddress(host.replaceAll("[\\[\\]]", ""), port);
  }
}
