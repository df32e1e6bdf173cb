package puente.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.load.LoadPlan.Direction;
import puente.net.BindFailure;
import puente.net.Datagrams;
import puente.net.UdpSocket;
import puente.stun.ChannelData;
import puente.stun.Message;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** Allocations that stay, and packets at a constant rate through all of them in turn. */
final class RelayDrive implements Drive {

  /** Permissions end after 300 s (RFC 8656 §9). */
  static final int RENEW_SECONDS = 200;

  private final Worker worker;
  private final LoadPlan plan;
  private final Direction direction;
  private final int payloadLength;
  private final byte[] frame;
  private final byte[] bare;

  /** By place of the client in this loop. */
  private final List<Flow> flows = new ArrayList<>();

  /** Those that can carry packets. */
  private final List<Flow> ready = new ArrayList<>();

  private @Nullable UdpSocket peer;
  private Window window = new Window(0, 0, 0);
  private @Nullable Pacer pacer;
  private @Nullable ScheduledFuture<?> renewal;
  private CompletableFuture<Void> phase = new CompletableFuture<>();
  private int left;
  private boolean stopped;
  private boolean isOver;

  /** When what is begun now was due. */
  private long dueNow;

  RelayDrive(Worker worker) {
    this.worker = worker;
    plan = worker.plan();
    direction = plan.direction();
    payloadLength = plan.profile().payload();
    frame = Payload.filling(ChannelData.HEADER_LENGTH + payloadLength, 1);
    bare = Payload.filling(payloadLength, 2);
  }

  @Override
  public void open() throws BindFailure {
    worker.clients().forEach(client -> flows.add(new Flow(client)));
    peer =
        worker
            .datagrams()
            .open(plan.peer(), Datagrams.Role.LISTENER, worker.number(), this::onPeer);
  }

  private UdpSocket peer() {
    UdpSocket opened = peer;
    if (opened == null) {
      throw new IllegalStateException("used before it was opened");
    }
    return opened;
  }

  // ---- before and after

  @Override
  public CompletableFuture<Void> setUp() {
    return each(
            stopped ? List.of() : worker.clients(),
            client -> {
              worker.tally().asked++;
              client.begin(Client.Step.ASK, dueNow);
            })
        .thenCompose(
            allocated -> each(bindable(), client -> client.begin(Client.Step.BIND, dueNow)))
        .thenRun(this::findReady);
  }

