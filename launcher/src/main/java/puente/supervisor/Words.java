package puente.supervisor;

/**
 * What supervisor and serving process say to each other. The two may be of different versions: after
 * an upgrade a new process is started by the supervisor of the old one.
 */
public final class Words {

  /**
   * Variable of the serving process: the supervisor's socket, and then {@link #WARM} if there is
   * time to prepare.
   */
  public static final String VARIABLE = "PUENTE_SUPERVISOR";

  /** The process is to get ready for a later turn, since another one is serving. */
  public static final String WARM = "warm";

  /** From the process: all is loaded that needs no socket. {@link #AHEAD} follows. */
  public static final String READY = "READY";

  /** Whoever says so understands {@link #SOON}. */
  public static final String AHEAD = "ahead";

  /** To the process: the one that serves is about to yield. It still does until the answer. */
  public static final String SOON = "SOON";

  /** From the process: the answer to it. All is done that can be done before the turn. */
  public static final String PREPARED = "PREPARED";

  /** To the process that has yielded: the other one serves. */
  public static final String SUCCEEDED = "SUCCEEDED";

  /** To the process: nobody serves, so what is only for later is to be left out. */
  public static final String HURRY = "HURRY";

  /** To the process: it is its turn. The way and the time follow, see {@link Turn}. */
  public static final String SERVE = "SERVE";

  /** From the process: clients are served. {@link #STANDBY} follows if the next one is to wait. */
  public static final String SERVING = "SERVING";

  public static final String STANDBY = "standby";

  /** To the process: the signal that follows has been received. */
  public static final String SIGNAL = "SIGNAL";

  /** To the process: another one is ready; read no more, write everything down. */
  public static final String YIELD = "YIELD";

  /** From the process: done. */
  public static final String YIELDED = "YIELDED";

  /** From an operator's command: start a new process and let it take over. */
  public static final String RESTART = "RESTART";

  /** The answer to it; how long nobody read follows. */
  public static final String DONE = "DONE";

  /** The other answer; the reason follows. */
  public static final String FAILED = "FAILED";

  /** Exit code of a process that is configured to be alone. sysexits.h's "try again". */
  public static final int EXIT_ALONE = 75;

  private Words() {}
}
