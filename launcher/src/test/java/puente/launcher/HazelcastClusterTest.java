package puente.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.SECRET;
import static puente.launcher.ClusterLab.alive;
import static puente.launcher.ClusterLab.until;

import com.hazelcast.config.Config;
import com.hazelcast.instance.impl.DefaultNodeExtension;
import com.hazelcast.instance.impl.HazelcastInstanceFactory;
import com.hazelcast.instance.impl.Node;
import com.hazelcast.instance.impl.NodeExtension;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.turn.store.LocalStore;

/** Nodes on the addresses 127.0.0.x of one machine. */
@Tag("cluster")
@Tag("slow")
@Timeout(120)
class HazelcastClusterTest {
  private final ClusterLab lab = new ClusterLab();

  @AfterEach
  void stop() {
    lab.stop();
  }

  private HazelcastCluster node(int number, @Nullable String secret) {
    return lab.node(number, secret, LocalStore.Quotas.NONE);
  }

  @Test
  void nodesFindEachOtherAndTellWhatTheyAreUpTo() {
    HazelcastCluster first = node(1, SECRET);
    HazelcastCluster second = node(2, SECRET);
    until(() -> alive(first) == 2 && alive(second) == 2, 20);

    first.publish(NodeState.serving("n1").withPhase(NodeState.Phase.DRAINING));
    until(() -> second.nodes().getFirst().phase() == NodeState.Phase.DRAINING, 2);
  }

  @Test
  void aKilledNodeIsSeenAtOnceAndStaysListedAsDead() {
    HazelcastCluster first = node(1, SECRET);
    HazelcastCluster second = node(2, SECRET);
    until(() -> alive(first) == 2 && alive(second) == 2, 20);
    second.publish(NodeState.serving("n2").withLoad(new NodeState.Load(7, 100, 0, 0)));
    until(() -> first.nodes().getLast().load().allocations() == 7, 3);

    second.terminate();
    long killed = System.nanoTime();
    until(() -> alive(first) == 1, 3);
    long ms = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed);
    assertTrue(ms < 1500, "seen after " + ms + " ms");
    assertEquals(7, first.nodes().getLast().load().allocations());
  }

  @Test
  void whoDoesNotKnowTheSecretStaysOut() {
    HazelcastCluster first = node(1, SECRET);
    until(() -> first.isRunning(), 20);
    HazelcastCluster stranger = node(2, "another secret of a test");
    until(() -> stranger.isRunning() && first.refusedLinks() > 0, 20);
    long refused = first.refusedLinks();
    HazelcastCluster open = node(3, null);
    until(() -> first.refusedLinks() > refused, 20);
    HazelcastCluster friend = node(4, SECRET);
    until(() -> alive(first) == 2 && alive(friend) == 2, 20);

    assertEquals(List.of("n2"), stranger.nodes().stream().map(NodeState::id).toList());
    assertEquals(List.of("n3"), open.nodes().stream().map(NodeState::id).toList());
    assertEquals(List.of("n1", "n4"), first.nodes().stream().map(NodeState::id).toList());
  }

  /** Without the seal a member would answer these three letters with the same. */
  @Test
  void aCallerInClearIsToldNothing() throws IOException {
    HazelcastCluster first = node(1, SECRET);
    until(() -> first.isRunning(), 20);
    try (Socket caller = new Socket()) {
      caller.connect(new InetSocketAddress("127.0.0.1", lab.port()));
      caller.setSoTimeout(5000);
      byte[] protocol = new byte[LinkSeal.HELLO_BYTES];
      protocol[0] = 'H';
      protocol[1] = 'Z';
      protocol[2] = 'C';
      caller.getOutputStream().write(protocol);
      InputStream in = caller.getInputStream();
      byte[] answer = untilClosed(in);
      assertTrue(answer.length <= LinkSeal.HELLO_BYTES, "its hello and no more");
      assertTrue("PNT1".startsWith(new String(answer, 0, Math.min(4, answer.length), US_ASCII)));
    }
  }

  /**
   * The seal hangs on internals of Hazelcast: without them there must be no member, and no link.
   */
  @Test
  void aHazelcastThatForgetsTheSealIsNoMember() throws IOException {
    HazelcastClusterLink forgotten =
        new HazelcastClusterLink(SECRET) {
          @Override
          public NodeExtension createNodeExtension(Node node) {
            super.createNodeExtension(node);
            return new DefaultNodeExtension(node);
          }
        };
    Config config =
        HazelcastClusterConfig.of(
            new ClusterConfig(
                "n1",
                "test",
                InetAddress.ofLiteral("127.0.0.1"),
                lab.port(),
                List.of(),
                Optional.empty(),
                Optional.of(SECRET),
                Duration.ofSeconds(4),
                60));
    assertThrows(
        HazelcastClusterLink.InClear.class,
        () -> HazelcastInstanceFactory.newHazelcastInstance(config, "forgotten", forgotten));
    assertThrows(
        HazelcastClusterLink.InClear.class, () -> new HazelcastClusterLink(SECRET).check());
  }

  /** As by a headless service: the name's addresses are the nodes, and it may have none yet. */
  @Test
  void nodesFindEachOtherByAName() {
    HazelcastCluster first = lab.nodeByName(1, "nobody.invalid");
    until(first::isRunning, 40);
    HazelcastCluster second = lab.nodeByName(2, "localhost");
    until(() -> ClusterLab.alive(first) == 2 && ClusterLab.alive(second) == 2, 40);
  }

  private static byte[] untilClosed(InputStream in) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (IOException reset) {
      // Closed with what we had written unread: that is closed, too.
    }
    return all.toByteArray();
  }
}
