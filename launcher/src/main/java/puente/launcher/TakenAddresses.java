package puente.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.slf4j.event.Level;

/**
 * The addresses that this node has taken from others, each with a term that is greater than those
 * of all who have taken it before: of two machines with one address, the later term keeps it. For
 * one thread; kept in {@code state-dir}, as the address stays when the process is started again.
 */
final class TakenAddresses {
  private static final String FILE = "taken-addresses";
  private static final int FILE_BYTES_MAX = 1 << 16;

  /** What is remembered of others; a cluster has far fewer addresses. */
  private static final int TERMS_MAX = 1000;

  private final StateDirectory state;
  private final Map<String, Long> termByAddress = new TreeMap<>();
  private final Map<String, Long> greatestByAddress = new HashMap<>();

  /** A cloud may take a while: only what was here once can be gone. */
  private final Set<String> arrived = new HashSet<>();

  TakenAddresses(StateDirectory state) {
    this.state = state;
    Path file = state.directory().resolve(FILE);
    if (Files.exists(file)) {
      try {
        read(ConfigFile.text(file, FILE_BYTES_MAX));
      } catch (StartFailure | NumberFormatException unreadable) {
        tell("cannot be read", unreadable);
      }
    }
  }

  private void read(String text) {
    for (String line : text.lines().toList()) {
      String[] words = line.split(" ");
      if (words.length == 2) {
        termByAddress.put(words[0], Long.parseLong(words[1]));
      }
    }
    arrived.addAll(termByAddress.keySet());
    greatestByAddress.putAll(termByAddress);
  }

  /** Another node has these. */
  void heard(Map<String, Long> terms) {
    terms.forEach(
        (address, term) -> {
          if (greatestByAddress.size() < TERMS_MAX || greatestByAddress.containsKey(address)) {
            greatestByAddress.merge(address, term, Math::max);
          }
        });
  }

  /** This node has it from now on. */
  void took(String address) {
    long term = greatestByAddress.getOrDefault(address, 0L) + 1;
    greatestByAddress.put(address, term);
    termByAddress.put(address, term);
    arrived.remove(address);
    write();
  }

  /** Those of them that are on this machine; one that was here and is gone is no longer its own. */
  Map<String, Long> here(Predicate<String> isHere) {
    Map<String, Long> here = new TreeMap<>();
    termByAddress.forEach(
        (address, term) -> {
          if (isHere.test(address)) {
            arrived.add(address);
            here.put(address, term);
          }
        });
    if (termByAddress
        .keySet()
        .removeIf(address -> arrived.contains(address) && !here.containsKey(address))) {
      arrived.retainAll(termByAddress.keySet());
      write();
    }
    return here;
  }

  private void write() {
    StringBuilder text = new StringBuilder();
    termByAddress.forEach(
        (address, term) -> text.append(address).append(' ').append(term).append('\n'));
    try {
      state.note(FILE, text.toString());
    } catch (StartFailure unwritable) {
      tell("cannot be written", unwritable);
    }
  }

  private static void tell(String what, Exception why) {
    Events.limited(
        "taken-addresses",
        Level.WARN,
        "taken-addresses",
        "warning",
        FILE + " in state-dir " + what + ": after a restart, a former owner may keep its address",
        "reason",
        String.valueOf(why.getMessage()));
  }
}
