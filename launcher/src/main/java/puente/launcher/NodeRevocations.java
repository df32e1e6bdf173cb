package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Ephemeral usernames that are refused on all nodes. Each node tells the others what it was told,
 * and a node that is new to it all that it knows; whoever hears of one for the first time acts.
 */
final class NodeRevocations {
  private static final String SUBJECT = "revoked";

  /** RFC 8489 §14.3. */
  private static final int NAME_BYTES_MAX = 508;

  /** Far below what one message may carry. */
  private static final int NAMES_AT_ONCE = 500;

  private final Cluster cluster;
  private final Consumer<Set<String>> onRevoked;
  private final Revoked revoked;
  private final Set<String> told = new HashSet<>();

  /**
   * @param revoked what this node knew when it stopped
   * @param onRevoked given the names that were not revoked before
   */
  NodeRevocations(Cluster cluster, Revoked revoked, Consumer<Set<String>> onRevoked) {
    this.cluster = cluster;
    this.revoked = revoked;
    this.onRevoked = onRevoked;
    cluster.messages().listen(SUBJECT, (from, body) -> hear(new String(body, UTF_8)));
    cluster.onChange(this::greet);
  }

  Set<String> names() {
    return revoked.names();
  }

  /**
   * On this node and all others.
   *
   * @throws IllegalArgumentException if that is no username (RFC 8489 §14.3, RFC 8265)
   */
  void revoke(String username) {
    boolean isName = !username.isEmpty() && username.chars().noneMatch(Character::isISOControl);
    if (!isName || username.getBytes(UTF_8).length > NAME_BYTES_MAX) {
      throw new IllegalArgumentException("not a username");
    }
    take(Set.of(username));
    for (NodeState node : cluster.nodes()) {
      if (node.alive() && !node.id().equals(cluster.nodeId())) {
        tell(node.id(), List.of(username));
      }
    }
  }

  private void hear(String text) {
    take(Set.copyOf(List.of(text.split("\n"))));
  }

  private void take(Set<String> names) {
    Set<String> known = revoked.names();
    Set<String> news = new HashSet<>(names);
    news.removeAll(known);
    news.forEach(revoked::add);
    if (!news.isEmpty()) {
      onRevoked.accept(news);
    }
  }

  /** A node that came, or came back, has missed what was said before. */
  private void greet(List<NodeState> nodes) {
    Set<String> living = new HashSet<>();
    nodes.stream().filter(NodeState::alive).forEach(node -> living.add(node.id()));
    living.remove(cluster.nodeId());
    List<String> isNew = new ArrayList<>();
    synchronized (told) {
      told.retainAll(living);
      living.stream().filter(told::add).forEach(isNew::add);
    }
    List<String> all = List.copyOf(revoked.names());
    for (String node : isNew) {
      for (int from = 0; from < all.size(); from += NAMES_AT_ONCE) {
        tell(node, all.subList(from, Math.min(all.size(), from + NAMES_AT_ONCE)));
      }
    }
  }

  private void tell(String node, List<String> names) {
    cluster.messages().tell(node, SUBJECT, String.join("\n", names).getBytes(UTF_8));
  }
}
