package puente.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.function.Consumer;
import puente.launcher.e2e.Stun;

/**
 * A client that may take its allocation along (RFC 8016): from socket to socket, and from node to
 * node. For one thread at a time.
 */
final class Wanderer implements AutoCloseable {

  private static final int MOBILITY_TICKET = 0x8030;
  private static final int LOOK_MS = 20;

  private final Namespace home;
  private final Flow.Account account;
  private final Dialog dialog;
  private InetSocketAddress server;
  private DatagramSocket socket;
  private byte[] ticket = {};
  private int code = -1;
  private boolean decided;

  Wanderer(Namespace home, Flow.Account account) {
    this.home = home;
    this.account = account;
    dialog = new Dialog(account.user(), account.password(), this::send, new Tally());
    server = account.server();
    socket = open();
  }

  /** 0, or the error that it gets; -1 if it hears nothing for half a minute. */
  int allocate() {
    return asks(
        Stun.ALLOCATE,
        message -> {
          message.with(Stun.REQUESTED_TRANSPORT, (byte) 17, (byte) 0, (byte) 0, (byte) 0);
          message.with(MOBILITY_TICKET);
          if (account.server().getAddress() instanceof Inet6Address) {
            message.with(Stun.REQUESTED_ADDRESS_FAMILY, (byte) 2, (byte) 0, (byte) 0, (byte) 0);
          }
        });
  }

  /** The same of its Refresh, with its ticket, by a new socket. */
  int moveTo(InetSocketAddress newServer) {
    socket.close();
    server = newServer;
    socket = open();
    return asks(Stun.REFRESH, message -> message.with(MOBILITY_TICKET, ticket));
  }

  private DatagramSocket open() {
    return home.run(
        () -> {
          DatagramSocket opened = new DatagramSocket();
          opened.setSoTimeout(LOOK_MS);
          return opened;
        });
  }

  private int asks(int method, Consumer<Stun> attributes) {
    decided = false;
    dialog.ask(
        method,
        attributes,
        answer -> {
          decided = true;
          code = answer == null ? -1 : Stun.errorCode(answer);
          byte[] next = answer == null ? null : Stun.attribute(answer, MOBILITY_TICKET);
          if (next != null) {
            ticket = next;
          }
        });
    DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
    while (!decided) {
      dialog.onTime(System.nanoTime());
      try {
        packet.setLength(2048);
        socket.receive(packet);
        byte[] message = Arrays.copyOf(packet.getData(), packet.getLength());
        dialog.onMessage(message, System.nanoTime());
      } catch (SocketTimeoutException silence) {
        // It repeats itself when it is time.
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return code;
  }

  private void send(byte[] message) {
    try {
      socket.send(new DatagramPacket(message, message.length, server));
    } catch (IOException noWay) {
      // As if it was lost: it repeats itself.
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
