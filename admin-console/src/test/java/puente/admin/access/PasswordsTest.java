package puente.admin.access;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordsTest {

  /** From the tests of the reference program: argon2id, t=2, m=2^16, p=1, "somesalt". */
  private static final String REFERENCE =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

  private final Passwords passwords = new Passwords(new SecureRandom());

  @Test
  void agreesWithTheReference() {
    assertTrue(passwords.matches(REFERENCE, "password"));
    assertFalse(passwords.matches(REFERENCE, "Password"));
    assertFalse(passwords.matches(REFERENCE, ""));
  }

  @Test
  void knowsItsOwn() {
    String hashed = passwords.hash("correct horse");
    assertTrue(hashed.startsWith("$argon2id$v=19$m=19456,t=2,p=1$"), hashed);
    assertTrue(passwords.matches(hashed, "correct horse"));
    assertFalse(passwords.matches(hashed, "correct horse "));
    assertNotEquals(hashed, passwords.hash("correct horse"));
  }

  @Test
  void oneLetterIsTheSameHoweverItIsTyped() {
    assertTrue(passwords.matches(passwords.hash("caf\u00e9 au lait"), "cafe\u0301 au lait"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "password",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8",
        "$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=8,t=99,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=8,t=1,p=9$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
      })
  void aBrokenHashOpensNothing(String hashed) {
    assertFalse(passwords.matches(hashed, "password"));
  }
}
