package puente.peer;

import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.util.Collections;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/** One attempt at a way to one other peer, and once both sides have connected, datagrams on it. */
interface Path extends AutoCloseable {
  /** What the other side needs to know of this one. */
  JsonObject description();

  /** Whether the other side's addresses are of a family that this one has. */
  default boolean canReach(JsonObject remote) {
    return !Collections.disjoint(families(), Routes.families(remote));
  }

  /** Of its addresses. */
  Set<Family> families();

  /** Tries what the other side described until something works. */
  void connect(JsonObject remote, long patienceMs) throws IOException, InterruptedException;

  /** Null if nothing came within this time. */
  byte @Nullable [] receive(int waitMs) throws IOException;

  void send(byte[] bytes, int offset, int length) throws IOException;

  /** In words, such as "direct UDP". */
  String kind();

  @Override
  void close();
}
