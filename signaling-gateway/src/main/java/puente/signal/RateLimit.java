package puente.signal;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A {@link TokenBucket} for each key, in bounded memory: the key seen longest ago is forgotten
 * first. Used on one loop only.
 */
final class RateLimit {
  private final double perSecond;
  private final double burst;
  private final Map<String, TokenBucket> bucketByKey;

  RateLimit(double perSecond, double burst, int keysMax) {
    this.perSecond = perSecond;
    this.burst = burst;
    bucketByKey =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Serial private static final long serialVersionUID = 1;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, TokenBucket> eldest) {
            return size() > keysMax;
          }
        };
  }

  boolean take(String key, long nowMs) {
    return bucket(key, nowMs).take(nowMs);
  }

  long waitMs(String key, long nowMs) {
    return bucket(key, nowMs).waitMs(nowMs);
  }

  int keys() {
    return bucketByKey.size();
  }

  private TokenBucket bucket(String key, long nowMs) {
    return bucketByKey.computeIfAbsent(key, any -> new TokenBucket(perSecond, burst, nowMs));
  }
}
