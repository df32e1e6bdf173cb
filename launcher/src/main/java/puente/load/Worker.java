package puente.load;

import io.netty.channel.IoEventLoop;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.net.Datagrams;
import puente.net.EventLoops;
import puente.stun.Family;
import puente.stun.Message;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** One loop of the generator with its clients. Everything but the constructor runs on the loop. */
final class Worker {

  private static final long LOOK_MS = 50;
  private static final int ANSWER_MAX = 0x1_0000;

  private static final int LOOPBACK = 127;

  /** 127.2.0.1 and on: so that no port is used again too soon. */
  private static final int FRESH_SOURCE = 0x7f02_0001;

  private static final int FRESH_SOURCES = 64;
  private static final int FRESH_PORT_MIN = 10_000;
  private static final int FRESH_PORTS = 50_000;

  private final LoadPlan plan;
  private final IoEventLoop loop;
  private final Datagrams datagrams;
  private final Requests requests;
  private final Payload payload;
  private final Tally tally = new Tally();
  private final List<Client> clients = new ArrayList<>();
  private final Message message = new Message();
  private final byte[] answer = new byte[ANSWER_MAX];
  private final int number;

  /** Clients that wait for an answer; those that got it leave at the next look. */
  private List<Client> waiting = new ArrayList<>();

  private Client.@Nullable Drive drive;
  private long cpuBefore;
  private int reopened = ThreadLocalRandom.current().nextInt(FRESH_SOURCES * FRESH_PORTS);

  Worker(LoadPlan plan, EventLoops.Loop shard, int number, int run) {
    this.plan = plan;
    this.loop = shard.eventLoop();
    this.datagrams = shard.datagrams();
    this.number = number;
    requests = new Requests(plan, run);
    payload = new Payload(run);
  }

  /** Opens the sockets of this loop's clients. */
  void open(Client.Drive newDrive) throws BindFailure {
    drive = newDrive;
    int first = plan.firstClient(number);
    for (int i = first; i < first + plan.clientsOf(number); i++) {
      Client client = new Client(this, i);
      TransportAddress from = source(i);
      // A relay's role: one of very many sockets, told about ICMP.
      client.opened(datagrams.open(from, Datagrams.Role.RELAY, i, client));
      clients.add(client);
    }
    loop.scheduleAtFixedRate(this::look, LOOK_MS, LOOK_MS, TimeUnit.MILLISECONDS);
  }

  /**
   * Gives a client another five-tuple: some servers know the old one for a while after its
   * allocation was freed (coturn answers 437).
   */
  void reopen(Client client) throws BindFailure {
    client.socket().close();
    TransportAddress from = isLoopback(plan.target()) ? freshSource() : source(client.index());
    client.opened(datagrams.open(from, Datagrams.Role.RELAY, client.index(), client));
  }

  /** Counted through instead of drawn: of ports drawn by chance, some come again too soon. */
  private TransportAddress freshSource() {
    int turn = reopened++ & 0x7fff_ffff;
    int address = FRESH_SOURCE + FRESH_SOURCES * number + turn % FRESH_SOURCES;
    return TransportAddress.ipv4(address, FRESH_PORT_MIN + turn / FRESH_SOURCES % FRESH_PORTS);
  }

  private static boolean isLoopback(TransportAddress address) {
    return address.family() == Family.IPV4 && address.ipv4Address() >>> 24 == LOOPBACK;
  }

  private TransportAddress source(int client) {
    TransportAddress local = plan.local();
    return plan.sources() == 1
        ? local
        : TransportAddress.ipv4(local.ipv4Address() + client % plan.sources(), 0);
  }

  private void look() {
    long now = System.nanoTime();
    List<Client> looked = waiting;
    waiting = new ArrayList<>();
    for (Client client : looked) {
      if (client.isWaiting() && client.resendAt() <= now) {
        client.onSilence();
      }
      if (client.isWaiting()) {
        waiting.add(client);
      } else {
        client.listed(false);
      }
    }
    flush();
  }

  void waits(Client client) {
    if (client.listed(true)) {
      waiting.add(client);
    }
  }

  /** The message in a packet, until the next one; null if there is none. */
  @Nullable Message parse(Packet packet) {
    packet.copyTo(answer, packet.length);
    return message.parse(answer, packet.length) == Message.Shape.WELL_FORMED ? message : null;
  }

  void flush() {
    datagrams.flush();
  }

  /** Nanoseconds of CPU that this thread has used; on the loop. */
  long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  void markCpu() {
    cpuBefore = cpu();
  }

  long cpuSinceMark() {
    return cpu() - cpuBefore;
  }

  Client.Drive drive() {
    Client.Drive current = drive;
    if (current == null) {
      throw new IllegalStateException("asked for before it was open");
    }
    return current;
  }

  LoadPlan plan() {
    return plan;
  }

  int number() {
    return number;
  }

  IoEventLoop loop() {
    return loop;
  }

  Datagrams datagrams() {
    return datagrams;
  }

  Requests requests() {
    return requests;
  }

  Payload payload() {
    return payload;
  }

  Tally tally() {
    return tally;
  }

  List<Client> clients() {
    return clients;
  }
}
