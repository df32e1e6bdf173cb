package puente.launcher;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Words from node to node, for the control plane: signaling between rooms, questions of the admin
 * API. At most once, in order from one sender to one receiver; never on a packet's road. Nothing
 * here blocks.
 */
interface Messenger {
  /** What one message may carry at most. */
  int BODY_MAX = 1 << 20;

  /** What one node says to another; called on a thread of the cluster's, which must not wait. */
  interface Listener {
    void on(String from, byte[] body);
  }

  /** What one node answers another; called on a thread of the cluster's, which must not wait. */
  interface Answerer {
    /** A stage that fails tells the asker why, in the failure's message. */
    CompletionStage<byte[]> answer(String from, byte[] body);
  }

  /** An ask that has no answer: nobody is there, too late, or refused. */
  final class Unanswered extends CompletionException {
    private static final long serialVersionUID = 1;

    Unanswered(String why) {
      super(why);
    }
  }

  /**
   * Says something to a node that lives.
   *
   * @return whether it is on its way; false if that node is not known to live or too much waits
   */
  boolean tell(String node, String subject, byte[] body);

  /** Asks a node that lives; fails with {@link Unanswered} after {@code patience} at the latest. */
  CompletionStage<byte[]> ask(String node, String subject, byte[] body, Duration patience);

  /** Who hears what other nodes tell on a subject; one per subject. */
  void listen(String subject, Listener listener);

  /** Who answers what other nodes ask on a subject; one per subject. */
  void answer(String subject, Answerer answerer);
}
