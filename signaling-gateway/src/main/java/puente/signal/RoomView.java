package puente.signal;

import java.util.List;

/** A room as people see it: who of this node is in it. */
public record RoomView(String name, List<Member> members) {

  /**
   * Somebody in it.
   *
   * @param connection 0 while it may come back
   * @param source the address that it came from; empty while it is away
   */
  public record Member(String id, long connection, String source) {
    Member from(String newSource) {
      return new Member(id, connection, newSource);
    }

    public boolean isConnected() {
      return connection != Session.NONE;
    }
  }
}
