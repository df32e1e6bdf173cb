package puente.launcher;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An ephemeral credential as draft-uberti-behave-turn-rest-00 §2.2 makes it: the name carries its
 * own expiry, the password is {@code base64(HMAC-SHA1(secret, name))}.
 */
record Credential(String username, String password, Instant expires) {
  static Credential create(String secret, String user, Instant expires, String separator) {
    String username = expires.getEpochSecond() + (user.isEmpty() ? "" : separator + user);
    return new Credential(username, password(secret, username), expires);
  }

  private static String password(String secret, String username) {
    try {
      // SHA-1 is what every client of this scheme computes; HMAC does not need collision
      // resistance.
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] digest = mac.doFinal(username.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA1", e);
    }
  }

  /** The value of {@code iceServers} in an RTCConfiguration. */
  List<Map<String, Object>> iceServers(List<String> stunUrls, List<String> turnUrls) {
    Map<String, Object> turn = new LinkedHashMap<>();
    turn.put("urls", turnUrls);
    turn.put("username", username);
    turn.put("credential", password);
    return stunUrls.isEmpty() ? List.of(turn) : List.of(Map.of("urls", stunUrls), turn);
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "Credential[" + username + "]";
  }
}
