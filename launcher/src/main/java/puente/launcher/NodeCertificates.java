package puente.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The certificate of a node, taken from its files anew at a reload, and when those have changed:
 * whoever renews it (certbot, cert-manager) need not tell.
 */
final class NodeCertificates implements AutoCloseable {
  private static final Duration WITHOUT_WATCH = Duration.ofMinutes(1);

  private final @Nullable NodeTls tls;
  private final StateDirectory state;
  private Config config;

  /** What the files were like when they were last read, and at the last look. */
  private List<String> read;

  private List<String> seen;
  private boolean isOver;

  NodeCertificates(@Nullable NodeTls tls, Config config, StateDirectory state) {
    this.tls = tls;
    this.config = config;
    this.state = state;
    read = look(config);
    seen = read;
  }

  /**
   * Sees whether the certificate of a configuration could be taken.
   *
   * @throws StartFailure saying why not
   */
  void check(Config next) throws StartFailure {
    if (tls != null) {
      NodeTls.open(next, state);
    }
  }

  /** New connections get the certificate of this configuration, as its files are now. */
  synchronized void reload(Config next) throws StartFailure {
    List<String> now = look(next);
    if (tls != null) {
      tls.reload(next, state);
    }
    config = next;
    read = now;
    seen = now;
    // The interval may be another.
    notifyAll();
  }

  /** Looks at the files from time to time from now on. */
  void watch() {
    if (tls != null) {
      Thread.ofVirtual().name("certificate").start(this::run);
    }
  }

  private synchronized void run() {
    try {
      while (!isOver) {
        Duration interval = config.value(AcmeSettings.CERT_CHECK_INTERVAL);
        long dueNanos =
            System.nanoTime() + (interval.isZero() ? WITHOUT_WATCH : interval).toNanos();
        Config before = config;
        while (!isOver && config == before && dueNanos - System.nanoTime() > 0) {
          wait(1 + Math.max(0, dueNanos - System.nanoTime()) / 1_000_000);
        }
        if (!isOver && config == before && !interval.isZero()) {
          tick();
        }
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  /** Chain and key are written one after the other: they are read when they rest. */
  synchronized void tick() {
    List<String> now = look(config);
    boolean rests = now.equals(seen);
    seen = now;
    NodeTls serving = tls;
    if (serving == null || !rests || now.equals(read)) {
      return;
    }
    read = now;
    try {
      serving.reload(config, state);
      Events.info(
          "certificate-renewed", "until", Instant.ofEpochSecond(serving.expiresEpochSeconds()));
    } catch (StartFailure broken) {
      Events.warn(
          "certificate-refused",
          "reason",
          broken.line(),
          "meaning",
          "the former one stays in force");
    }
  }

  private static List<String> look(Config config) {
    List<String> all = new ArrayList<>();
    if (config.isGiven(Settings.CERT)) {
      all.add(look(config.value(Settings.CERT)));
      config.find(Settings.PKEY).ifPresent(file -> all.add(look(file)));
    }
    return all;
  }

  /** Links are followed: that is how files are replaced in Kubernetes, and by certbot. */
  private static String look(Path file) {
    try {
      return file.toRealPath() + " " + Files.size(file) + " " + Files.getLastModifiedTime(file);
    } catch (IOException gone) {
      return "none";
    }
  }

  @Override
  public synchronized void close() {
    isOver = true;
    notifyAll();
  }
}
