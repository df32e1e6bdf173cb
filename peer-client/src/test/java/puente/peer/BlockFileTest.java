package puente.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockFileTest {
  @TempDir Path folder;
  private final byte[] content = new byte[5 * Manifest.BLOCK_MIN / 2];
  private Manifest manifest = new Manifest("", 0, 1, "", new byte[0]);
  private Path into = Path.of("");

  @BeforeEach
  void sourceAndPlace() throws IOException {
    new Random(1).nextBytes(content);
    Path source = Files.write(folder.resolve("film.mp4"), content);
    manifest = Manifest.of(source);
    into = Files.createDirectory(folder.resolve("into"));
  }

  private byte[] block(int number) throws IOException {
    try (BlockFile source = BlockFile.whole(manifest, folder.resolve("film.mp4"))) {
      return source.read(number);
    }
  }

  @Test
  void goesOnWithTheBlocksThatAreGood() throws IOException {
    assertEquals(3, manifest.blocks());
    try (BlockFile part = BlockFile.part(manifest, into)) {
      assertTrue(part.write(2, block(2)));
      assertTrue(part.write(0, block(0)));
      assertFalse(part.write(1, block(0)), "another block than was announced");
      assertEquals(manifest.length(0) + manifest.length(2), part.bytes());
    }
    try (BlockFile again = BlockFile.part(manifest, into)) {
      assertEquals(BitSet.valueOf(new long[] {0b101}), again.here());
      assertTrue(again.write(1, block(1)));
      assertTrue(again.isWhole());
      Path place = again.finish(into);
      assertEquals("film.mp4", place.getFileName().toString());
      assertArrayEquals(content, Files.readAllBytes(place));
      assertArrayEquals(block(1), again.read(1), "it still serves others");
    }
    try (Stream<Path> left = Files.list(into)) {
      assertEquals(List.of(into.resolve("film.mp4")), left.toList());
    }
  }

  @Test
  void whatIsThereIsNotOverwritten() throws IOException {
    Files.writeString(into.resolve("film.mp4"), "mine");
    try (BlockFile part = BlockFile.part(manifest, into)) {
      for (int i = 0; i < manifest.blocks(); i++) {
        part.write(i, block(i));
      }
      assertEquals("film-2.mp4", part.finish(into).getFileName().toString());
    }
    assertEquals("mine", Files.readString(into.resolve("film.mp4")));
  }

  @Test
  void theWholeIsCheckedToo() throws IOException {
    Manifest lie =
        new Manifest(
            "film.mp4", manifest.size(), manifest.blockBytes(), "00".repeat(32), manifest.hashes());
    try (BlockFile part = BlockFile.part(lie, into)) {
      for (int i = 0; i < manifest.blocks(); i++) {
        part.write(i, block(i));
      }
      assertThrows(IOException.class, () -> part.finish(into));
    }
    try (Stream<Path> left = Files.list(into)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void oneProgramAtATime() throws IOException {
    try (BlockFile first = BlockFile.part(manifest, into)) {
      assertEquals(0, first.bytes());
      assertThrows(Exception.class, () -> BlockFile.part(manifest, into));
    }
  }

  @Test
  void wordsSurviveTheWire() {
    FileWord.Has has = new FileWord.Has(7, 16, BitSet.valueOf(new long[] {0b1001}));
    assertEquals(has, FileWord.of(has.bytes()));
    FileWord.Want want = new FileWord.Want(-1, 5);
    assertEquals(want, FileWord.of(want.bytes()));
    FileWord.Done done = new FileWord.Done(1, "no room");
    assertEquals(done, FileWord.of(done.bytes()));
    FileWord.Offer offer =
        new FileWord.Offer(manifest.id(), "film.mp4", manifest.size(), 65536, manifest.sha256());
    assertEquals(offer, FileWord.of(offer.bytes()));
    assertEquals(null, FileWord.of(new byte[] {99, 0, 0, 0, 0}));
    assertEquals(null, FileWord.of(new byte[] {(byte) FileWord.WANT, 0}));
    assertEquals(null, FileWord.of(new byte[] {(byte) FileWord.OFFER, 0, 0, 0, 0, '{'}));
  }

  @Test
  void namesStayInTheFolder() {
    for (String name : List.of("../x", "a/b", "a\\b", ".hidden", "", "a\nb", "x".repeat(201))) {
      FileWord.Offer offer =
          new FileWord.Offer(manifest.id(), name, manifest.size(), 65536, manifest.sha256());
      assertThrows(IOException.class, () -> Transfer.offered(offer), name);
    }
  }
}
