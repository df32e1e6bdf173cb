package puente.admin;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The nodes one and two of a cluster, each with a memory of its own. */
final class TwoServers implements AfterEachCallback {
  final RunningServer one = RunningServer.named("one", null, RunningServer.TOKEN);
  final RunningServer two = RunningServer.named("two", null, RunningServer.TOKEN);

  TwoServers() {
    one.node.live.join(two.node.live);
    two.node.live.join(one.node.live);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    one.close();
    two.close();
  }
}
