package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static puente.launcher.ClusterLab.until;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore;
import puente.turn.store.LocalStore;

@Tag("cluster")
@Tag("slow")
@Timeout(120)
class HazelcastClusterLeasesTest {
  private static final int QUOTA = 100;
  private static final int EACH = 100;

  private final ClusterLab lab = new ClusterLab();
  private final AtomicInteger last = new AtomicInteger();

  @AfterEach
  void stop() {
    lab.stop();
  }

  /** The quota is never exceeded, and what is idle somewhere is free again a little later. */
  @Test
  void threeNodesShareAQuota() {
    List<HazelcastCluster> nodes = lab.nodes(3, new LocalStore.Quotas(0, 0, 0, QUOTA));
    Queue<FiveTuple> granted = new ConcurrentLinkedQueue<>();
    AtomicInteger refused = new AtomicInteger();
    List<Thread> threads =
        nodes.stream()
            .map(node -> Thread.ofPlatform().start(() -> ask(node, granted, refused)))
            .toList();
    until(() -> granted.size() + refused.get() == 3 * EACH, 30);
    threads.forEach(ClusterLab::join);
    int first = granted.size();
    assertTrue(first <= QUOTA && first >= QUOTA - 2 * 3, "granted " + first);

    until(
        () -> {
          allocate(nodes.getFirst(), granted, refused);
          return granted.size() >= QUOTA;
        },
        20);
    int before = refused.get();
    allocate(nodes.get(1), granted, refused);
    until(() -> refused.get() > before, 10);
    assertEquals(QUOTA, granted.size());
  }

  private void ask(HazelcastCluster node, Queue<FiveTuple> granted, AtomicInteger refused) {
    for (int i = 0; i < EACH; i++) {
      allocate(node, granted, refused);
    }
  }

  private void allocate(HazelcastCluster node, Queue<FiveTuple> granted, AtomicInteger refused) {
    TransportAddress address = TransportAddress.ipv4(0x0a00_0000 + last.incrementAndGet(), 5000);
    FiveTuple client =
        new FiveTuple(Transport.UDP, address, TransportAddress.ipv4(1, 3478), 0, null);
    node.store()
        .ask(
            new AllocationStore.Reserve(client, "u", "r"),
            answer -> {
              if (answer instanceof AllocationStore.Granted) {
                granted.add(client);
              } else {
                refused.incrementAndGet();
              }
            });
  }
}
