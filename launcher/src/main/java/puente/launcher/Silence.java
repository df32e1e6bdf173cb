package puente.launcher;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Who has been silent for too long, from the number that each one's signs of life change. Pure; its
 * time is a clock that nobody sets. Whoever stood still himself hears nobody: he begins anew.
 */
final class Silence<K> {
  private record Heard(long sign, long atNanos) {}

  private final long limitNanos;
  private final long stallNanos;
  private final Map<K, Heard> heardByNode = new HashMap<>();
  private long lookedNanos;

  /**
   * @param limitNanos who is silent for longer is given up
   * @param stallNanos between two looks: more than that and this process has not run
   */
  Silence(long limitNanos, long stallNanos, long now) {
    this.limitNanos = limitNanos;
    this.stallNanos = stallNanos;
    lookedNanos = now;
  }

  /** Who has given no sign for so long by the last look: perhaps about to be given up. */
  Set<K> silentFor(long nanos) {
    Set<K> silent = new HashSet<>();
    heardByNode.forEach(
        (node, heard) -> {
          if (lookedNanos - heard.atNanos > nanos) {
            silent.add(node);
          }
        });
    return silent;
  }

  /**
   * Looks once more.
   *
   * @param signByNode of all others; any change is a sign of life
   */
  Set<K> look(Map<K, Long> signByNode, long now) {
    boolean stalled = now - lookedNanos > stallNanos;
    lookedNanos = now;
    heardByNode.keySet().retainAll(signByNode.keySet());
    Set<K> silent = new HashSet<>();
    signByNode.forEach(
        (node, sign) -> {
          Heard last = heardByNode.get(node);
          if (stalled || last == null || last.sign != sign) {
            heardByNode.put(node, new Heard(sign, now));
          } else if (now - last.atNanos > limitNanos) {
            silent.add(node);
          }
        });
    return silent;
  }
}
