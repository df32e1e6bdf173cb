package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CredentialTest {
  private final Credential credential =
      Credential.create("north", "ana", Instant.ofEpochSecond(1_433_895_918), ":");

  /** The password was computed by openssl dgst -sha1 -hmac. */
  @Test
  void agreesWithOpenssl() {
    assertEquals("1433895918:ana", credential.username());
    assertEquals("UEvMTxR/7RpRQbjI1FG7VnVqzWs=", credential.password());
  }

  /** All computed by openssl; a user may hold a colon, as those of Matrix do. */
  @ParameterizedTest
  @CsvSource({
    "north, 1433895918, gorst, Jkoq/bR7DWfoH9c0tHZx2FEf1SM=",
    "puente-secret, 1767225600, alice, rbC498g5lITyT2gwOmoN5lmvxOc=",
    "north, 1443779631, @user:example.com, lamN4QwbavBEEp/krb3yR5mgsEg="
  })
  void agreesWithOthers(String secret, long expiry, String user, String password) {
    Credential made = Credential.create(secret, user, Instant.ofEpochSecond(expiry), ":");
    assertEquals(password, made.password());
  }

  @Test
  void iceServers() {
    assertEquals(
        "[{\"urls\":[\"stun:h:1\"]},{\"urls\":[\"turn:h:1\"],\"username\":\"1433895918:ana\","
            + "\"credential\":\"UEvMTxR/7RpRQbjI1FG7VnVqzWs=\"}]",
        Json.line(credential.iceServers(List.of("stun:h:1"), List.of("turn:h:1"))));
  }

  @Test
  void doesNotShowItsPassword() {
    assertFalse(credential.toString().contains("UEvM"));
  }
}
