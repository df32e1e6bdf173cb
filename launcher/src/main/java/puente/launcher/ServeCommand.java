package puente.launcher;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.slf4j.event.Level;
import picocli.CommandLine.Model.CommandSpec;
import puente.net.SupervisedSockets;
import puente.supervisor.Signals;
import puente.supervisor.Words;

/** Runs the server until a signal ends it. */
final class ServeCommand implements Callable<Integer> {
  private static final Set<String> STDOUT = Set.of("stdout", "-");

  /** Service managers kill after 90 seconds or less; before that, say why. */
  private static final int STOP_SECONDS_MAX = 60;

  /** A process that goes on does so within that time, or not at all. */
  private static final int LINGER_MS = 1000;

  private final Surroundings surroundings;
  private final RunningNode.Starter starter;
  private final ExternalDetection external = new ExternalDetection();
  private final BlockingQueue<String> signals = new LinkedBlockingQueue<>();

  private boolean hasYielded;
  private boolean hasLookedAhead;

  private final CommandSpec spec;

  ServeCommand(Surroundings surroundings, RunningNode.Starter starter) {
    this.surroundings = surroundings;
    this.starter = starter;
    spec = described(CommandSpec.wrapWithoutInspection(this));
  }

  /** Not by annotations: for each kind of them a class would be made at every start. */
  private static CommandSpec described(CommandSpec spec) {
    spec.name("serve").addOption(HelpOption.spec());
    spec.usageMessage()
        .header(
            "Run the server in the foreground.",
            "",
            "  puente serve                                safe defaults, a generated secret",
            "  puente serve --dev                          try it on one machine",
            "  puente serve -c /etc/turnserver.conf        a coturn configuration as it is",
            "  puente serve --external-ip=203.0.113.7 --realm=example.org",
            "  PUENTE_STATIC_AUTH_SECRET__FILE=/run/secrets/turn puente serve",
            "")
        .synopsisHeading("%nUsage: ")
        .customSynopsis("puente serve [-c FILE] [--setting[=value] ...]")
        .description(
            "",
            "Each setting is also a line of the file, name=value, and a variable, PUENTE_NAME;",
            "PUENTE_NAME__FILE reads it from a file. Words of coturn that are not listed are accepted.",
            "SIGHUP reloads. SIGTERM stops in order, where drain-deadline or drain-min-allocations is",
            "given after a drain; a second SIGTERM at once.",
            "Exit codes: 0 stopped in order, 2 usage or configuration, 3 port or permission, 1 other.")
        .sortOptions(false);
    return spec;
  }

  CommandSpec spec() {
    return spec;
  }

  @Override
  public Integer call() throws StartFailure, InterruptedException {
    Supervision supervision = Supervision.of(surroundings.environment(), signals);
    Config config = load();
    Logging.apply(config);
    if (supervision.isUnwanted(config)) {
      return Words.EXIT_ALONE;
    }
    // Before the start: a reload asked for too early must wait, not kill.
    Signals.on(supervision::onSignal, "TERM", "INT", "HUP")
        .forEach(name -> Events.warn("signal-unavailable", "signal", name));
    supervision.connect();
    if (supervision.hasTime()) {
      Rehearsal.playQuietly(starter, Rehearsal.Extent.TO_TAKE_OVER, supervision::isUrgent);
      Logging.apply(config);
    }
    StateDirectory state = StateDirectory.open(config);
    RunningNode.Prepared prepared = starter.prepare(config, state, supervision.holder());
    if (supervision.hasTime() && !supervision.isUrgent()) {
      System.gc(); // What the rehearsal took is not needed while waiting.
    }
    Candidate candidate = new Candidate(config, prepared);
    if (!supervision.awaitTurn(() -> lookAhead(candidate, supervision))) {
      candidate.prepared.discard();
      return 0;
    }
    if (supervision.hasTime() && !hasLookedAhead) {
      takeLatest(candidate, supervision);
    }
    return serve(candidate.config, supervision, candidate.prepared);
  }

  /** What is to serve, of the configuration as it was when this was made. */
  private static final class Candidate {
    private Config config;
    private RunningNode.Prepared prepared;

