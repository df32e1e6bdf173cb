package puente.supervisor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.net.UnixSocket;

/** Where all that the supervisor hears of waits for its one thread; others only wait and put it here. */
final class Inbox {

  /** What it hears of. */
  sealed interface Event {}

  record Signalled(String name) implements Event {}

  record Connected(UnixSocket socket, UnixSocket.Peer peer) implements Event {}

  record Heard(UnixSocket socket, UnixSocket.Delivery delivery) implements Event {}

  record Disconnected(UnixSocket socket) implements Event {}

  record Ended(Child child, int exitCode) implements Event {}

  /** Filled by a process that wants much to be held; that process then waits, its loops do not. */
  private static final int EVENTS_MAX = 256;

  private static final long STACK_BYTES = 128 << 10;

  private final ArrayBlockingQueue<Event> events = new ArrayBlockingQueue<>(EVENTS_MAX);
  private final Consumer<String> log;

  Inbox(Consumer<String> log) {
    this.log = log;
  }

  /** The next one, or null if there is none within that time. */
  @Nullable Event next(long waitMs) throws InterruptedException {
    return events.poll(waitMs, TimeUnit.MILLISECONDS);
  }

  void signals(String... names) {
    Signals.on(signal -> put(new Signalled(signal)), names);
  }

  /** Lets in who belongs to the own user, or to root. */
  void listen(UnixSocket listening) {
    thread("accept", () -> accept(listening));
  }

  void hear(UnixSocket socket) {
    thread("hear", () -> receive(socket));
  }

  void ended(Child child, int exitCode) {
    put(new Ended(child, exitCode));
  }

  private void accept(UnixSocket listening) {
    while (true) {
      try {
        UnixSocket socket = listening.accept();
        UnixSocket.Peer peer = socket.peer();
        if (peer.uid() == 0 || peer.uid() == ownUid()) {
          put(new Connected(socket, peer));
        } else {
          socket.close();
        }
      } catch (IOException failure) {
        log.accept("a connection could not be accepted: " + failure.getMessage());
      }
    }
  }

  private static int ownUid() throws IOException {
    return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  private void receive(UnixSocket socket) {
    try {
      UnixSocket.Delivery next;
      while ((next = socket.receive()) != null) {
        put(new Heard(socket, next));
      }
    } catch (IOException failure) {
      log.accept(String.valueOf(failure.getMessage()));
    }
    put(new Disconnected(socket));
  }

  private void put(Event event) {
    boolean done = false;
    while (!done) {
      try {
        events.put(event);
        done = true;
      } catch (InterruptedException ignored) {
        // Nobody has a reason to, and no event may be lost.
      }
    }
  }

  private static void thread(String name, Runnable work) {
    Thread thread = new Thread(null, work, name, STACK_BYTES);
    thread.setDaemon(true);
    thread.start();
  }
}
