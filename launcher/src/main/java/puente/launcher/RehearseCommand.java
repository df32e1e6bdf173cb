package puente.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** For the script: runs what a server runs, so that the virtual machine can write it down. */
@Command(name = "rehearse", hidden = true, header = "Run a server for a moment, for the AOT cache.")
final class RehearseCommand implements Callable<Integer> {
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
  public Integer call() throws StartFailure {
    reading.run();
    boolean played = Rehearsal.playQuietly(starter, Rehearsal.Extent.TO_WRITE_DOWN, () -> false);
    return played ? 0 : Puente.EXIT_FAILURE;
  }
}
