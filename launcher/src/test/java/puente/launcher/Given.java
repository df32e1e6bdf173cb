package puente.launcher;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The sources of a configuration, for tests to say in one line. */
final class Given {
  private final Path directory;
  private final Map<String, String> environment = new HashMap<>();
  private final List<ConfigLoader.Flag> flags = new ArrayList<>();
  private Optional<Path> file = Optional.empty();

  Given(Path directory) {
    this.directory = directory;
  }

  Given file(String... lines) throws IOException {
    file = Optional.of(Path.of("turnserver.conf"));
    Files.write(directory.resolve("turnserver.conf"), List.of(lines));
    return this;
  }

  Given variable(String name, String value) {
    environment.put(name, value);
    return this;
  }

  Given flag(String name, String text) {
    flags.add(new ConfigLoader.Flag(name, text));
    return this;
  }

  Config load() throws StartFailure {
    return ConfigLoader.load(
        new ConfigLoader.Sources(file, true, Map.copyOf(environment), flags, directory));
  }
}
