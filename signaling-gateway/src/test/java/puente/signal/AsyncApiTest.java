package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** docs/signaling.asyncapi.yaml says what the records of {@link Signal} say. */
class AsyncApiTest {
  private static final Path PAGE = Path.of("..", "docs", "signaling.asyncapi.yaml");

  private static final Signal.Peer PEER = new Signal.Peer("p", Map.of(), Map.of(), true);
  private static final Signal.IceList ICE = new Signal.IceList(List.of(), 1, 1);

  /** One of each. */
  private static final List<Signal.ToClient> ANSWERS =
      List.of(
          new Signal.Welcome("1", "s", "p", "k", 1, 1, 1, false, ICE, "n"),
          new Signal.Joined("1", "r", "p", List.of(PEER)),
          new Signal.Peers("1", "r", List.of(PEER)),
          new Signal.PeerJoined("r", PEER),
          new Signal.PeerUpdated("r", PEER),
          new Signal.PeerLeft("r", "p", Signal.Reason.LEFT),
          new Signal.Message("r", "p", new Json.Raw("{}")),
          new Signal.Ack("1", 1, 0),
          new Signal.Ice("1", ICE),
          new Signal.GoAway("drain", 1, "wss://other/signal", true),
          new Signal.Failure("1", Signal.Code.INTERNAL, "m"),
          new Signal.Pong("1"));

  private final List<String> lines;

  AsyncApiTest() throws IOException {
    lines = Files.readAllLines(PAGE);
  }

  /** Names of the data of each message on the page; they stand at a depth of their own. */
  private Map<String, Set<String>> fieldsByMessage(String side) {
    Map<String, Set<String>> fields = new TreeMap<>();
    Set<String> current = new TreeSet<>();
    for (String line : lines) {
      if (line.matches(" {4}(client|server)\\.[a-z.]+:")) {
        current = new TreeSet<>();
        String name = line.strip().replace(":", "");
        if (name.startsWith(side)) {
          fields.put(name.substring(side.length() + 1), current);
        }
      } else if (line.matches(" {14}[a-zA-Z]+: .*")) {
        current.add(line.strip().replaceFirst(":.*", ""));
      }
    }
    return fields;
  }

  @Test
  void everyRecordHasItsExample() {
    Set<Class<?>> shown = ANSWERS.stream().map(Signal::getClass).collect(Collectors.toSet());
    Set<Class<?>> all = new HashSet<>(Set.of(Signal.ToClient.class.getPermittedSubclasses()));
    // One of the others, written on another node.
    all.remove(Signal.Again.class);
    assertEquals(all, shown);
  }

  @Test
  void whatTheServerSays() throws Json.Malformed {
    Map<String, Set<String>> said = new TreeMap<>();
    for (Signal.ToClient answer : ANSWERS) {
      Map<String, @Nullable Object> frame = Json.object(answer.text(1));
      said.put(String.valueOf(frame.get("t")), new TreeSet<>(RoomsLab.data(frame).keySet()));
    }
    assertEquals(fieldsByMessage("server"), said);
  }

  @Test
  void whatClientsSay() throws SignalParser.Refused {
    Map<String, Set<String>> onPage = fieldsByMessage("client");
    Set<Class<?>> parsed = new java.util.HashSet<>();
    for (String type : onPage.keySet()) {
      Map<String, Object> frame = new LinkedHashMap<>();
      frame.put("t", type);
      frame.put("room", "r");
      frame.put("to", "p");
      parsed.add(SignalParser.parse(Json.write(frame)).getClass());
    }
    assertEquals(Set.of(Signal.FromClient.class.getPermittedSubclasses()), parsed);
  }

  @Test
  void everyErrorIsThere() {
    String codes =
        Arrays.stream(Signal.Code.values())
            .map(Signal.Code::text)
            .collect(Collectors.joining(", ", "{enum: [", "]}"));
    assertTrue(lines.stream().anyMatch(line -> line.contains("code: " + codes)), codes);
  }
}
