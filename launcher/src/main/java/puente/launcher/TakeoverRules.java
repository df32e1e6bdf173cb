package puente.launcher;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import puente.launcher.NodeState.Phase;

/** Which node brings the address of a dead one to its machine, if any. Pure. */
final class TakeoverRules {

  /** How many of the nodes that are known a node sees alive. */
  enum Majority {
    YES,
    /** Two halves may both be right; who calls the hook leaves it to the hook. */
    HALF,
    NO
  }

  /**
   * What a node tells the others of itself.
   *
   * @param hasHook whether it would take addresses over
   * @param present the addresses that it serves on and that are its machine's now
   * @param possible those that it could serve on
   */
  record Word(boolean hasHook, Set<String> present, Set<String> possible) {
    private static final int ADDRESSES_MAX = 64;

    byte[] encode() {
      String text = (hasHook ? "hook" : "-") + "\n" + line(present) + "\n" + line(possible);
      return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static String line(Set<String> addresses) {
      return String.join(" ", addresses.stream().limit(ADDRESSES_MAX).toList());
    }

    /** Empty for what a later version may say. */
    static Optional<Word> decode(byte[] bytes) {
      String[] lines = new String(bytes, StandardCharsets.US_ASCII).split("\n", -1);
      if (lines.length < 3) {
        return Optional.empty();
      }
      return Optional.of(new Word(lines[0].equals("hook"), set(lines[1]), set(lines[2])));
    }

    private static Set<String> set(String line) {
      Set<String> words = new TreeSet<>(Arrays.asList(line.split(" ")));
      words.remove("");
      return words;
    }
  }

  private TakeoverRules() {}

  /**
   * Nodes that have left in order are not missed.
   *
   * @param doubtful not heard of late: of a part that is lost, one node is found dead before the other
   */
  static Majority majority(List<NodeState> nodes, Set<String> doubtful) {
    long known =
        nodes.stream().filter(node -> node.alive() || node.phase() != Phase.STOPPING).count();
    long twiceAlive =
        2 * nodes.stream().filter(node -> node.alive() && !doubtful.contains(node.id())).count();
    if (twiceAlive == known) {
      return Majority.HALF;
    }
    return twiceAlive > known ? Majority.YES : Majority.NO;
  }

  /** Whether this node's death leaves addresses behind: it did not leave in order. */
  static boolean isMissed(NodeState node) {
    return !node.alive() && node.phase() != Phase.STOPPING;
  }

  /** The living node with a hook that could serve on the address, the first by name. */
  static Optional<String> elected(
      String address, List<NodeState> nodes, Map<String, Word> wordByNode) {
    return nodes.stream()
        .filter(NodeState::alive)
        .map(NodeState::id)
        .filter(
            id -> {
              Word word = wordByNode.get(id);
              return word != null && word.hasHook && word.possible.contains(address);
            })
        .min(String::compareTo);
  }
}
