package puente.doctor;

/**
 * One thing that was looked at.
 *
 * @param part of the report
 * @param name of the check, the same in every run
 * @param detail what was seen
 * @param fix what to do; empty when there is nothing to do
 */
public record Finding(Part part, String name, Verdict verdict, String detail, String fix) {

  /** The parts of the report, in its order. */
  public enum Part {
    NETWORK("Network, as this host sees it"),
    SERVER("Server"),
    HOST("Host"),
    CLUSTER("Cluster");

    private final String title;

    Part(String title) {
      this.title = title;
    }

    public String title() {
      return title;
    }
  }

  /** How bad it is. */
  public enum Verdict {
    GOOD,
    /** It works, though not for everybody or not at its best. */
    WARNING,
    /** Calls fail, or somebody gets in who must not. */
    PROBLEM,
    /** Could not be looked at; the detail says why. */
    SKIPPED
  }

  static Finding good(Part part, String name, String detail) {
    return new Finding(part, name, Verdict.GOOD, detail, "");
  }

  static Finding warning(Part part, String name, String detail, String fix) {
    return new Finding(part, name, Verdict.WARNING, detail, fix);
  }

  static Finding problem(Part part, String name, String detail, String fix) {
    return new Finding(part, name, Verdict.PROBLEM, detail, fix);
  }

  static Finding skipped(Part part, String name, String why) {
    return new Finding(part, name, Verdict.SKIPPED, why, "");
  }
}
