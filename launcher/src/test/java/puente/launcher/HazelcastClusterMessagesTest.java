package puente.launcher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.until;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.turn.store.LocalStore;

/** What nodes say to each other. */
@Tag("slow")
@Timeout(120)
class HazelcastClusterMessagesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final int TOLD = 2000;

  private final ClusterLab lab = new ClusterLab();

  @AfterEach
  void stop() {
    lab.stop();
  }

  @Test
  void aNodeHearsWhatItIsToldInOrderAndAnswersWhatItIsAsked() {
    List<HazelcastCluster> nodes = lab.nodes(3, LocalStore.Quotas.NONE);
    Messenger first = nodes.get(0).messages();
    Messenger second = nodes.get(1).messages();
    List<String> heard = new CopyOnWriteArrayList<>();
    List<String> others = new CopyOnWriteArrayList<>();
    second.listen("rooms", (from, body) -> heard.add(from + " " + new String(body, UTF_8)));
    nodes.get(2).messages().listen("rooms", (from, body) -> others.add(from));
    second.answer("load", (from, body) -> CompletableFuture.completedStage(body));
    second.answer("no", (from, body) -> CompletableFuture.failedStage(new Refusal("not today")));

    CompletionStage<byte[]> answer = first.ask("n2", "load", new byte[] {7}, PATIENCE);
    assertEquals(7, answer.toCompletableFuture().join()[0]);
    assertEquals("not today", failure(first.ask("n2", "no", new byte[0], PATIENCE)));
    assertEquals(
        "this node knows no such", failure(first.ask("n2", "such", new byte[0], PATIENCE)));

    for (int i = 0; i < TOLD; i++) {
      assertTrue(first.tell("n2", "rooms", Integer.toString(i).getBytes(UTF_8)));
    }
    until(() -> heard.size() == TOLD, 20);
    assertEquals(IntStream.range(0, TOLD).mapToObj(i -> "n1 " + i).toList(), heard);
    assertEquals(List.of(), others, "only the node that is told hears it");
  }

  @Test
  void whoIsDeadOrUnknownOrSilentIsNotWaitedForLongerThanSaid() {
    List<HazelcastCluster> nodes = lab.nodes(2, LocalStore.Quotas.NONE);
    Messenger first = nodes.get(0).messages();
    nodes.get(1).messages().answer("mute", (from, body) -> new CompletableFuture<>());

    assertEquals(
        "no answer from n2 within 200 ms",
        failure(first.ask("n2", "mute", new byte[0], Duration.ofMillis(200))));
    assertEquals("n9 cannot be reached", failure(first.ask("n9", "mute", new byte[0], PATIENCE)));
    assertFalse(first.tell("n9", "mute", new byte[0]));
    assertFalse(first.tell("n2", "mute", new byte[Messenger.BODY_MAX + 1]));

    nodes.get(1).terminate();
    until(() -> ClusterLab.alive(nodes.get(0)) == 1, 20);
    assertFalse(first.tell("n2", "mute", new byte[0]));
  }

  private static String failure(CompletionStage<byte[]> asked) {
    CompletionException failure =
        assertThrows(CompletionException.class, () -> asked.toCompletableFuture().join());
    return String.valueOf(failure.getMessage());
  }

  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String why) {
      super(why);
    }
  }
}
