package puente.launcher;

import java.util.List;
import java.util.concurrent.CompletionStage;

/** Something that listens until it is stopped. */
interface ServingPart {
  List<Listening> listening();

  /** Stops in order. */
  CompletionStage<Void> stop();
}
