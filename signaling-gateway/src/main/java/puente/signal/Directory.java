package puente.signal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The facts of the other nodes. A fact whose node died, or that is about to hold elsewhere, is
 * homeless: it stays for a while, until another node says it again or nobody did.
 */
final class Directory {
  /** A fact and who says it; without a node it is homeless. */
  record Entry(Fact fact, @Nullable String node) {}

  private record Homeless(Fact fact, long sinceMs) {}

  private record Group(Fact.Kind kind, String name) {
    static Group of(Fact.Key key) {
      return new Group(key.kind(), key.group());
    }
  }

  private final Map<Fact.Key, LinkedHashMap<String, Fact>> factByNodeByKey = new HashMap<>();
  private final Map<String, Set<Fact.Key>> keysByNode = new HashMap<>();

  /** In the order in which they lost their nodes, so that the first is the first to be given up. */
  private final LinkedHashMap<Fact.Key, Homeless> homelessByKey = new LinkedHashMap<>();

  private final Map<Group, Set<Fact.Key>> keysByGroup = new HashMap<>();
  private final Map<String, Fact.Key> presentBySid = new HashMap<>();

  /** Notes a fact; returns what was known of its key before. */
  @Nullable Entry put(String node, Fact fact) {
    Fact.Key key = fact.key();
    Entry before = find(key);
    homelessByKey.remove(key);
    LinkedHashMap<String, Fact> facts =
        factByNodeByKey.computeIfAbsent(key, any -> new LinkedHashMap<>());
    facts.remove(node);
    facts.put(node, fact);
    keysByNode.computeIfAbsent(node, any -> new LinkedHashSet<>()).add(key);
    index(key);
    return before;
  }

  /** A node takes a fact back; answers it if nobody says it any more. */
  @Nullable Fact remove(String node, Fact.Key key) {
    LinkedHashMap<String, Fact> facts = factByNodeByKey.get(key);
    Fact gone = facts == null ? null : facts.remove(node);
    Set<Fact.Key> keys = keysByNode.get(node);
    if (facts == null || gone == null || keys == null) {
      return null;
    }
    keys.remove(key);
    if (!facts.isEmpty()) {
      return null;
    }
    factByNodeByKey.remove(key);
    unindex(key);
    return gone;
  }

  /** A fact without a node, which others are to believe for a while. */
  void leaveHomeless(Fact fact, long now) {
    Fact.Key key = fact.key();
    if (!factByNodeByKey.containsKey(key)) {
      homelessByKey.putIfAbsent(key, new Homeless(fact, now));
      index(key);
    }
  }

  /** Somebody here took it up. */
  @Nullable Fact takeHomeless(Fact.Key key) {
    Homeless taken = homelessByKey.remove(key);
    unindex(key);
    return taken == null ? null : taken.fact;
  }

  /** Those that nobody took up since. */
  List<Fact> expired(long before) {
    List<Fact> given = new ArrayList<>();
    for (Homeless one : homelessByKey.values()) {
      if (one.sinceMs > before) {
        break;
      }
      given.add(one.fact);
    }
    given.forEach(fact -> takeHomeless(fact.key()));
    return given;
  }

  /** Those that lost their nodes before that time and that are over all the same. */
  List<Fact> abandoned(long before, Predicate<Fact> isOver) {
    List<Fact> over = new ArrayList<>();
    for (Homeless one : homelessByKey.values()) {
      if (one.sinceMs <= before && isOver.test(one.fact)) {
        over.add(one.fact);
      }
    }
    over.forEach(fact -> takeHomeless(fact.key()));
    return over;
  }

  Set<Fact.Key> keysOf(String node) {
    return new HashSet<>(keysByNode.getOrDefault(node, Set.of()));
  }

  @Nullable Entry find(Fact.Key key) {
    LinkedHashMap<String, Fact> facts = factByNodeByKey.get(key);
    if (facts != null) {
      Map.Entry<String, Fact> last = facts.lastEntry();
      return new Entry(last.getValue(), last.getKey());
    }
    Homeless homeless = homelessByKey.get(key);
    return homeless == null ? null : new Entry(homeless.fact, null);
  }

  List<Entry> all(Fact.Kind kind, String group) {
    List<Entry> all = new ArrayList<>();
    for (Fact.Key key : keysByGroup.getOrDefault(new Group(kind, group), Set.of())) {
      Entry entry = find(key);
      if (entry != null) {
        all.add(entry);
      }
    }
    return all;
  }

  /** What each node says of a key: a fact of many nodes at a time. */
  Map<String, Fact> byNode(Fact.Key key) {
    return factByNodeByKey.getOrDefault(key, new LinkedHashMap<>());
  }

  int count(Fact.Kind kind, String group) {
    return keysByGroup.getOrDefault(new Group(kind, group), Set.of()).size();
  }

  @Nullable Entry presentBySid(String sid) {
    Fact.Key key = presentBySid.get(sid);
    return key == null ? null : find(key);
  }

  int size() {
    return factByNodeByKey.size() + homelessByKey.size();
  }

  private void index(Fact.Key key) {
    keysByGroup.computeIfAbsent(Group.of(key), any -> new LinkedHashSet<>()).add(key);
    if (key.kind() == Fact.Kind.PRESENT) {
      presentBySid.put(key.name(), key);
    }
  }

  private void unindex(Fact.Key key) {
    if (factByNodeByKey.containsKey(key) || homelessByKey.containsKey(key)) {
      return;
    }
    Group group = Group.of(key);
    Set<Fact.Key> keys = keysByGroup.get(group);
    if (keys != null && keys.remove(key) && keys.isEmpty()) {
      keysByGroup.remove(group);
    }
    if (key.kind() == Fact.Kind.PRESENT) {
      presentBySid.remove(key.name(), key);
    }
  }
}
