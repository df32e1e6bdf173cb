package puente.launcher;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** Where lines are typed, and what is said meanwhile does not tear them apart. */
interface Keyboard extends AutoCloseable {
  /** Null at the end. */
  @Nullable String line() throws IOException;

  @Override
  void close() throws IOException;

  /** Lines of a file or a pipe. */
  static Keyboard of(InputStream in) {
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    return new Keyboard() {
      @Override
      public @Nullable String line() throws IOException {
        return reader.readLine();
      }

      @Override
      public void close() {
        // whoever opened it closes it
      }
    };
  }

  /** A terminal: a line can be edited and called back, and others' lines appear above it. */
  static Keyboard ofTerminal(String prompt, List<String> words, Consumer<Consumer<String>> above)
      throws IOException {
    Terminal terminal = TerminalBuilder.builder().system(true).build();
    LineReader reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .completer(new StringsCompleter(words))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
    above.accept(reader::printAbove);
    return new Keyboard() {
      @Override
      public @Nullable String line() {
        try {
          return reader.readLine(prompt);
        } catch (EndOfFileException | UserInterruptException end) {
          return null;
        }
      }

      @Override
      public void close() throws IOException {
        terminal.close();
      }
    };
  }
}
