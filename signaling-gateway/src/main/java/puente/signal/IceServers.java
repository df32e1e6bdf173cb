package puente.signal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * Makes lists of ICE servers with ephemeral credentials (draft-uberti-behave-turn-rest-00). The
 * name of such a credential carries its expiry, and its password is a MAC of the name.
 */
public final class IceServers {
  /** Each URL costs a client one allocation before its call can begin. */
  public static final int TURN_URLS_MAX = 4;

  /** RFC 8489 §14.3 leaves 508 bytes; quotas are counted by the user's part. */
  static final int USER_LENGTH_MAX = 120;

  /** A client asks for new ones when this share of the lifetime has passed. */
  private static final double REFRESH_AFTER = 0.75;

  /**
   * One TURN URL.
   *
   * @param transport {@code udp}, {@code tcp} or {@code tls}: what the client speaks
   */
  public record Turn(String transport, String url) {}

  /**
   * What the lists are made of now.
   *
   * @param secret shared with the TURN server; empty when there are no ephemeral credentials
   * @param separator between expiry and user
   * @param turn in the order of preference: udp, tcp, tls
   */
  public record Config(
      String secret,
      String separator,
      long ttlSeconds,
      long ttlSecondsMax,
      List<String> stun,
      List<Turn> turn) {
    public Config {
      stun = List.copyOf(stun);
      turn = List.copyOf(turn);
    }
  }

  /** One credential and where it is good. */
  public record Grant(
      String username,
      String credential,
      long ttlSeconds,
      Instant expires,
      List<String> stun,
      List<String> turn) {
    /** The value of {@code iceServers} in an RTCConfiguration. */
    public List<Map<String, Object>> iceServers() {
      List<Map<String, Object>> servers = new ArrayList<>();
      if (!stun.isEmpty()) {
        servers.add(Map.of("urls", stun));
      }
      if (!turn.isEmpty()) {
        Map<String, Object> relay = new LinkedHashMap<>();
        relay.put("urls", turn);
        relay.put("username", username);
        relay.put("credential", credential);
        servers.add(relay);
      }
      return servers;
    }

    /** Seconds after which to ask for the next one. */
    public long refreshAfter() {
      return (long) (ttlSeconds * REFRESH_AFTER);
    }

    /** Without the password. */
    @Override
    public String toString() {
      return "Grant[" + username + "]";
    }
  }

  private final Function<Family, Config> config;

  /**
   * @param config asked for each list, since secrets rotate and nodes come and go; given what the
   *     client reaches us by
   */
  public IceServers(Function<Family, Config> config) {
    this.config = config;
  }

  public long defaultTtl() {
    return config.apply(Family.IPV4).ttlSeconds;
  }

  public long maxTtl() {
    return config.apply(Family.IPV4).ttlSecondsMax;
  }

  /** Makes a credential for a user, good for the usual time. */
  public Grant grant(String user, Family family, Instant now) {
    return grant(user, defaultTtl(), Set.of(), family, now);
  }

  /**
   * Makes a credential.
   *
   * @param ttlSeconds asked for; never longer than the maximum
   * @param transports wanted; empty is all
   * @param family that the client comes by: it is good at that one for sure
   */
  public Grant grant(
      String user, long ttlSeconds, Set<String> transports, Family family, Instant now) {
    Config current = config.apply(family);
    long ttl = Math.clamp(ttlSeconds, 1, current.ttlSecondsMax);
    Instant expires = Instant.ofEpochSecond(now.getEpochSecond() + ttl);
    String username = expires.getEpochSecond() + (user.isEmpty() ? "" : current.separator + user);
    List<String> turn =
        current.turn.stream()
            .filter(one -> transports.isEmpty() || transports.contains(one.transport))
            .map(Turn::url)
            .filter(IceServers::isForBrowsers)
            .limit(TURN_URLS_MAX)
            .toList();
    if (current.secret.isEmpty()) {
      return new Grant("", "", ttl, expires, current.stun, List.of());
    }
    return new Grant(
        username, password(current.secret, username), ttl, expires, current.stun, turn);
  }

  /** The credential with that name once more; null if it is none of ours or has expired. */
  @Nullable Grant again(String username, Instant now) {
    Config current = config.apply(Family.IPV4);
    int end = username.indexOf(current.separator);
    String digits = end < 0 ? username : username.substring(0, end);
    if (!digits.matches("[0-9]{1,12}") || current.secret.isEmpty()) {
      return null;
    }
    long left = Long.parseLong(digits) - now.getEpochSecond();
    String user = end < 0 ? "" : username.substring(end + current.separator.length());
    return left < 1 || left > current.ttlSecondsMax
        ? null
        : grant(user, left, Set.of(), Family.IPV4, now);
  }

  /** A name of somebody, as far as it can be part of a username. */
  static String userOf(String name) {
    String clean = name.replaceAll("[^A-Za-z0-9._@+=~-]", "_");
    return clean.substring(0, Math.min(clean.length(), USER_LENGTH_MAX));
  }

  /** Browsers refuse port 53 outright (the Fetch standard's bad ports), with the whole list. */
  private static boolean isForBrowsers(String url) {
    return !url.matches(".*:53(\\?.*)?");
  }

  static String password(String secret, String username) {
    try {
      // SHA-1 is what every server of this scheme computes; HMAC does not need collision
      // resistance.
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("every Java platform has HmacSHA1", missing);
    }
  }
}
