package puente.launcher;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.slf4j.event.Level;
import puente.net.Addresses;
import puente.net.DescriptorHolder;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.PasswordAlgorithm;

/**
 * Runs a server of its own on loopback and free ports, with clients, and then another one that goes
 * on with their allocations, so that all classes are loaded and the code is warm before it counts:
 * in a process that is to take over, and when the build writes down what to load (the AOT cache).
 */
final class Rehearsal implements AutoCloseable {
  private static final String NAME = "rehearsal";
  private static final String REALM = "puente";
  private static final int CHANNEL = 0x4000;
  private static final int CHANNEL_DATA = 500;

  /** Allocations to go on with: enough for the compiler to find that the way is trodden. */
  private static final int CROWD = 250;

  private static final int PATIENCE_MS = 2000;

  private final RunningNode.Starter starter;
  private final BooleanSupplier urgent;
  private final Path directory;
  private final List<DatagramSocket> clients = new ArrayList<>();
  private final DatagramSocket peer;
  private final InetSocketAddress server;
  private DatagramSocket client;
  private RunningNode node;
  private final Integrity integrity = new Integrity();
  private final DatagramPacket received = new DatagramPacket(new byte[2048], 2048);
  private byte[] nonce = {};
  private int transaction;

  private Rehearsal(RunningNode.Starter starter, BooleanSupplier urgent)
      throws IOException, StartFailure {
    this.starter = starter;
    this.urgent = urgent;
    directory = Files.createTempDirectory("puente-rehearsal");
    node = start(0);
    server =
        node.listening().stream()
            .filter(listening -> listening.transport().equals("udp"))
            .map(Listening::address)
            .findFirst()
            .orElseThrow();
    client = client();
    peer = socket();
  }

  /**
   * Plays it once; where that cannot be done, the first real clients are served a bit slower.
   *
   * @param repeats how often one client frees its allocation and makes another
   * @param urgent whether to leave out what is left
   */
  static boolean play(RunningNode.Starter starter, int repeats, BooleanSupplier urgent) {
    try (Rehearsal rehearsal = new Rehearsal(starter, urgent)) {
      rehearsal.play(repeats);
      return true;
    } catch (IOException | StartFailure | RuntimeException failure) {
      Events.log(Level.DEBUG, "rehearsal-failed", "reason", failure);
      return false;
    }
  }

  private RunningNode start(int port) throws StartFailure {
    Config config = config(directory, port);
    Logging.apply(config);
    return starter.start(config, StateDirectory.open(config), DescriptorHolder.none());
  }

  private static Config config(Path directory, int port) throws StartFailure {
    List<ConfigLoader.Flag> flags =
        Stream.of(
                "listening-ip=127.0.0.1",
                "listening-port=" + port,
                "relay-ip=127.0.0.1",
                "admin-port=0",
                "http-port=0",
                "tls-listening-port=0",
                "allow-loopback-peers=yes",
                "unauthorized-ratelimit=no",
                "user=" + NAME + ":" + NAME,
                "realm=" + REALM,
                "log-min-level=error",
                "state-dir=" + directory)
            .map(line -> line.split("=", 2))
            .map(words -> new ConfigLoader.Flag(words[0], words[1]))
            .toList();
    return ConfigLoader.load(
        new ConfigLoader.Sources(Optional.empty(), false, Map.of(), flags, directory));
  }

  private static DatagramSocket socket() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(PATIENCE_MS);
    return socket;
  }

  private DatagramSocket client() throws IOException {
    DatagramSocket socket = socket();
    clients.add(socket);
    return socket;
  }

  private void play(int repeats) throws IOException, StartFailure {
    exchange(Method.BINDING, false);
    allocate();
    relay();
    for (int i = 0; i < repeats && !urgent.getAsBoolean(); i++) {
      exchange(Method.REFRESH, true);
      allocate();
    }
    for (int i = 0; i < CROWD && !urgent.getAsBoolean(); i++) {
      client = client();
      allocate();
    }
    if (!urgent.getAsBoolean()) {
      goOn();
      relay();
      exchange(Method.REFRESH, true);
    }
  }

  private void allocate() throws IOException {
    Message challenge = exchange(Method.ALLOCATE, false);
    nonce = bytes(challenge, AttributeType.NONCE);
    exchange(Method.ALLOCATE, true);
    exchange(Method.CREATE_PERMISSION, true);
    exchange(Method.CHANNEL_BIND, true);
  }

  /** Another server takes over: what all this is for. */
  private void goOn() throws StartFailure {
    node.stop().toCompletableFuture().join();
    node = start(server.getPort());
  }

  private void relay() throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(104).putShort((short) CHANNEL).putShort((short) 100);
    for (int i = 0; i < CHANNEL_DATA && !urgent.getAsBoolean(); i++) {
      client.send(new DatagramPacket(frame.array(), frame.capacity(), server));
      peer.receive(received);
      peer.send(new DatagramPacket(received.getData(), 100, received.getSocketAddress()));
      client.receive(received);
    }
  }

  private static byte[] bytes(Message message, AttributeType type) throws IOException {
    int index = message.find(type);
    if (index < 0) {
      throw new IOException("an answer without " + type);
    }
    return message.valueBytes(index);
  }

  private Message exchange(Method method, boolean signed) throws IOException {
    byte[] id = ByteBuffer.allocate(12).putInt(++transaction).array();
    MessageBuilder request = new MessageBuilder().message(MessageClass.REQUEST, method, id);
    switch (method) {
      case ALLOCATE -> request.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24);
      case CHANNEL_BIND -> request.i32(AttributeType.CHANNEL_NUMBER, CHANNEL << 16);
      case REFRESH -> request.i32(AttributeType.LIFETIME, 0);
      default -> {}
    }
    if (method == Method.CHANNEL_BIND || method == Method.CREATE_PERMISSION) {
      InetSocketAddress address = (InetSocketAddress) peer.getLocalSocketAddress();
      request.xorAddress(AttributeType.XOR_PEER_ADDRESS, Addresses.of(address));
    }
    if (signed) {
      sign(request);
    }
    client.send(new DatagramPacket(request.bytes(), request.length(), server));
    client.receive(received);
    Message answer = new Message();
    answer.parse(received.getData(), received.getLength());
    return answer;
  }

  private void sign(MessageBuilder request) {
    IntegrityKey key = IntegrityKey.longTerm(PasswordAlgorithm.MD5, NAME, REALM, NAME);
    request
        .bytes(AttributeType.USERNAME, NAME.getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.REALM, REALM.getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.NONCE, nonce)
        .integrity(integrity.hmacSha1(key));
  }

  @Override
  public void close() throws IOException {
    clients.forEach(DatagramSocket::close);
    peer.close();
    node.stop().toCompletableFuture().join();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
