package puente.admin;

import io.vertx.core.json.JsonObject;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The other nodes, as far as they must know who may come in. What is said has digests of passwords
 * and tokens in it: it belongs on links that nobody else can read.
 */
public interface AccessPeers {

  /** There are no others. */
  AccessPeers NONE =
      new AccessPeers() {
        @Override
        public void tell(JsonObject news) {
          // Nobody would hear it.
        }

        @Override
        public void join(Consumer<JsonObject> hear, Supplier<JsonObject> all) {
          // Nobody would ask.
        }
      };

  /** To all that live; on any thread. What gets lost is made good by {@code all} in time. */
  void tell(JsonObject news);

  /**
   * Called once.
   *
   * @param hear takes what another node says; on any thread
   * @param all what a node must know that has missed something; on any thread
   */
  void join(Consumer<JsonObject> hear, Supplier<JsonObject> all);
}