    Candidate(Config config, RunningNode.Prepared prepared) {
      this.config = config;
      this.prepared = prepared;
    }
  }

  private void lookAhead(Candidate candidate, Supervision supervision)
      throws StartFailure, InterruptedException {
    takeLatest(candidate, supervision);
    try {
      candidate.prepared.lookAhead();
      hasLookedAhead = true;
    } catch (StartFailure later) {
      // At the turn it is tried again, and said.
      Events.log(Level.DEBUG, "not-ahead", "reason", later.line());
    }
  }

  private void takeLatest(Candidate candidate, Supervision supervision)
      throws StartFailure, InterruptedException {
    Config current = load();
    if (!current.isSameAs(candidate.config)) {
      Events.info("configuration", "changed", "while this process waited");
      candidate.prepared.discard();
      candidate.config = current;
      candidate.prepared =
          starter.prepare(current, StateDirectory.open(current), supervision.holder());
    }
  }

  private int serve(Config config, Supervision supervision, RunningNode.Prepared prepared)
      throws StartFailure, InterruptedException {
    say(config);
    StateDirectory state = StateDirectory.open(config);
    Path setupToken = state.directory().resolve("setup-token");
    boolean isFirstStart = !Files.exists(setupToken);
    RunningNode node = prepared.start();
    Optional<Path> pidfile = writePidfile(config, supervision.pid());
    // Whoever reads that it runs may rely on being served again, too.
    supervision.serving(config, state);
    if (supervision.isFirst()) {
      boolean logsThere = config.find(Settings.LOG_FILE).filter(STDOUT::contains).isPresent();
      PrintStream screen = logsThere ? surroundings.err() : surroundings.out();
      screen.print(banner(config, state, node));
      screen.flush();
      sayHowToSetUp(setupToken, isFirstStart, node);
    }
    if (hasLookedAhead) {
      catchUp(node, config);
    }
    Optional<WarmUp> warmUp =
        config.value(SupervisionSettings.WARM_UP) && !supervision.hasTime()
            ? starter.understudy().map(stage -> WarmUp.begin(stage, node::received))
            : Optional.empty();
    external.watch(config, state, () -> signals.add("HUP"));
    int exitCode = untilStopped(node, supervision);
    external.end();
    if (warmUp.isPresent()) {
      warmUp.get().end();
    }
    if (!hasYielded) {
      pidfile.ifPresent(ServeCommand::remove);
    }
    return exitCode;
  }

  /** As a signal would, for tests. */
  void signal(String name) {
    signals.add(name);
  }

  private Config load() throws StartFailure, InterruptedException {
    return external.resolved(
        ConfigLoader.load(
            SettingOptions.sources(spec.commandLine().getParseResult(), surroundings)));
  }

  private static void say(Config config) {
    for (String warning : config.warnings()) {
      Events.warn("configuration", "warning", warning);
    }
    if (config.value(Settings.DEV)) {
      Events.warn("dev-mode", "warning", "loopback and private peers are allowed");
    }
    if (config.isAnonymous()) {
      Events.warn("no-auth", "warning", "anybody can relay through this server");
    }
  }

  /** With a credential only for the newcomer: one who configured secrets has journals, too. */
  private String banner(Config config, StateDirectory state, RunningNode node) throws StartFailure {
    boolean generated =
        config.usesSharedSecret() && config.all(Settings.STATIC_AUTH_SECRET).isEmpty();
    boolean journal = surroundings.environment().containsKey("JOURNAL_STREAM");
    Optional<String> secret =
        generated && !journal ? Optional.of(signing(config, state)) : Optional.empty();
    Optional<String> devKey =
        config.value(Settings.DEV) && !journal
            ? Optional.of(NodeSignaling.devKey(state).secret())
            : Optional.empty();
    Banner.Secrets secrets = new Banner.Secrets(secret, devKey);
    return Banner.text(config, node.listening(), secrets, surroundings.clock().instant());
  }

  /** Operators may have added a newer one than the generated one. */
  private String signing(Config config, StateDirectory state) throws StartFailure {
    List<String> added =
        AddedAccess.read(state)
            .over(config, state, surroundings.clock().instant())
            .all(Settings.STATIC_AUTH_SECRET);
    return added.isEmpty() ? state.sharedSecret() : added.getFirst();
  }

