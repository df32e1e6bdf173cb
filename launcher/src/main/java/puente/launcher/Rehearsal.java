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
import puente.stun.AttributeType;
import puente.stun.ChannelData;
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
 * in a process that is to take over or has nothing to do yet, and when the build writes down what to
 * load (the AOT cache).
 */
final class Rehearsal implements AutoCloseable {
  private static final String NAME = "rehearsal";
  private static final String REALM = "puente";

  /** The server is there for others on this host, too. */
  private static final String PASSWORD = FreshSecret.of(24);

  /** Not where a server that is tried on one machine has its relays. */
  private static final String ADDRESS = "127.0.0.77";

  private static final int ROW = 25;

  /** So many ask at the same time: code that knew but one number would be compiled again for others. */
  private static final int[] SIZES = {1, 4, ROW};

  /** Through the channel of each allocation, there and back. */
  private static final int PACKETS = 2;

  private static final int PAYLOAD = 160;
  private static final int PATIENCE_MS = 2000;

  /** How a server is started for it. */
  interface Stage {
    ServingPart start(Config config, StateDirectory state) throws StartFailure;
  }

  /** How much is played. */
  enum Extent {
    /** Over soon, as a server that dies meanwhile is replaced by a cold start. */
    TO_TAKE_OVER(0, 250),
    /** What ran a few hundred times is not written down for the compiler. */
    TO_WRITE_DOWN(3000, 250),
    /** With half of it, the first allocations cost a fifth more; twice as much changes little. */
    TO_WARM_UP(6000, 0);

    /** Made, used and freed. */
    private final int allocations;

    /** Allocations that another server goes on with; if none, clients come by UDP alone. */
    private final int inherited;

    Extent(int allocations, int inherited) {
      this.allocations = allocations;
      this.inherited = inherited;
    }

    boolean isWhole() {
      return inherited > 0;
    }
  }

  /** A five-tuple, and the nonce that it was told. */
  private static final class Client {
    private final DatagramSocket socket;
    private byte[] nonce = {};

    Client(DatagramSocket socket) {
      this.socket = socket;
    }
  }

  private final Stage stage;
  private final Extent extent;
  private final BooleanSupplier urgent;
  private final Path directory;
  private final List<Client> clients = new ArrayList<>();
  private final DatagramSocket peer;
  private final InetSocketAddress server;
  private ServingPart node;
  private final IntegrityKey key =
      IntegrityKey.longTerm(PasswordAlgorithm.MD5, NAME, REALM, PASSWORD);
  private final Integrity integrity = new Integrity();
  private final MessageBuilder request = new MessageBuilder();
  private final Message answer = new Message();
  private final DatagramPacket received = new DatagramPacket(new byte[2048], 2048);
  private int transaction;

  private Rehearsal(Stage stage, Extent extent, BooleanSupplier urgent)
      throws IOException, StartFailure {
    this.stage = stage;
    this.extent = extent;
    this.urgent = urgent;
    directory = Files.createTempDirectory("puente-rehearsal");
    node = start(0);
    server =
        node.listening().stream()
            .filter(listening -> listening.transport().equals("udp"))
            .map(Listening::address)
            .findFirst()
            .orElseThrow();
    peer = socket();
  }

  /**
   * Plays it once; where that cannot be done, the first real clients are served a bit slower.
   *
   * @param urgent whether to leave out what is left
   */
  static boolean play(Stage stage, Extent extent, BooleanSupplier urgent) {
    try (Rehearsal rehearsal = new Rehearsal(stage, extent, urgent)) {
      rehearsal.play();
      return true;
    } catch (IOException | StartFailure | RuntimeException failure) {
      Events.log(Level.DEBUG, "rehearsal-failed", "reason", failure);
      return false;
    }
  }

  /** The same with a whole server, before there is one to hear of: the log is kept quiet. */
  static boolean playQuietly(RunningNode.Starter starter, Extent extent, BooleanSupplier urgent)
      throws StartFailure {
    Path nowhere = Path.of(System.getProperty("java.io.tmpdir", "/tmp"));
    Logging.apply(config(0, nowhere, true));
    return play(starter::alone, extent, urgent);
  }

  private ServingPart start(int port) throws StartFailure {
    Config config = config(port, directory, extent.isWhole());
    return stage.start(config, StateDirectory.open(config));
  }

