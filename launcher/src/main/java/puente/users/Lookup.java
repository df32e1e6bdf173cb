package puente.users;

import puente.turn.store.Accounts;

/** Somebody who knows users. May wait; called on threads that may. */
public interface Lookup {

  /**
   * What is known of a user.
   *
   * @param answer never {@link Accounts.Failed#DOWN}
   * @param ageMs for how long that may be said again without asking; negative is what the desk says
   */
  record Found(Accounts.Answer answer, long ageMs) {

    /** To be kept for the usual time. */
    static Found of(Accounts.Answer answer) {
      return new Found(answer, -1);
    }
  }

  /** What it is, for people; no secret in it. */
  String place();

  /**
   * Looks for the user of the question.
   *
   * @throws DatabaseFailure if nobody can say
   */
  Found find(Accounts.Question question) throws DatabaseFailure;
}
