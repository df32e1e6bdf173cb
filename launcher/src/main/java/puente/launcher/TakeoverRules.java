package puente.launcher;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
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
   * @param termByAddress those of the present ones that it has taken from others; 0 for all others
   */
  record Word(
      boolean hasHook, Set<String> present, Set<String> possible, Map<String, Long> termByAddress) {
    private static final int ADDRESSES_MAX = 64;

    long term(String address) {
      return termByAddress.getOrDefault(address, 0L);
    }

    byte[] encode() {
      Set<String> terms = new TreeSet<>();
      termByAddress.forEach((address, term) -> terms.add(address + "=" + term));
      List<String> lines =
          List.of(hasHook ? "hook" : "-", line(present), line(possible), line(terms));
      return String.join("\n", lines).getBytes(StandardCharsets.US_ASCII);
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
      // Who is older has no fourth line.
      Map<String, Long> terms = lines.length > 3 ? terms(set(lines[3])) : Map.of();
      return Optional.of(new Word(lines[0].equals("hook"), set(lines[1]), set(lines[2]), terms));
    }

    private static Map<String, Long> terms(Set<String> words) {
      Map<String, Long> terms = new TreeMap<>();
      for (String word : words) {
        var term = TERM.matcher(word);
        if (term.matches()) {
          terms.put(term.group(1), Long.parseLong(term.group(2)));
        }
      }
      return terms;
    }

    private static Set<String> set(String line) {
      Set<String> words = new TreeSet<>(Arrays.asList(line.split(" ")));
      words.remove("");
      return words;
    }
  }

  private static final Pattern TERM = Pattern.compile("([0-9A-Fa-f.:]+)=(\\d{1,18})");

  private TakeoverRules() {}

  /**
   * Of the living nodes that have this address, the one that has taken it over last: it keeps it.
   * Empty when no two have it, or when nobody has taken it, as of an anycast address.
   */
  static Optional<String> keeper(
      String address, List<NodeState> nodes, Map<String, Word> wordByNode) {
    Comparator<String> byTerm = Comparator.comparingLong(id -> term(wordByNode.get(id), address));
    List<String> having =
        nodes.stream()
            .filter(NodeState::alive)
            .map(NodeState::id)
            .filter(id -> has(wordByNode.get(id), address))
            .sorted(byTerm.reversed().thenComparing(Comparator.naturalOrder()))
            .toList();
    return having.size() > 1 && term(wordByNode.get(having.getFirst()), address) > 0
        ? Optional.of(having.getFirst())
        : Optional.empty();
  }

  private static boolean has(@Nullable Word word, String address) {
    return word != null && word.present.contains(address);
  }

  private static long term(@Nullable Word word, String address) {
    return word == null ? 0 : word.term(address);
  }

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