  /** The token itself is shown once; never in the log, which others may read. */
  private void sayHowToSetUp(Path token, boolean isFirstStart, RunningNode node) {
    if (!Files.exists(token)) {
      return;
    }
    String console =
        node.listening().stream()
            .filter(one -> one.transport().equals("admin"))
            .map(one -> "http://" + one.hostAndPort() + "/")
            .findFirst()
            .orElse("the admin port");
    String what = "the set-up token is in " + token;
    if (isFirstStart) {
      try {
        what = "set-up token: " + Files.readString(token).strip();
      } catch (IOException unreadable) {
        // The file is named instead.
      }
    }
    surroundings.err().println("Make the console's first account at " + console + "  " + what);
    surroundings.err().flush();
  }

  private int untilStopped(RunningNode node, Supervision supervision) throws InterruptedException {
    boolean leaving = false;
    while (true) {
      String signal = signals.take();
      switch (signal) {
        case "HUP" -> reload(node);
        case SupervisedSockets.GONE ->
            Events.warn("supervisor-gone", "meaning", "goes on; a crash would now end all calls");
        case Words.YIELD -> {
          node.leave().toCompletableFuture().join();
          supervision.yielded();
          hasYielded = true;
          // To end takes time from the one that is about to serve.
          signals.poll(LINGER_MS, TimeUnit.MILLISECONDS);
          return stop(node);
        }
        case "TERM" -> {
          var drained = leaving ? null : node.drain().toCompletableFuture();
          leaving = true;
          if (drained == null || drained.isDone()) {
            return stop(node, signal);
          }
          drained.whenComplete((done, error) -> signals.add("DRAINED"));
        }
        case "DRAINED" -> {
          return stop(node, "TERM");
        }
        default -> {
          return stop(node, signal);
        }
      }
    }
  }

  /** Whoever changed the configuration at the last moment has told the former process. */
  private void catchUp(RunningNode node, Config config) throws InterruptedException {
    try {
      if (load().isSameAs(config)) {
        return;
      }
    } catch (StartFailure broken) {
      // It is said by whoever reloads.
    }
    reload(node);
  }

  private void reload(RunningNode node) throws InterruptedException {
    try {
      Config config = load();
      node.reload(config);
      Logging.apply(config);
      say(config);
    } catch (StartFailure e) {
      Events.log(Level.ERROR, "reload-refused", "reason", e.line());
    } catch (RuntimeException e) {
      // A fault of ours must not end the calls that go on.
      Events.log(Level.ERROR, "reload-refused", "reason", "a fault of Puente: " + e);
    }
  }

  private int stop(RunningNode node, String signal) throws InterruptedException {
    Events.info("stopping", "signal", signal);
    return stop(node);
  }

  private int stop(RunningNode node) throws InterruptedException {
    node.stop()
        .whenComplete(
            (done, error) -> {
              if (error != null) {
                Events.log(Level.ERROR, "stop-failed", "reason", error.toString());
              }
              signals.add(error == null ? "STOPPED" : "FAILED");
            });
    while (true) {
      String signal = signals.poll(STOP_SECONDS_MAX, TimeUnit.SECONDS);
      switch (signal == null ? "LATE" : signal) {
        case "STOPPED" -> {
          Events.info("stopped");
          return 0;
        }
        case "DRAINED" -> {}
        case "HUP" -> Events.warn("reload-refused", "reason", "stopping");
        case SupervisedSockets.GONE, Words.YIELD, Words.SUCCEEDED -> {}
        default -> {
          Events.warn("stopped", "how", "at once");
          return Puente.EXIT_FAILURE;
        }
      }
    }
  }

  private static Optional<Path> writePidfile(Config config, long pid) {
    Optional<Path> file = config.find(Settings.PIDFILE);
    if (file.isPresent()) {
      try {
        Files.writeString(file.get(), pid + "\n");
      } catch (IOException e) {
        // coturn only warns, and configurations that name a place of its own must start.
        Events.warn("pidfile", "file", file.get(), "warning", "cannot be written");
        return Optional.empty();
      }
    }
    return file;
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      Events.warn("pidfile", "file", file, "warning", "cannot be removed");
    }
  }
}
