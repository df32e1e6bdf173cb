package puente.launcher;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** For the script: runs what a server runs, so that the virtual machine can write it down. */
@Command(name = "rehearse", hidden = true, header = "Run a server for a moment, for the AOT cache.")
final class RehearseCommand implements Callable<Integer> {
  private final RunningNode.Starter starter;

  RehearseCommand(RunningNode.Starter starter) {
    this.starter = starter;
  }

  @Override
  public Integer call() {
    return Rehearsal.play(starter, () -> false) ? 0 : Puente.EXIT_FAILURE;
  }
}
