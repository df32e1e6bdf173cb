package puente.story;

/**
 * One thing that happened, as it is kept: its words are made when somebody asks for them, since
 * most are never read.
 */
public interface Entry {

  long atMs();

  /** As {@link Step#what()}. */
  String what();

  Step.Outcome outcome();

  /** In words. */
  Step step();

  /** When it last happened. */
  default long untilMs() {
    return atMs();
  }

  /** Whether only the time tells the other from this one. */
  default boolean isSameAs(Entry other) {
    return outcome() == other.outcome()
        && what().equals(other.what())
        && step().hasWordsOf(other.step());
  }
}