  private static Config config(int port, Path directory, boolean isWhole) throws StartFailure {
    String without = isWhole ? "no" : "yes";
    List<ConfigLoader.Flag> flags =
        Stream.of(
                "listening-ip=" + ADDRESS,
                "listening-port=" + port,
                "relay-ip=" + ADDRESS,
                "admin-port=0",
                "http-port=0",
                "tls-listening-port=0",
                "allow-loopback-peers=yes",
                "unauthorized-ratelimit=no",
                "no-tcp=" + without,
                "no-tls=" + without,
                "relay-threads=" + (isWhole ? 0 : 1),
                "user=" + NAME + ":" + PASSWORD,
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
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getByName(ADDRESS));
    socket.setSoTimeout(PATIENCE_MS);
    return socket;
  }

  private void play() throws IOException, StartFailure {
    List<Client> row = more(ROW);
    ask(Method.BINDING, false, row);
    int made = 0;
    for (int i = 0; made < extent.allocations && !urgent.getAsBoolean(); i++) {
      List<Client> some = row.subList(0, SIZES[i % SIZES.length]);
      allocate(some);
      relay(some);
      ask(Method.REFRESH, true, some);
      made += some.size();
    }
    while (clients.size() <= extent.inherited && !urgent.getAsBoolean()) {
      row = more(ROW);
      allocate(row);
      relay(row);
    }
    if (extent.isWhole() && !urgent.getAsBoolean()) {
      goOn();
      relay(row);
      ask(Method.REFRESH, true, row);
    }
  }

  private List<Client> more(int count) throws IOException {
    List<Client> row = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      row.add(new Client(socket()));
    }
    clients.addAll(row);
    return row;
  }

  private void allocate(List<Client> row) throws IOException {
    ask(Method.ALLOCATE, false, row);
    ask(Method.ALLOCATE, true, row);
    ask(Method.CREATE_PERMISSION, true, row);
    ask(Method.CHANNEL_BIND, true, row);
  }

  /** Another server takes over: what all this is for. */
  private void goOn() throws StartFailure {
    node.stop().toCompletableFuture().join();
    node = start(server.getPort());
  }

  /** Packets of each to the peer, and back. */
  private void relay(List<Client> row) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(ChannelData.HEADER_LENGTH + PAYLOAD);
    frame.putShort((short) ChannelData.FIRST_CHANNEL).putShort((short) PAYLOAD);
    for (Client client : row) {
      for (int i = 0; i < PACKETS; i++) {
        client.socket.send(new DatagramPacket(frame.array(), frame.capacity(), server));
      }
    }
    for (int i = 0; i < PACKETS * row.size(); i++) {
      peer.receive(received);
      peer.send(new DatagramPacket(received.getData(), PAYLOAD, received.getSocketAddress()));
    }
    for (Client client : row) {
      for (int i = 0; i < PACKETS; i++) {
        client.socket.receive(received);
      }
    }
  }

  /** One request of each, and then the answers. */
  private void ask(Method method, boolean signed, List<Client> row) throws IOException {
    for (Client client : row) {
      write(method, client, signed);
      client.socket.send(new DatagramPacket(request.bytes(), request.length(), server));
    }
    for (Client client : row) {
      client.socket.receive(received);
      answer.parse(received.getData(), received.getLength());
      if (signed && answer.messageClass() != MessageClass.SUCCESS) {
        throw new IOException("refused: " + method);
      }
      int index = answer.find(AttributeType.NONCE);
      if (index >= 0) {
        client.nonce = answer.valueBytes(index);
      }
    }
  }

  private void write(Method method, Client client, boolean signed) {
    byte[] id = ByteBuffer.allocate(Message.TRANSACTION_ID_LENGTH).putInt(++transaction).array();
    request.message(MessageClass.REQUEST, method, id);
    switch (method) {
      case ALLOCATE -> request.i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24);
      case CHANNEL_BIND ->
          request.i32(AttributeType.CHANNEL_NUMBER, ChannelData.FIRST_CHANNEL << 16);
      case REFRESH -> request.i32(AttributeType.LIFETIME, 0);
      default -> {}
    }
    if (method == Method.CHANNEL_BIND || method == Method.CREATE_PERMISSION) {
      InetSocketAddress address = (InetSocketAddress) peer.getLocalSocketAddress();
      request.xorAddress(AttributeType.XOR_PEER_ADDRESS, Addresses.of(address));
    }
    if (signed) {
      request
          .bytes(AttributeType.USERNAME, NAME.getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.REALM, REALM.getBytes(StandardCharsets.UTF_8))
          .bytes(AttributeType.NONCE, client.nonce)
          .integrity(integrity.hmacSha1(key));
    }
  }

  @Override
  public void close() throws IOException {
    clients.forEach(client -> client.socket.close());
    peer.close();
    node.stop().toCompletableFuture().join();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
