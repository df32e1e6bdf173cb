package puente.users;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** A database of coturn's schema. Every call may wait; none of them is for an event loop. */
public interface UserDatabase extends AutoCloseable {

  /** More than any table should hold but that of users. */
  int ROWS_MAX = 100_000;

  /** What it is and where, for people; without a password. */
  String place();

  /** The key of a user, in hexadecimal digits, as it stands there. */
  Optional<String> key(String realm, String name) throws DatabaseFailure;

  /**
   * All entries of a table, in order; none where an older coturn did not have it.
   *
   * @throws DatabaseFailure if there are more than {@link #ROWS_MAX}, too
   */
  List<Row> rows(Table table) throws DatabaseFailure;

  /** Puts an entry in, or in place of the one of the same key. */
  void put(Table table, Row row) throws DatabaseFailure;

  /** Takes out the entry of this key; answers whether it was there. */
  boolean remove(Table table, Row row) throws DatabaseFailure;

  /**
   * Another number when something in it has changed, users too; empty where that would cost much.
   */
  default OptionalLong version() {
    return OptionalLong.empty();
  }

  @Override
  void close();
}
