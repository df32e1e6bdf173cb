package puente.admin;

import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Other nodes, which hear what they are told when the test says so. */
final class FakePeers implements AccessPeers {

  final List<JsonObject> told = new CopyOnWriteArrayList<>();
  private volatile @Nullable Consumer<JsonObject> hear;
  private volatile @Nullable Supplier<JsonObject> all;

  @Override
  public void tell(JsonObject news) {
    told.add(news);
  }

  @Override
  public void join(Consumer<JsonObject> hear, Supplier<JsonObject> all) {
    this.hear = hear;
    this.all = all;
  }

  /** As another node says it: through the same bytes. */
  void hear(JsonObject news) {
    Objects.requireNonNull(hear).accept(new JsonObject(news.toBuffer()));
  }

  JsonObject all() {
    return Objects.requireNonNull(all).get();
  }
}
