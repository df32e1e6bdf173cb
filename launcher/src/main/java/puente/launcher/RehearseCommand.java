package puente.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** For the script: runs what a server runs, so that the virtual machine can write it down. */
@Command(name = "rehearse", hidden = true, header = "Run a server for a moment, for the AOT cache.")
final class RehearseCommand implements Callable<Integer> {
  /** What ran a few hundred times is not written down for the compiler. */
  private static final int REPEATS = 3000;

  private final RunningNode.Starter starter;
  private final Runnable reading;

  /**
   * @param reading takes a command line as a server does
   */
  RehearseCommand(RunningNode.Starter starter, Runnable reading) {
    this.starter = starter;
    this.reading = reading;
  }

  @Override
  public Integer call() {
    reading.run();
    return Rehearsal.play(starter, REPEATS, () -> false) ? 0 : Puente.EXIT_FAILURE;
  }
}
