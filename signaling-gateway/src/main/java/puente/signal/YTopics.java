package puente.signal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who has subscribed to what: all that the signaling of y-webrtc 10 is. What is published goes to
 * every subscriber, the sender too if it is one.
 */
final class YTopics {

  /** One editor has a few documents open, not hundreds. */
  static final int TOPICS_PER_SOCKET = 100;

  /** Every message is copied to all of a topic; y-webrtc itself connects to about twenty. */
  static final int SUBSCRIBERS_PER_TOPIC = 500;

  static final int TOPICS = 50_000;

  /** Topics are document names; a password is never part of one. */
  static final int NAME_MAX = 512;

  private final Map<String, Set<Long>> socketsByTopic = new HashMap<>();
  private final Map<Long, Set<String>> topicsBySocket = new HashMap<>();

  /** False when a bound keeps the socket out of the topic. */
  boolean subscribe(long socket, String topic) {
    Set<String> topics = topicsBySocket.get(socket);
    Set<Long> sockets = socketsByTopic.get(topic);
    if (topics != null && topics.contains(topic)) {
      return true;
    }
    if (topic.length() > NAME_MAX
        || topics != null && topics.size() >= TOPICS_PER_SOCKET
        || sockets != null && sockets.size() >= SUBSCRIBERS_PER_TOPIC
        || sockets == null && socketsByTopic.size() >= TOPICS) {
      return false;
    }
    topicsBySocket.computeIfAbsent(socket, key -> new LinkedHashSet<>()).add(topic);
    socketsByTopic.computeIfAbsent(topic, key -> new LinkedHashSet<>()).add(socket);
    return true;
  }

  void unsubscribe(long socket, String topic) {
    Set<String> topics = topicsBySocket.get(socket);
    if (topics != null && topics.remove(topic)) {
      leave(socket, topic);
      if (topics.isEmpty()) {
        topicsBySocket.remove(socket);
      }
    }
  }

  /** Answers what it had subscribed to. */
  Set<String> onClosed(long socket) {
    Set<String> topics = topicsBySocket.remove(socket);
    if (topics == null) {
      return Set.of();
    }
    topics.forEach(topic -> leave(socket, topic));
    return topics;
  }

  int count(String topic) {
    return socketsByTopic.getOrDefault(topic, Set.of()).size();
  }

  /** In the order in which they came; a copy, for a send may close one of them. */
  List<Long> subscribers(String topic) {
    return new ArrayList<>(socketsByTopic.getOrDefault(topic, Set.of()));
  }

  int topics() {
    return socketsByTopic.size();
  }

  private void leave(long socket, String topic) {
    Set<Long> sockets = socketsByTopic.get(topic);
    if (sockets != null && sockets.remove(socket) && sockets.isEmpty()) {
      socketsByTopic.remove(topic);
    }
  }
}
