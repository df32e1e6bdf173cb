package puente.house;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** The checkout that the tests run in. */
final class Repository {

  private static final Set<String> NOT_OURS = Set.of("target", "node_modules", "vendor");

  static final Path ROOT = root();

  private Repository() {}

  private static Path root() {
    Path place = Path.of("").toAbsolutePath();
    while (!Files.exists(place.resolve("mvnw"))) {
      place = place.getParent();
      if (place == null) {
        throw new IllegalStateException("not inside a checkout");
      }
    }
    return place;
  }

  /** All files of one of these endings, in order, but for what was built, fetched or vendored. */
  static List<Path> files(String... endings) {
    List<Path> found = new ArrayList<>();
    try {
      Files.walkFileTree(ROOT, new Walk(found, Set.of(endings)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Collections.sort(found);
    return found;
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Walk extends SimpleFileVisitor<Path> {
    private final List<Path> found;
    private final Set<String> endings;

    Walk(List<Path> found, Set<String> endings) {
      this.found = found;
      this.endings = endings;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
      String name = directory.getFileName().toString();
      boolean hidden = name.startsWith(".") && !name.equals(".ci") && !directory.equals(ROOT);
      return hidden || NOT_OURS.contains(name)
          ? FileVisitResult.SKIP_SUBTREE
          : FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      String name = file.getFileName().toString();
      if (endings.contains(name.substring(name.lastIndexOf('.') + 1))) {
        found.add(file);
      }
      return FileVisitResult.CONTINUE;
    }
  }
}
