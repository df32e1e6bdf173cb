package puente.turn.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.stun.AddressRange;
import puente.stun.BindingConfig;
import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counters;
import puente.turn.NoEffects;
import puente.turn.Relay;
import puente.turn.RelayAddress;
import puente.turn.Restored;
import puente.turn.TurnConfig;
import puente.turn.TurnServer;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.Snapshot;
import puente.turn.store.Snapshot.BirthState;
import puente.turn.store.Snapshot.LoginState;
import puente.turn.store.Snapshot.RelayState;

/** Lists of 50,000 sessions on one shard: every page in its time, and no step that packets feel. */
@Timeout(120)
class ManySessionsTest {

  private static final int SESSIONS = 50_000;
  private static final long NOW = 1_800_000_000_000L;

  /** Processor time: what neighbours on the machine take is not counted. */
  private static final long P95_MS = 150;

  private static final long STEP_MS = 10;
  private static final TransportAddress SERVER = TransportAddress.ipv4(0xc6336401, 3478);

  private final World world = new World();
  private final TurnServer server =
      new TurnServer(
          TurnConfig.builder()
              .noAuth()
              .relayAddresses(
                  new RelayAddress(TransportAddress.ipv4(0x0a000001, 0)),
                  new RelayAddress(TransportAddress.ipv4(0x0a000002, 0)))
              .ports(1024, 65_535)
              .build(),
          packet -> tuple(0),
          new BindingServer(BindingConfig.PLAIN),
          new Counters(),
          new Random(1),
          0,
          1);

  private static FiveTuple tuple(int i) {
    TransportAddress client = TransportAddress.ipv4(0xc0000000 | i >>> 4, 1024 + (i & 15));
    return new FiveTuple(Transport.UDP, client, SERVER, 0, null);
  }

  private void fill() {
    for (int i = 0; i < SESSIONS; i++) {
      FiveTuple client = tuple(i);
      TransportAddress relay = TransportAddress.ipv4(0x0a000001 + i % 2, 1024 + i / 2);
      Snapshot snapshot =
          new Snapshot(
              AllocationKey.of(client),
              "node",
              NOW,
              1,
              new LoginState("", "", "realm", "NONE", false, false, Long.MAX_VALUE),
              new BirthState(NOW - i % 5000, i, i, 600, null, null, null),
              List.of(new RelayState(relay, relay, NOW + 600_000)),
              List.of(),
              List.of());
      assertEquals(Restored.YES, server.restore(snapshot, client, NOW, world));
      world.answer(server);
    }
  }

  @Test
  void listsInTimeAndInSteps() {
    fill();
    SessionFilter some = SessionFilter.ANY.withClient(AddressRange.parse("192.0.0.0/24"));
    SessionOrder newest = new SessionOrder(SessionOrder.By.CREATED, true);
    List<Sessions.Query> queries =
        List.of(
            new Sessions.Query(SessionFilter.ANY, SessionOrder.OLDEST, null, 100),
            new Sessions.Query(SessionFilter.ANY, newest, null, 1000),
            new Sessions.Query(
                SessionFilter.ANY, new SessionOrder(SessionOrder.By.RATE, true), null, 100),
            new Sessions.Query(some, SessionOrder.OLDEST, null, 100));
    long[] nanos = new long[100];
    long longestStep = 0;
    for (int i = -20; i < nanos.length; i++) {
      long since = cpu();
      SessionLook look = new SessionLook(server, queries.get(Math.floorMod(i, 4)), NOW);
      boolean done = false;
      while (!done) {
        long stepSince = cpu();
        done = look.step();
        longestStep = i < 0 ? 0 : Math.max(longestStep, cpu() - stepSince);
      }
      Sessions.Page page = look.page();
      assertEquals(SESSIONS, page.total());
      assertTrue(!page.sessions().isEmpty());
      if (i >= 0) {
        nanos[i] = cpu() - since;
      }
    }
    Arrays.sort(nanos);
    long p95 = nanos[94] / 1_000_000;
    System.out.printf(
        "50,000 sessions: p50 %.1f ms, p95 %.1f ms, longest step %.2f ms%n",
        nanos[50] / 1e6, nanos[94] / 1e6, longestStep / 1e6);
    assertTrue(p95 < P95_MS, p95 + " ms");
    assertTrue(longestStep / 1_000_000 < STEP_MS, longestStep / 1_000_000 + " ms");
  }

  private static long cpu() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  /** All of them in pages of a thousand, each once, however many were made in one millisecond. */
  @Test
  void pagesHaveEachSessionOnce() {
    fill();
    Set<SessionKey> seen = new HashSet<>();
    SessionOrder.Place after = null;
    List<Session> page = new ArrayList<>();
    do {
      Sessions.Query query =
          new Sessions.Query(SessionFilter.ANY, SessionOrder.OLDEST, after, 1000);
      SessionLook look = new SessionLook(server, query, NOW);
      while (!look.step()) {
        // The next part.
      }
      page = look.page().sessions();
      page.forEach(session -> assertTrue(seen.add(session.key())));
      after = page.isEmpty() ? null : page.getLast().place();
    } while (!page.isEmpty());
    assertEquals(SESSIONS, seen.size());
  }

  /** Opens every relay at once, and grants everything. */
  private static final class World extends NoEffects {
    private final Queue<Relay> bound = new ArrayDeque<>();
    private final Queue<FiveTuple> granted = new ArrayDeque<>();

    void answer(TurnServer server) {
      while (!bound.isEmpty()) {
        server.onBound(bound.remove(), NOW, this);
      }
      while (!granted.isEmpty()) {
        server.onAnswer(new AllocationStore.Granted(granted.remove()), NOW, this);
      }
    }

    @Override
    public void bind(Relay relay) {
      bound.add(relay);
    }

    @Override
    public void ask(AllocationStore.Question question) {
      if (question instanceof AllocationStore.Readmit readmit) {
        granted.add(readmit.client());
      }
    }
  }
}
