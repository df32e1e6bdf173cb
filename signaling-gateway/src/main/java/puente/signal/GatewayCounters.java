package puente.signal;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What happened at the gateway's door; written on its loop, read by whoever makes metrics. */
public final class GatewayCounters {
  private final Map<Integer, LongAdder> closedByCode = new ConcurrentHashMap<>();
  private final Map<Integer, LongAdder> answersByStatus = new ConcurrentHashMap<>();
  private final LongAdder slowReaders = new LongAdder();

  void closed(int code) {
    closedByCode.computeIfAbsent(code, any -> new LongAdder()).increment();
  }

  void answered(int status) {
    answersByStatus.computeIfAbsent(status, any -> new LongAdder()).increment();
  }

  void slowReader() {
    slowReaders.increment();
  }

  /** WebSockets that we closed, by close code. */
  public Map<Integer, Long> closed() {
    return sums(closedByCode);
  }

  /** HTTP answers by status. */
  public Map<Integer, Long> answers() {
    return sums(answersByStatus);
  }

  public long slowReaders() {
    return slowReaders.sum();
  }

  private static Map<Integer, Long> sums(Map<Integer, LongAdder> adders) {
    Map<Integer, Long> sums = new TreeMap<>();
    adders.forEach((key, adder) -> sums.put(key, adder.sum()));
    return sums;
  }
}
