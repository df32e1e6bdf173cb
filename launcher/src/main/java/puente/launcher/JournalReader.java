package puente.launcher;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import puente.turn.store.AllocationKey;
import puente.turn.store.Snapshot;

/**
 * Reads what a former process left: most of it while that one still writes, so that only the rest
 * is to be read while nobody serves.
 */
final class JournalReader {

  private static final Pattern NAME = Pattern.compile("allocations-([0-9]{1,18})\\.journal");

  private final Path directory;
  private final Map<AllocationKey, Snapshot> found = new LinkedHashMap<>();
  private final Map<Path, Long> endByFile = new HashMap<>();
  private final List<Path> files = new ArrayList<>();
  private long number;

  JournalReader(Path directory) {
    this.directory = directory;
  }

  /** Reads what is whole by now. */
  void ahead() throws IOException {
    try {
      for (Path file : numbered().values()) {
        JournalFile.Part part = JournalFile.read(file, 0, found, false);
        endByFile.put(file, part.end());
        if (part.end() < Files.size(file)) {
          // What follows here comes before what is in a newer file.
          break;
        }
      }
    } catch (NoSuchFileException replaced) {
      // By a new one just now: then all of it is read at the turn.
      startAgain();
    }
  }

  /** Reads the rest, and returns what is alive. */
  List<Snapshot> rest() throws IOException {
    TreeMap<Long, Path> all = numbered();
    if (!all.values().containsAll(endByFile.keySet())) {
      // A file that has gone was replaced by one with all that was alive, and no word of the dead.
      startAgain();
    }
    int unreadable = 0;
    for (Map.Entry<Long, Path> next : all.entrySet()) {
      number = next.getKey();
      Path file = next.getValue();
      JournalFile.Part part = JournalFile.read(file, endByFile.getOrDefault(file, 0L), found, true);
      if (part.end() == 0) {
        Events.warn("journal", "file", file, "warning", "not a journal; left alone");
      } else {
        files.add(file);
        unreadable += part.unreadable();
      }
    }
    if (unreadable > 0) {
      // One is usual: the process died while it wrote.
      Events.info("journal", "unreadable-records", unreadable);
    }
    List<Snapshot> alive = List.copyOf(found.values());
    startAgain();
    return alive;
  }

  private void startAgain() {
    found.clear();
    endByFile.clear();
  }

  /** The highest number of a file. */
  long number() {
    return number;
  }

  /** What has been read. */
  List<Path> files() {
    return List.copyOf(files);
  }

  private TreeMap<Long, Path> numbered() throws IOException {
    TreeMap<Long, Path> numbered = new TreeMap<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
      for (Path path : all) {
        Matcher name = NAME.matcher(path.getFileName().toString());
        if (name.matches()) {
          numbered.put(Long.parseLong(name.group(1)), path);
        }
      }
    }
    return numbered;
  }
}
