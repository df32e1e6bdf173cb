package puente.admin.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordFilesTest {

  private static final int SMALL = 300;

  @TempDir Path directory;

  @Test
  void pagesGoBackThroughAllFilesAndARestart() throws IOException {
    RecordFiles files = RecordFiles.open(directory, "audit", SMALL);
    for (int i = 1; i <= 60; i++) {
      if (i == 30) {
        files.close();
        files = RecordFiles.open(directory, "audit", SMALL);
      }
      files.append(new JsonObject().put("n", i).put("odd", i % 2 == 1));
    }
    assertTrue(count() > 2, "several files");
    List<Integer> seen = new ArrayList<>();
    long cursor = 0;
    do {
      RecordFiles.Page page = files.page(record -> record.getBoolean("odd"), cursor, 7);
      page.records().forEach(record -> seen.add(record.getInteger("n")));
      cursor = page.next();
    } while (cursor > 0);
    assertEquals(30, seen.size());
    assertEquals(59, seen.getFirst());
    assertEquals(1, seen.getLast());
    files.close();
  }

  @Test
  void theOldestGoesFirst() throws IOException {
    RecordFiles files = RecordFiles.open(directory, "audit", SMALL);
    for (int i = 1; i <= 1000; i++) {
      files.append(new JsonObject().put("n", i));
    }
    assertEquals(RecordFiles.FILES_MAX, count());
    RecordFiles.Page all = files.page(record -> true, 0, 1000);
    assertEquals(1000, all.records().getFirst().getInteger("n"));
    assertTrue(all.records().getLast().getInteger("n") > 1);
    files.close();
  }

  @Test
  void halfALineOfACrashHarmsNoOther() throws IOException {
    RecordFiles files = RecordFiles.open(directory, "audit");
    files.append(new JsonObject().put("n", 1));
    files.close();
    Files.writeString(
        directory.resolve("audit-1.jsonl"), "{\"id\":\"2\",\"n\":", StandardOpenOption.APPEND);
    files = RecordFiles.open(directory, "audit");
    files.append(new JsonObject().put("n", 3));
    List<JsonObject> records = files.page(record -> true, 0, 10).records();
    assertEquals(List.of(3, 1), records.stream().map(record -> record.getInteger("n")).toList());
    assertEquals("2", records.getFirst().getString("id"));
    files.close();
  }

  @Test
  void takesNoRecordThatFillsAFile() throws IOException {
    RecordFiles files = RecordFiles.open(null, "audit");
    JsonObject long17k = new JsonObject().put("x", "y".repeat(17_000));
    assertThrows(IllegalArgumentException.class, () -> files.append(long17k));
  }

  private int count() throws IOException {
    try (Stream<Path> found = Files.list(directory)) {
      return (int) found.count();
    }
  }
}
