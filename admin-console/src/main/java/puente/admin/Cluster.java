package puente.admin;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Questions that every node answers for itself, so that any node can answer for all. Who does not
 * answer in time is named. For the control loop.
 */
final class Cluster {

  /** What people wait for at most. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  /** Answers a question about this node. */
  interface Answerer {
    Future<JsonObject> answer(JsonObject words);
  }

  /**
   * What came back.
   *
   * @param byNode answers, this node's among them
   * @param missing nodes that live and did not answer in time
   */
  record Gathered(Map<String, JsonObject> byNode, List<String> missing) {

    JsonObject coverage() {
      JsonObject coverage =
          new JsonObject()
              .put("nodes", byNode.size() + missing.size())
              .put("answered", byNode.size());
      return missing.isEmpty() ? coverage : coverage.put("missing", new JsonArray(missing));
    }
  }

  private final Context context;
  private final String own;
  private final LiveView.Others others;
  private final Map<String, Answerer> answerers = new HashMap<>();

  Cluster(Context context, LiveView live) {
    this.context = context;
    own = live.node();
    others = live.others();
    others.answer(this::asked);
  }

  String own() {
    return own;
  }

  /** From now on this answers a question, of whichever node. */
  void answer(String question, Answerer answerer) {
    answerers.put(question, answerer);
  }

  /** Asks this node and all others. */
  Future<Gathered> all(String question, JsonObject words) {
    return all(question, words, PATIENCE);
  }

  /** Asks this node and all others what takes longer. */
  Future<Gathered> all(String question, JsonObject words, Duration patience) {
    List<String> nodes = new ArrayList<>(others.alive());
    nodes.remove(own);
    Map<String, JsonObject> answers = new TreeMap<>();
    List<String> missing = new ArrayList<>();
    Promise<Gathered> done = Promise.promise();
    int[] open = {nodes.size() + 1};
    Runnable one =
        () -> {
          if (--open[0] == 0) {
            missing.sort(null);
            done.complete(new Gathered(answers, missing));
          }
        };
    Future<JsonObject> here = local(question, words);
    for (String node : nodes) {
      remote(node, question, words, patience)
          .onComplete(
              answer -> {
                if (answer.succeeded()) {
                  answers.put(node, answer.result());
                } else {
                  missing.add(node);
                }
                one.run();
              });
    }
    here.onComplete(
        answer -> {
          if (answer.succeeded()) {
            answers.put(own, answer.result());
            one.run();
          } else {
            done.tryFail(answer.cause());
          }
        });
    return done.future();
  }

  /** Asks one node; {@code self} is this one. */
  Future<JsonObject> one(String node, String question, JsonObject words) {
    return node.equals(own) || node.equals("self")
        ? local(question, words)
        : remote(node, question, words, PATIENCE);
  }

  boolean isAlive(String node) {
    return node.equals(own) || node.equals("self") || others.alive().contains(node);
  }

  private Future<JsonObject> local(String question, JsonObject words) {
    Answerer answerer = answerers.get(question);
    if (answerer == null) {
      return Future.failedFuture("this node knows no " + question);
    }
    try {
      return onLoop(answerer.answer(words).toCompletionStage());
    } catch (IllegalArgumentException wrong) {
      return Future.failedFuture(wrong);
    }
  }

  private Future<JsonObject> remote(
      String node, String question, JsonObject words, Duration patience) {
    JsonObject asked = new JsonObject().put("q", question).put("w", words);
    return onLoop(others.ask(node, asked.toBuffer().getBytes(), patience))
        .map(bytes -> new JsonObject(Buffer.buffer(bytes)));
  }

  private <T> Future<T> onLoop(CompletionStage<T> stage) {
    Promise<T> promise = Promise.promise();
    stage.whenComplete(
        (value, failure) ->
            context.runOnContext(
                go -> {
                  if (failure == null) {
                    promise.complete(value);
                  } else {
                    promise.fail(failure);
                  }
                }));
    return promise.future();
  }

  private CompletionStage<byte[]> asked(byte[] question) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    context.runOnContext(
        go -> {
          try {
            JsonObject asked = new JsonObject(Buffer.buffer(question));
            local(asked.getString("q", ""), asked.getJsonObject("w", new JsonObject()))
                .onSuccess(words -> answer.complete(words.toBuffer().getBytes()))
                .onFailure(answer::completeExceptionally);
          } catch (DecodeException | ClassCastException notOurs) {
            answer.completeExceptionally(notOurs);
          }
        });
    return answer;
  }
}
