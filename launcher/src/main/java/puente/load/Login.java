package puente.load;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import puente.stun.IntegrityKey;
import puente.stun.PasswordAlgorithm;

/**
 * As whom clients ask: one user, or users made of a shared secret ({@code use-auth-secret}).
 *
 * @param name of the user, or what stands behind the expiry
 * @param secret the user's password, or the shared secret
 * @param users so many different ones are made of a shared secret; 0 is one user with a password
 * @param expiry of made users, in epoch seconds
 */
public record Login(String name, String secret, int users, long expiry) {

  public static Login user(String name, String password) {
    return new Login(name, password, 0, 0);
  }

  public static Login shared(String secret, int users, long expiry) {
    return new Login("load", secret, users, expiry);
  }

  String userOf(int client) {
    return users == 0 ? name : expiry + ":" + name + client % users;
  }

  /** RFC 8489 §9.2.2. */
  IntegrityKey keyOf(int client, String realm) {
    String user = userOf(client);
    String password = users == 0 ? secret : sign(user);
    return IntegrityKey.longTerm(PasswordAlgorithm.MD5, user, realm, password);
  }

  private String sign(String user) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
      byte[] signed = mac.doFinal(user.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(signed);
    } catch (NoSuchAlgorithmException | InvalidKeyException impossible) {
      throw new IllegalStateException("every Java has HmacSHA1", impossible);
    }
  }

  @Override
  public String toString() {
    return "Login[" + name + "]";
  }
}
