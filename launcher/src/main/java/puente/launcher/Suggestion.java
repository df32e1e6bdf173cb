package puente.launcher;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** "Did you mean": the known word nearest to one that is not known. */
final class Suggestion {
  /** Longer words are not mistyped settings; comparing them would only cost time. */
  private static final int WORD_LENGTH_MAX = 60;

  private Suggestion() {}

  static Optional<String> nearest(String word, Collection<String> known) {
    if (word.length() > WORD_LENGTH_MAX) {
      return Optional.empty();
    }
    String wanted = normal(word);
    String best = "";
    // A third of the letters may differ; beyond that a suggestion confuses.
    int bestDistance = 1 + wanted.length() / 4;
    for (String candidate : known) {
      int distance = distance(wanted, normal(candidate));
      if (distance < bestDistance || (distance == bestDistance && best.isEmpty())) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best.isEmpty() ? Optional.empty() : Optional.of(best);
  }

  private static String normal(String word) {
    return word.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Insertions, deletions, substitutions and swaps of neighbours. */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        cost[i][j] = i == 0 || j == 0 ? i + j : step(cost, a, b, i, j);
      }
    }
    return cost[a.length()][b.length()];
  }

  private static int step(int[][] cost, String a, String b, int i, int j) {
    int same = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
    int least = Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1);
    least = Math.min(least, cost[i - 1][j - 1] + same);
    boolean swapped =
        i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
    return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
  }
}
