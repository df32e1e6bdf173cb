package puente.users;

import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import puente.stun.IntegrityKey;
import puente.turn.store.Accounts;

/** Looks users up in {@code turnusers_lt}. */
public final class DatabaseLookup implements Lookup {

  /** MD5 of name, realm and password, as coturn keeps it. */
  private static final int MD5_DIGITS = 32;

  private static final int SHA256_DIGITS = 64;

  private final UserDatabase database;

  public DatabaseLookup(UserDatabase database) {
    this.database = database;
  }

  @Override
  public String place() {
    return database.place();
  }

  @Override
  public Found find(Accounts.Question question) throws DatabaseFailure {
    Optional<String> key = database.key(question.realm(), question.name());
    return Found.of(key.map(DatabaseLookup::answer).orElse(Accounts.Failed.UNKNOWN));
  }

  /**
   * The key by MD5, that by SHA-256, or both, the former first: coturn reads no more than the first
   * 32 digits. What is none of these is nobody's key.
   */
  private static Accounts.Answer answer(String digits) {
    return switch (digits.length()) {
      case MD5_DIGITS -> known(digits, null);
      case SHA256_DIGITS -> known(null, digits);
      case MD5_DIGITS + SHA256_DIGITS ->
          known(digits.substring(0, MD5_DIGITS), digits.substring(MD5_DIGITS));
      default -> Accounts.Failed.UNKNOWN;
    };
  }

  private static Accounts.Answer known(@Nullable String md5, @Nullable String sha256) {
    try {
      return new Accounts.Known(key(md5), key(sha256), Accounts.Terms.NONE);
    } catch (IllegalArgumentException notHexadecimal) {
      return Accounts.Failed.UNKNOWN;
    }
  }

  private static @Nullable IntegrityKey key(@Nullable String digits) {
    return digits == null ? null : IntegrityKey.of(HexFormat.of().parseHex(digits));
  }
}
