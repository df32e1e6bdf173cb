package puente.load;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import puente.stun.AttributeType;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Packet;
import puente.stun.TransportAddress;

/** Binding requests at a constant rate, by all clients in turn. */
final class StunDrive implements Drive {

  /** Answers are awaited for the last million requests: seconds at any rate that is possible. */
  private static final int AWAITED = 1 << 20;

  static final long GRACE_MS = 1000;

  private static final int RUN = 0x08;
  private static final int NUMBER = 0x10;

  private final Worker worker;
  private final int run;
  private final long[] dueByNumber = new long[AWAITED];
  private final @Nullable TransportAddress[] mappedByClient;
  private Window window = new Window(0, 0, 0);
  private @Nullable Pacer pacer;

  StunDrive(Worker worker, int run) {
    this.worker = worker;
    this.run = run;
    mappedByClient = new TransportAddress[worker.plan().clientsOf(worker.number())];
  }

  @Override
  public void open() {}

  @Override
  public CompletableFuture<Void> setUp() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletableFuture<Void> run(Window newWindow) {
    window = newWindow;
    CompletableFuture<Void> over = new CompletableFuture<>();
    if (worker.clients().isEmpty()) {
      over.complete(null);
      return over;
    }
    double perSecond = worker.plan().perSecond() / worker.plan().threads();
    long total = (long) (perSecond * (window.end() - window.begin()) / 1e9);
    // The loops take turns, so that they do not all send at the same moment.
    long begin = window.begin() + (long) (worker.number() * 1e9 / worker.plan().perSecond());
    Runnable atEnd =
        () -> worker.loop().schedule(() -> over.complete(null), GRACE_MS, TimeUnit.MILLISECONDS);
    pacer = Pacer.of(worker, perSecond, begin, total, this::send, atEnd);
    pacer.start();
    return over;
  }

  private void send(long number, long due) {
    Client client = worker.clients().get((int) (number % worker.clients().size()));
    dueByNumber[(int) number & AWAITED - 1] = due;
    MessageBuilder request = worker.requests().binding(client.index(), (int) number);
    client.socket().send(worker.plan().target(), 0, request.bytes(), request.length());
    if (window.holds(due)) {
      worker.tally().sent++;
      worker.tally().second(due - window.begin())[0]++;
    }
  }

  @Override
  public void onOther(Client client, Message message) {
    Tally tally = worker.tally();
    byte[] bytes = message.bytes();
    if (i32(bytes, RUN) != run || i32(bytes, RUN + 4) != client.index()) {
      tally.stray++;
      return;
    }
    int slot = i32(bytes, NUMBER) & AWAITED - 1;
    long due = dueByNumber[slot];
    if (due == 0) {
      tally.duplicated++;
      return;
    }
    dueByNumber[slot] = 0;
    if (message.messageClass() != MessageClass.SUCCESS) {
      tally.refused(0);
    } else if (!isOurAddress(client, message)) {
      tally.corrupted++;
    } else if (window.holds(due)) {
      tally.received++;
      tally.bytesReceived += message.length();
      tally.second(due - window.begin())[1]++;
      Tally.record(tally.latency, System.nanoTime() - due);
    }
  }

  /** Whether the server sees the client where it saw it before. */
  private boolean isOurAddress(Client client, Message message) {
    int at = message.find(AttributeType.XOR_MAPPED_ADDRESS);
    TransportAddress mapped = at < 0 ? null : message.xorAddressAt(at);
    int local = client.index() - worker.plan().firstClient(worker.number());
    TransportAddress before = mappedByClient[local];
    if (before == null) {
      mappedByClient[local] = mapped;
    }
    return mapped != null && (before == null || before.equals(mapped));
  }

  private static int i32(byte[] bytes, int at) {
    return bytes[at] << 24
        | (bytes[at + 1] & 0xff) << 16
        | (bytes[at + 2] & 0xff) << 8
        | bytes[at + 3] & 0xff;
  }

  @Override
  public CompletableFuture<Void> tearDown() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void stop() {
    if (pacer != null) {
      pacer.stop();
    }
  }

  @Override
  public void onDone(Client client, Client.Step step, long nanos) {
    throw new IllegalStateException("Binding has no steps");
  }

  @Override
  public void onFailed(Client client, Client.Step step, int code) {
    throw new IllegalStateException("Binding has no steps");
  }

  @Override
  public void onData(Client client, Packet packet, int from, int length) {
    worker.tally().crossed++;
  }
}
