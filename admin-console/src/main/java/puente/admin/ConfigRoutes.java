package puente.admin;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;

/** Settings in force and certificates in use, of whichever node. For the control loop. */
final class ConfigRoutes {

  private final Cluster cluster;

  ConfigRoutes(OperationsRoutes operations, Cluster cluster) {
    this.cluster = cluster;
    cluster.answer("config", words -> operations.config());
    cluster.answer("certs", words -> operations.certs());
  }

  void addTo(ApiTable table) {
    table.get("config", call -> ofOne(call, "config"));
    table.get("certs", call -> ofOne(call, "certs"));
  }

  /** Of the node that is named, else of this one. */
  private Future<Answer> ofOne(Call call, String question) {
    call.allowParameters("node");
    String node = call.parameter("node").orElse("self");
    if (!cluster.isAlive(node)) {
      return Future.succeededFuture(Answer.problem(404, "There is no such node that lives."));
    }
    return cluster
        .one(node, question, new JsonObject())
        .map(said -> Answer.json(200, said))
        .recover(
            silent ->
                Future.succeededFuture(
                    Answer.problem(503, "The node does not answer now.").with("Retry-After", "1")));
  }
}
