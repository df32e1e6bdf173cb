package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The unit under a real systemd, Debian's, as the first process of a container: it starts when
 * clients are served, keeps a call over everything that ends processes, and stops in order.
 */
@Tag("cluster")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class SystemdTest {
  private static final Path WORK = Path.of("target/systemd").toAbsolutePath();
  private static final Duration LIMIT = Duration.ofMinutes(3);
  private static final String IMAGE = "puente-systemd:test";
  private static final String NAME = "puente-test-systemd";

  private Engine engine;

  @BeforeEach
  void boot() throws IOException {
    engine = PuenteImage.build();
    image();
    List<String> run = new ArrayList<>(List.of("run", "-d", "--name", NAME, "--network=none"));
    run.addAll(List.of("--cap-add=SYS_ADMIN", "--cap-add=NET_ADMIN"));
    run.addAll(List.of("--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"));
    run.addAll(List.of("--tmpfs=/run", "--tmpfs=/tmp:exec", "--env=container=docker"));
    run.addAll(List.of("--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", IMAGE));
    engine.docker(LIMIT, run.toArray(String[]::new));
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!said("systemctl is-system-running || :").equals("running")) {
      if (System.nanoTime() > deadline) {
        System.err.println("LEFT OUT: the test of the unit; no systemd starts in a container here");
        Assumptions.abort("systemd says " + said("systemctl is-system-running || :"));
      }
      LockSupport.parkNanos(200_000_000);
    }
  }

  @AfterEach
  void end() {
    engine.docker(LIMIT, "rm", "--force", NAME);
  }

  @Test
  void aCallOutlivesAllThatSystemdDoes() {
    said("systemctl start puente");
    assertEquals("active", shown("ActiveState"));
    assertEquals("serving", shown("StatusText"));
    assertEquals("puente", said("ps -o user= -p " + shown("MainPID")));
    assertTrue(journal().contains("recvmmsg"), this::journal);

    said(
        "java=/opt/puente/jre/bin/java; $java -cp /client/call:/client/protocol "
            + ContainerCall.class.getName()
            + " 127.0.0.1 127.0.0.1 >/run/call.log 2>&1 & echo $! >/run/call.pid");
    goesOn();

    said("systemctl reload puente");
    goesOn();

    String supervisor = shown("MainPID");
    said("kill -9 $(cat /var/lib/puente/lock)");
    until(() -> journal().contains("event=respawned"));
    goesOn();
    assertEquals(supervisor, shown("MainPID"));
    assertEquals("0", shown("NRestarts"));

    said("kill -9 " + supervisor);
    until(() -> shown("NRestarts").equals("1") && shown("ActiveState").equals("active"));
    goesOn();

    // One that does nothing any more, not even die: the watchdog's.
    said("kill -STOP " + shown("MainPID"));
    until(() -> shown("NRestarts").equals("2") && shown("ActiveState").equals("active"));
    assertTrue(journal().contains("Watchdog timeout"), this::journal);
    goesOn();

    said("systemctl restart puente");
    goesOn();

    said("kill $(cat /run/call.pid)");
    until(() -> said("kill -0 $(cat /run/call.pid) 2>/dev/null && echo runs || :").isEmpty());
    said("systemctl stop puente");
    assertEquals("inactive", shown("ActiveState"));
    assertEquals("success", shown("Result"));
    assertEquals("0", shown("ExecMainStatus"));
  }

  /** Packets arrive at both ends, more than have been under way. */
  private void goesOn() {
    long[] before = arrived();
    until(
        () -> {
          long[] now = arrived();
          return now[0] > before[0] + 20 && now[1] > before[1] + 20;
        });
  }

  private long[] arrived() {
    String last = said("kill -0 $(cat /run/call.pid); grep ^arrived /run/call.log | tail -n 1");
    String[] words = last.split(" ");
    return words.length < 3
        ? new long[2]
        : new long[] {Long.parseLong(words[1]), Long.parseLong(words[2])};
  }

  private String shown(String property) {
    return said("systemctl show --value -p " + property + " puente");
  }

  private String journal() {
    return said("journalctl -u puente --no-pager");
  }

  private String said(String script) {
    return engine.docker(LIMIT, "exec", NAME, "bash", "-c", script).strip();
  }

  private void until(BooleanSupplier condition) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(
          System.nanoTime() < deadline,
          () -> "not within " + LIMIT + "\n" + said("tail -n 5 /run/call.log || :") + journal());
      LockSupport.parkNanos(200_000_000);
    }
  }

  /** As docs/DEPLOY.md puts things in their places; the settings and the patience are the test's. */
  private void image() throws IOException {
    Path context = Files.createDirectories(WORK);
    for (String file : List.of("puente.service", "puente.sysusers")) {
      Files.copy(
          Path.of("systemd", file), context.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    }
    copy(ContainerCall.class, context.resolve("call"));
    copy(TurnClient.class, context.resolve("protocol"));
    Files.writeString(
        context.resolve("turnserver.conf"),
        """
        listening-ip=127.0.0.1
        external-ip=127.0.0.1
        realm=%s
        lt-cred-mech
        user=%s:%s
        allow-loopback-peers
        min-port=50000
        max-port=50039
        """
            .formatted(ServerProcess.REALM, ServerProcess.USER, ServerProcess.PASSWORD));
    Files.writeString(context.resolve("patience.conf"), "[Service]\nWatchdogSec=10\n");
    Files.writeString(
        context.resolve("Dockerfile"),
        """
        FROM debian:bookworm-slim
        RUN apt-get update \\
         && apt-get install -y --no-install-recommends systemd systemd-sysv dbus procps
        COPY --from=%s /opt/puente /opt/puente
        COPY puente.sysusers /etc/sysusers.d/puente.conf
        COPY puente.service /etc/systemd/system/
        COPY patience.conf /etc/systemd/system/puente.service.d/
        COPY turnserver.conf /etc/puente/
        COPY call /client/call
        COPY protocol /client/protocol
        RUN systemd-sysusers
        CMD ["/sbin/init"]
        """
            .formatted(PuenteImage.NAME));
    try {
      engine.docker(LIMIT, "build", "--network=host", "-t", IMAGE, context.toString());
    } catch (AssertionError failed) {
      System.err.println("LEFT OUT: the test of the unit; Debian's systemd could not be had here");
      Assumptions.abort(String.valueOf(failed.getMessage()));
    }
  }

  private static void copy(Class<?> of, Path to) throws IOException {
    Path classes = Path.of(of.getProtectionDomain().getCodeSource().getLocation().getPath());
    Program.Finished done =
        Program.start(WORK.resolve("cp.out"), "cp", "-RLT", classes.toString(), to.toString())
            .finish(LIMIT);
    assertEquals(0, done.exit(), done.output());
  }
}
