package puente.launcher;

import java.io.PrintStream;
import java.util.function.BooleanSupplier;

/** One line on a terminal that is written over and over, and gone at the end; else nothing. */
final class LoadProgress {
  static final BooleanSupplier TERMINAL =
      () -> System.console() != null && System.console().isTerminal();

  private static final String BACK = "\r";
  private static final String CLEAR_REST = "\u001b[K";
  private static final int BAR = 20;

  private final PrintStream err;
  private final boolean isTerminal;

  LoadProgress(PrintStream err, BooleanSupplier isTerminal) {
    this.err = err;
    this.isTerminal = isTerminal.getAsBoolean();
  }

  void show(String line) {
    if (isTerminal) {
      err.print(BACK + "  " + line + CLEAR_REST);
      err.flush();
    }
  }

  /** The same with a bar in front. */
  void show(String phase, double share, String rest) {
    int full = (int) Math.round(Math.clamp(share, 0, 1) * BAR);
    show(phase + "  " + "█".repeat(full) + "░".repeat(BAR - full) + "  " + rest);
  }

  void clear() {
    if (isTerminal) {
      err.print(BACK + CLEAR_REST);
      err.flush();
    }
  }
}
