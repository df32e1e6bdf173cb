package puente.signal;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Topics of y-webrtc across nodes: how many subscribe elsewhere, and the way to them. Its clients
 * announce themselves again and again: nothing is kept for the absent.
 */
final class FarTopics implements Fleet.Part {
  /** What was published elsewhere goes to the subscribers here. */
  interface Local {
    void publish(String topic, String text);
  }

  private final Fleet fleet;
  private final Local local;

  FarTopics(Fleet fleet, Local local) {
    this.fleet = fleet;
    this.local = local;
    fleet.serve(this, Fact.Kind.TOPIC);
  }

  /** So many subscribe on this node now. */
  void count(String topic, int subscribers) {
    if (subscribers == 0) {
      fleet.remove(key(topic), Signal.Reason.LEFT);
    } else {
      fleet.put(new Fact.Topic(topic, subscribers));
    }
  }

  int elsewhere(String topic) {
    int sum = 0;
    for (Fact fact : fleet.directory.byNode(key(topic)).values()) {
      sum += fact instanceof Fact.Topic one ? one.subscribers() : 0;
    }
    return sum;
  }

  void publish(String topic, String text) {
    for (Map.Entry<String, Fact> one : fleet.directory.byNode(key(topic)).entrySet()) {
      fleet.say(one.getKey(), new Word.Published(topic, text));
    }
  }

  private static Fact.Key key(String topic) {
    return new Fact.Key(Fact.Kind.TOPIC, topic, "");
  }

  @Override
  public void onFact(String node, Fact fact, Directory.@Nullable Entry before, long now) {}

  @Override
  public void onGone(Fact fact, Signal.Reason reason, long now) {}

  @Override
  public void onWord(String from, Word word, long now) {
    if (word instanceof Word.Published published) {
      local.publish(published.topic(), published.text());
    }
  }
}