  /** Does something to all of them at the set-up rate; done when each was answered. */
  private CompletableFuture<Void> each(List<Client> clients, Consumer<Client> begin) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    phase = done;
    left = clients.size();
    if (clients.isEmpty()) {
      done.complete(null);
      return done;
    }
    Pacer.Step step =
        (number, due) -> {
          dueNow = due;
          if (stopped && !isOver) {
            settled();
          } else {
            begin.accept(clients.get((int) number));
          }
        };
    double perSecond = plan.setupPerSecond() / plan.threads();
    Pacer.patient(worker, perSecond, clients.size(), step).start();
    return done;
  }

  private List<Client> bindable() {
    List<Client> bindable = new ArrayList<>();
    for (Flow flow : flows) {
      TransportAddress other = peerOf(flow);
      if (flow.client.relayed() != null && other != null) {
        flow.client.peer(other);
        bindable.add(flow.client);
      }
    }
    return bindable;
  }

  private @Nullable TransportAddress peerOf(Flow flow) {
    return direction == Direction.RELAY ? partner(flow).client.relayed() : peer().local();
  }

  private Flow partner(Flow flow) {
    return flows.get(flow.client.index() - plan.firstClient(worker.number()) ^ 1);
  }

  private void findReady() {
    for (Flow flow : flows) {
      if (flow.client.isBound()) {
        ready.add(flow);
      }
    }
  }

  @Override
  public CompletableFuture<Void> tearDown() {
    isOver = true;
    ScheduledFuture<?> renewing = renewal;
    if (renewing != null) {
      renewing.cancel(false);
    }
    flows.forEach(flow -> flow.jitterTo(worker.tally().jitter));
    List<Client> allocated =
        worker.clients().stream()
            .filter(client -> client.relayed() != null && !client.isWaiting())
            .toList();
    return each(allocated, client -> client.begin(Client.Step.FREE, dueNow));
  }

  @Override
  public void onDone(Client client, Client.Step step, long nanos) {
    Tally tally = worker.tally();
    switch (step) {
      case ASK -> Tally.record(tally.challenge, nanos);
      case ALLOCATE -> {
        Tally.record(tally.allocate, nanos);
        tally.allocated++;
        settled();
      }
      case BIND -> onBound(client, nanos);
      case RENEW -> {}
      case FREE -> {
        Tally.record(tally.free, nanos);
        tally.freed++;
        settled();
      }
    }
  }

  private void onBound(Client client, long nanos) {
    if (client.bound()) {
      client.begin(Client.Step.RENEW, System.nanoTime());
      return;
    }
    Tally.record(worker.tally().bind, nanos);
    worker.tally().bound++;
    Flow flow = flow(client.index());
    if (flow != null) {
      sendUp(flow, Payload.PROBE, client.due());
    }
    settled();
  }

  @Override
  public void onFailed(Client client, Client.Step step, int code) {
    if (step != Client.Step.RENEW && !(step == Client.Step.BIND && client.isBound())) {
      settled();
    }
  }

  private void settled() {
    if (--left == 0) {
      phase.complete(null);
    }
  }

  // ---- the load

  @Override
  public CompletableFuture<Void> run(Window newWindow) {
    window = newWindow;
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (ready.isEmpty() || stopped) {
      over.complete(null);
      return over;
    }
    Profile profile = plan.profile();
    double rows = ready.size() * profile.packetsPerSecond() / profile.burst();
    long total = (long) (rows * (window.end() - window.begin()) / 1e9);
    long begin = window.begin() + (long) (worker.number() * 1e9 / rows / plan.threads());
    Runnable atEnd =
        () ->
            worker
                .loop()
                .schedule(() -> over.complete(null), StunDrive.GRACE_MS, TimeUnit.MILLISECONDS);
    pacer = Pacer.of(worker, rows, begin, total, this::send, atEnd);
    pacer.start();
    renewal =
        worker
            .loop()
            .scheduleAtFixedRate(this::renew, RENEW_SECONDS, RENEW_SECONDS, TimeUnit.SECONDS);
    return over;
  }

  private void renew() {
    for (Flow flow : ready) {
      if (!flow.client.isWaiting()) {
        flow.client.begin(Client.Step.BIND, System.nanoTime());
      }
    }
    worker.flush();
  }

  private void send(long number, long due) {
    Flow flow = ready.get((int) (number % ready.size()));
    for (int i = 0; i < plan.profile().burst(); i++) {
      if (direction != Direction.DOWN) {
        sendUp(flow, flow.upSent++, due);
        countSent(due);
      }
    }
    if (direction == Direction.DOWN || direction == Direction.BOTH) {
      for (int i = 0; i < plan.profile().burst(); i++) {
        sendDown(flow, flow.downSent++, due);
        countSent(due);
      }
    }
  }

  private void countSent(long due) {
    if (window.holds(due)) {
      worker.tally().sent++;
      worker.tally().second(due - window.begin())[0]++;
    }
  }

  private void sendUp(Flow flow, long sequence, long due) {
    int header = flow.client.channel() << 16 | payloadLength;
    for (int i = 0; i < ChannelData.HEADER_LENGTH; i++) {
      frame[i] = (byte) (header >>> 24 - 8 * i);
    }
    worker
        .payload()
        .write(frame, ChannelData.HEADER_LENGTH, payloadLength, flow.client.index(), sequence, due);
    flow.client.socket().send(plan.target(), 0, frame, frame.length);
  }

  private void sendDown(Flow flow, long sequence, long due) {
    TransportAddress relayed = flow.client.relayed();
    if (relayed != null) {
      int number = flow.client.index() | Payload.FROM_PEER;
      worker.payload().write(bare, 0, payloadLength, number, sequence, due);
      peer().send(relayed, 0, bare, payloadLength);
    }
  }

  // ---- what arrives

  private void onPeer(Packet packet) {
    Payload payload = worker.payload();
    Tally tally = worker.tally();
    if (!payload.read(packet, 0, packet.length)) {
      tally.corrupted++;
      return;
    }
    if (!payload.isOurs()) {
      tally.stray++;
      return;
    }
    Flow flow = flow(payload.flow());
    TransportAddress relayed = flow == null ? null : flow.client.relayed();
    // Of the address, the server may show another outside (external-ip); the port is the same.
    if (flow == null
        || relayed == null
        || relayed.port() != packet.sourcePort
        || payload.isFromPeer()) {
      tally.crossed++;
      return;
    }
    if (payload.sequence() == Payload.PROBE) {
      Tally.record(tally.firstPacket, System.nanoTime() - payload.due());
    } else if (direction == Direction.ECHO) {
      tally.turned++;
      peer().send(relayed, 0, packet, 0, packet.length);
    } else {
      arrived(flow, flow.up);
    }
  }

  @Override
  public void onData(Client client, Packet packet, int from, int length) {
    Payload payload = worker.payload();
    Tally tally = worker.tally();
    if (!payload.read(packet, from, length)) {
      tally.corrupted++;
      return;
    }
    if (!payload.isOurs()) {
      tally.stray++;
      return;
    }
    int sender = direction == Direction.RELAY ? client.index() ^ 1 : client.index();
    boolean fromPeer = direction == Direction.DOWN || direction == Direction.BOTH;
    Flow flow = flow(payload.flow());
    if (flow == null || payload.flow() != sender || payload.isFromPeer() != fromPeer) {
      tally.crossed++;
    } else if (payload.sequence() == Payload.PROBE) {
      Tally.record(tally.firstPacket, System.nanoTime() - payload.due());
    } else {
      arrived(flow, flow.down);
    }
  }

  private void arrived(Flow flow, SequenceWindow sequences) {
    Payload payload = worker.payload();
    Tally tally = worker.tally();
    SequenceWindow.Verdict verdict = sequences.accept(payload.sequence());
    if (verdict == SequenceWindow.Verdict.AGAIN) {
      tally.duplicated++;
      return;
    }
    if (verdict != SequenceWindow.Verdict.NEXT) {
      tally.reordered++;
    }
    long due = payload.due();
    if (window.holds(due)) {
      long took = System.nanoTime() - due;
      tally.received++;
      tally.bytesReceived += payload.length();
      tally.second(due - window.begin())[1]++;
      Tally.record(tally.latency, took);
      flow.transit(took);
    }
  }

  private @Nullable Flow flow(int client) {
    int at = client - plan.firstClient(worker.number());
    return at >= 0 && at < flows.size() ? flows.get(at) : null;
  }

  @Override
  public void onOther(Client client, Message message) {
    worker.tally().stray++;
  }

  @Override
  public void stop() {
    stopped = true;
    if (pacer != null) {
      pacer.stop();
    }
  }
}
