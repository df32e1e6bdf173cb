package puente.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import puente.launcher.TakeoverRules.Majority;

/** The operator's program that moves addresses. It is waited for. */
final class HookProgram {
  /** What is asked of it, its third argument. */
  enum Action {
    TAKE,
    RELEASE;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Path program;
  private final Path log;
  private final String nodeId;
  private final Duration limit;

  /**
   * @param log what it prints goes there
   * @param limit it is killed when it takes longer
   * @throws StartFailure if it cannot be called
   */
  HookProgram(Path program, Path log, String nodeId, Duration limit) throws StartFailure {
    if (!Files.isExecutable(program)) {
      throw StartFailure.configuration("takeover-hook: " + program + " is no program");
    }
    this.program = program;
    this.log = log;
    this.nodeId = nodeId;
    this.limit = limit;
  }

  Path program() {
    return program;
  }

  /**
   * Calls it for an address of, or kept by, this node.
   *
   * @return why it has failed; empty if it has not
   */
  Optional<String> call(Action action, String node, String address, Majority majority)
      throws InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(program.toString(), node, address, action.word())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().put("PUENTE_NODE", nodeId);
    builder.environment().put("PUENTE_MAJORITY", majority == Majority.YES ? "yes" : "half");
    try {
      return finish(builder.start());
    } catch (IOException refused) {
      return Optional.of(String.valueOf(refused.getMessage()));
    }
  }

  private Optional<String> finish(Process running) throws InterruptedException {
    try {
      if (!running.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        return Optional.of("longer than takeover-hook-timeout");
      }
      return running.exitValue() == 0
          ? Optional.empty()
          : Optional.of("exit code " + running.exitValue() + ", see " + log);
    } finally {
      running.descendants().forEach(ProcessHandle::destroyForcibly);
      running.destroyForcibly();
    }
  }
}
