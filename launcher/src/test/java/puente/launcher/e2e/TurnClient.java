package puente.launcher.e2e;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A small TURN client for the tests that must know exactly what was sent and what came back. One
 * thread reads; requests may come from any thread.
 */
final class TurnClient implements AutoCloseable {

  /** The way to the server. */
  interface Wire extends AutoCloseable {
    void send(byte[] message) throws IOException;

    /** One datagram or one frame; null after a short silence. */
    byte @Nullable [] receive() throws IOException;

    @Override
    void close() throws IOException;
  }

  private static final int RETRANSMISSIONS = 6;
  private static final byte[] UDP = {17, 0, 0, 0};

  private final Wire wire;
  private final String user;
  private final String password;
  private final Map<String, CompletableFuture<byte[]>> pending = new ConcurrentHashMap<>();
  private volatile Consumer<byte[]> onData = data -> {};
  private volatile boolean closed;
  private byte[] realm = {};
  private byte[] nonce = {};
  private byte[] key = {};

  TurnClient(Wire wire, String user, String password) {
    this.wire = wire;
    this.user = user;
    this.password = password;
    Thread.ofPlatform().daemon().name("turn client").start(this::read);
  }

  static TurnClient udp(ServerProcess server) throws IOException {
    return new TurnClient(
        new Datagrams(server.address()), ServerProcess.USER, ServerProcess.PASSWORD);
  }

  static TurnClient udp(ServerProcess server, String user, String password) throws IOException {
    return new TurnClient(new Datagrams(server.address()), user, password);
  }

  static TurnClient tcp(ServerProcess server) throws IOException {
    var socket = new Socket(server.address().getAddress(), server.port);
    socket.setTcpNoDelay(true);
    return new TurnClient(new Stream(socket), ServerProcess.USER, ServerProcess.PASSWORD);
  }

  static TurnClient tls(ServerProcess server) throws IOException {
    var wire = new Stream(TlsTunnel.connect(server));
    return new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
  }

  static TurnClient dtls(ServerProcess server) throws IOException {
    var wire =
        new DtlsDatagrams(new InetSocketAddress(server.address().getAddress(), server.tlsPort));
    return new TurnClient(wire, ServerProcess.USER, ServerProcess.PASSWORD);
  }

  /** Payloads of ChannelData and of Data indications, on the reading thread. */
  void onData(Consumer<byte[]> consumer) {
    onData = consumer;
  }

  /** The relayed address of a new allocation. */
  InetSocketAddress allocate() {
    var answer = signed(Stun.ALLOCATE, message -> message.with(Stun.REQUESTED_TRANSPORT, UDP));
    var relayed = Stun.address(succeeded(answer), Stun.XOR_RELAYED_ADDRESS);
    if (relayed == null) {
      throw new AssertionError("no XOR-RELAYED-ADDRESS");
    }
    return relayed;
  }

  void refresh(int seconds) {
    succeeded(signed(Stun.REFRESH, message -> message.with(Stun.LIFETIME, number(seconds))));
  }

  void bind(int channel, InetSocketAddress peer) {
    succeeded(
        signed(
            Stun.CHANNEL_BIND,
            message ->
                message
                    .with(Stun.CHANNEL_NUMBER, number(channel << 16))
                    .with(Stun.XOR_PEER_ADDRESS, peer)));
  }

  void permit(InetSocketAddress peer) {
    succeeded(signed(Stun.CREATE_PERMISSION, message -> message.with(Stun.XOR_PEER_ADDRESS, peer)));
  }

  void sendChannel(int channel, byte[] payload) throws IOException {
    int padded = isDatagrams() ? payload.length : payload.length + 3 & ~3;
    wire.send(
        ByteBuffer.allocate(4 + padded)
            .putShort((short) channel)
            .putShort((short) payload.length)
            .put(payload)
            .array());
  }

  void sendIndication(InetSocketAddress peer, byte[] payload) throws IOException {
    wire.send(
        Stun.request(Stun.SEND_INDICATION)
            .with(Stun.XOR_PEER_ADDRESS, peer)
            .with(Stun.DATA, payload)
            .bytes());
  }

  /** Bytes exactly as they are. */
  void sendRaw(byte[] bytes) throws IOException {
    wire.send(bytes);
  }

  /** Where the server sees us. */
  InetSocketAddress mapped() {
    var answer = succeeded(exchange(Stun.request(Stun.BINDING).bytes()));
    var mapped = Stun.address(answer, Stun.XOR_MAPPED_ADDRESS);
    if (mapped == null) {
      throw new AssertionError("no XOR-MAPPED-ADDRESS");
    }
    return mapped;
  }

  /** An answer to an unsigned Binding request, which also says that all before it was read. */
  void ping() {
    succeeded(exchange(Stun.request(Stun.BINDING).bytes()));
  }

  /** A message with this client's current credentials; the long-term key signs it. */
  byte[] authenticated(Stun message) {
    return message
        .with(Stun.USERNAME, user)
        .with(Stun.REALM, realm)
        .with(Stun.NONCE, nonce)
        .signed(key);
  }

  Wire wire() {
    return wire;
  }

