package puente.users;

/**
 * One entry of a table.
 *
 * @param realm empty for every realm
 * @param name of a user, option, origin, key or administrator; empty where there is none
 * @param value what it is; may be a secret
 */
public record Row(String realm, String name, String value) {

  /** Without the value. */
  @Override
  public String toString() {
    return "Row[" + realm + ", " + name + "]";
  }
}
