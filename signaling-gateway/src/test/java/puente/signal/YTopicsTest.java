package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class YTopicsTest {

  private final YTopics topics = new YTopics();

  @Test
  void everySubscriberOnceInOrder() {
    topics.subscribe(3, "doc");
    topics.subscribe(1, "doc");
    topics.subscribe(3, "doc");
    assertEquals(List.of(3L, 1L), topics.subscribers("doc"));
    assertEquals(List.of(), topics.subscribers("other"));
  }

  @Test
  void whoLeavesHearsNothingAndEmptyTopicsGo() {
    topics.subscribe(1, "doc");
    topics.subscribe(2, "doc");
    topics.unsubscribe(1, "doc");
    topics.unsubscribe(1, "never");
    assertEquals(List.of(2L), topics.subscribers("doc"));
    topics.subscribe(2, "more");
    topics.onClosed(2);
    topics.onClosed(2);
    assertEquals(0, topics.topics());
  }

  @Test
  void bounds() {
    for (int i = 0; i < YTopics.TOPICS_PER_SOCKET; i++) {
      assertTrue(topics.subscribe(1, "t" + i));
    }
    assertFalse(topics.subscribe(1, "one more"));
    assertTrue(topics.subscribe(1, "t0"), "again is not more");
    for (int i = 2; i <= YTopics.SUBSCRIBERS_PER_TOPIC; i++) {
      assertTrue(topics.subscribe(i, "t0"));
    }
    assertFalse(topics.subscribe(9_999, "t0"));
    assertFalse(topics.subscribe(9_999, "x".repeat(YTopics.NAME_MAX + 1)));
    assertEquals(List.of(), topics.subscribers("one more"));
    topics.unsubscribe(1, "t1");
    assertTrue(topics.subscribe(1, "one more"));
  }
}
