package puente.supervisor;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import puente.net.NotifySocket;

/**
 * Tells systemd, where it has asked to be told, that clients are served, that this ends, and as often as
 * its watchdog wants it that the server says it is well (sd_notify(3), sd_watchdog_enabled(3)).
 */
public final class Notices {
  /** Of the watchdog's patience: three failures in a row are none too many for a server that is replaced. */
  private static final int PARTS = 4;

  private final @Nullable String socket;
  private final @Nullable Path stateDirectory;
  private final long periodMs;
  private final AtomicBoolean silent = new AtomicBoolean();
  private boolean watches;

  private Notices(Map<String, String> environment, long pid) {
    socket = environment.get("NOTIFY_SOCKET");
    String named = environment.get("PUENTE_STATE_DIR");
    stateDirectory = named == null ? null : Path.of(named);
    boolean ours = environment.getOrDefault("WATCHDOG_PID", "" + pid).equals("" + pid);
    String microseconds = environment.getOrDefault("WATCHDOG_USEC", "");
    periodMs =
        ours && microseconds.matches("[0-9]{4,18}")
            ? Math.max(1, Long.parseLong(microseconds) / 1000 / PARTS)
            : 0;
  }

  public static Notices of(Map<String, String> environment) {
    return new Notices(environment, ProcessHandle.current().pid());
  }

  /** Clients are served, for the first time or again. */
  public void serving() {
    tell("READY=1\nSTATUS=serving");
    if (periodMs > 0 && !watches) {
      watches = true;
      Thread.ofPlatform().daemon().name("watchdog").start(this::watch);
    }
  }

  public void stopping() {
    tell("STOPPING=1\nSTATUS=stopping");
  }

  /** A state directory that is not named cannot be asked for the server: then it is enough to live. */
  private void watch() {
    while (true) {
      if (stateDirectory == null || HealthCheck.check(stateDirectory).startsWith("200 ")) {
        tell("WATCHDOG=1");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(periodMs));
    }
  }

  /** Who cannot be told may be there again for the next word; it is said once that it was not. */
  private void tell(String words) {
    String address = socket;
    if (address == null || NotifySocket.send(address, words) || silent.getAndSet(true)) {
      return;
    }
    System.err.println("puente: the service manager does not listen at " + address);
  }
}