  /** RFC 8489 §9.2.5: a 401 or 438 is answered once with the realm and nonce it brought. */
  byte[] signed(int method, Consumer<Stun> attributes) {
    var answer = exchange(request(method, attributes));
    for (int retry = 0; retry < 2; retry++) {
      int code = Stun.errorCode(answer);
      if (code != 401 && code != 438 || retry == 1 && code == 401) {
        return answer;
      }
      nonce = attribute(answer, Stun.NONCE);
      realm = attribute(answer, Stun.REALM);
      key = Stun.key(user, new String(realm, StandardCharsets.UTF_8), password);
      answer = exchange(request(method, attributes));
    }
    return answer;
  }

  private byte[] request(int method, Consumer<Stun> attributes) {
    var message = Stun.request(method);
    attributes.accept(message);
    return nonce.length == 0 ? message.bytes() : authenticated(message);
  }

  private static byte[] attribute(byte[] message, int type) {
    var value = Stun.attribute(message, type);
    if (value == null) {
      throw new AssertionError("an error " + Stun.errorCode(message) + " without 0x" + type);
    }
    return value;
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).putInt(value).array();
  }

  static byte[] succeeded(byte[] answer) {
    if ((Stun.type(answer) & Stun.ERROR) != Stun.SUCCESS) {
      throw new AssertionError("refused: " + Stun.errorCode(answer));
    }
    return answer;
  }

  private boolean isDatagrams() {
    return wire instanceof Datagrams || wire instanceof DtlsDatagrams;
  }

  /** RFC 8489 §6.2.1: retransmits over UDP, waits over streams. */
  byte[] exchange(byte[] request) {
    var answer = new CompletableFuture<byte[]>();
    var transaction = Stun.transaction(request);
    pending.put(transaction, answer);
    try {
      for (int attempt = 0; attempt < RETRANSMISSIONS; attempt++) {
        if (attempt == 0 || isDatagrams()) {
          wire.send(request);
        }
        try {
          return answer.get(500L << attempt / 2, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
          // Once more.
        }
      }
      throw new AssertionError("no answer to a request of type " + Stun.type(request));
    } catch (IOException | InterruptedException | ExecutionException e) {
      throw new AssertionError("the way to the server is gone", e);
    } finally {
      pending.remove(transaction);
    }
  }

  private void read() {
    while (!closed) {
      try {
        var message = wire.receive();
        if (message != null) {
          accept(message);
        }
      } catch (IOException e) {
        pending.values().forEach(waiting -> waiting.completeExceptionally(e));
        return;
      }
    }
  }

  private void accept(byte[] message) {
    if (message.length >= 4 && (message[0] & 0xC0) == 0x40) {
      int length = ByteBuffer.wrap(message).getShort(2) & 0xFFFF;
      onData.accept(Arrays.copyOfRange(message, 4, 4 + length));
      return;
    }
    if (!Stun.isStun(message)) {
      return;
    }
    if (Stun.type(message) == Stun.DATA_INDICATION) {
      var data = Stun.attribute(message, Stun.DATA);
      if (data != null) {
        onData.accept(data);
      }
      return;
    }
    var waiting = pending.get(Stun.transaction(message));
    if (waiting != null) {
      waiting.complete(message);
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      wire.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** UDP. */
  static final class Datagrams implements Wire {
    private final DatagramSocket socket;
    private final InetSocketAddress server;
    private final DatagramPacket incoming = new DatagramPacket(new byte[65_536], 65_536);

    Datagrams(InetSocketAddress server) throws IOException {
      this.server = server;
      boolean near = server.getAddress().isLoopbackAddress();
      socket = new DatagramSocket(0, near ? InetAddress.getLoopbackAddress() : null);
      socket.setReceiveBufferSize(1 << 20);
      socket.setSoTimeout(100);
    }

    @Override
    public void send(byte[] message) throws IOException {
      socket.send(new DatagramPacket(message, message.length, server));
    }

    @Override
    public byte @Nullable [] receive() throws IOException {
      try {
        incoming.setLength(65_536);
        socket.receive(incoming);
        return Arrays.copyOf(incoming.getData(), incoming.getLength());
      } catch (SocketTimeoutException e) {
        return null;
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }

  /** TCP or TLS; RFC 8656 §12.5 pads ChannelData here. */
  static final class Stream implements Wire {
    private final Socket socket;
    private final DataInputStream in;

    Stream(Socket socket) throws IOException {
      this.socket = socket;
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 65_536));
    }

    @Override
    public synchronized void send(byte[] message) throws IOException {
      socket.getOutputStream().write(message);
      socket.getOutputStream().flush();
    }

    @Override
    public byte[] receive() throws IOException {
      try {
        var head = new byte[4];
        in.readFully(head);
        int length = ByteBuffer.wrap(head).getShort(2) & 0xFFFF;
        boolean channel = (head[0] & 0xC0) == 0x40;
        var whole = Arrays.copyOf(head, 4 + (channel ? length + 3 & ~3 : 16 + length));
        in.readFully(whole, 4, whole.length - 4);
        return whole;
      } catch (EOFException | SocketException e) {
        throw new InterruptedIOException("closed: " + e.getMessage());
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
