package puente.turn.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore.Answer;
import puente.turn.store.AllocationStore.Granted;
import puente.turn.store.AllocationStore.Refused;
import puente.turn.store.AllocationStore.Reserve;

/** Quotas over all shards of a node: exact, whatever order the shards ask in. */
class LocalStoreTest {

  private static final int SHARDS = 4;
  private static final int ROUNDS = 50_000;

  @Test
  void scopesAreToldApart() {
    LocalStore store = new LocalStore(new LocalStore.Quotas(1, 2, 0, 3));
    assertInstanceOf(Granted.class, ask(store, client(1), "ana"));
    assertEquals(AllocationStore.Scope.USER, refusal(ask(store, client(2), "ana")).scope());
    assertInstanceOf(Granted.class, ask(store, client(2), "eva"));
    Refused byRealm = refusal(ask(store, client(3), "leo"));
    assertEquals(AllocationStore.Scope.REALM, byRealm.scope());
    assertEquals(ErrorCode.ALLOCATION_QUOTA_REACHED, byRealm.error());
    store.quotas(new LocalStore.Quotas(0, 0, 0, 2));
    Refused byTotal = refusal(ask(store, client(3), "leo"));
    assertEquals(ErrorCode.INSUFFICIENT_CAPACITY, byTotal.error());
  }

  /** RFC 8656 §7.2: quotas are by user; nobody's allocations (no-auth) are nobody's quota. */
  @Test
  void nobodyHasNoUserQuota() {
    LocalStore store = new LocalStore(new LocalStore.Quotas(1, 0, 0, 0));
    assertInstanceOf(Granted.class, ask(store, client(1), ""));
    assertInstanceOf(Granted.class, ask(store, client(2), ""));
  }

  /** Asking again or releasing twice counts once. */
  @Test
  void grantsAreIdempotent() {
    LocalStore store = new LocalStore(new LocalStore.Quotas(1, 0, 0, 0));
    assertInstanceOf(Granted.class, ask(store, client(1), "ana"));
    assertInstanceOf(Granted.class, ask(store, client(1), "ana"));
    store.release(client(1));
    store.release(client(1));
    assertEquals(0, store.countOf("r", "ana"));
    assertEquals(0, store.size());
  }

  /** An IPv6 host has a /64 to itself. */
  @Test
  void ipv6SourcesAreNetworks() {
    LocalStore store = new LocalStore(new LocalStore.Quotas(0, 0, 1, 0));
    assertInstanceOf(Granted.class, ask(store, client6(1, 1), "a"));
    assertInstanceOf(Refused.class, ask(store, client6(1, 2), "b"));
    assertInstanceOf(Granted.class, ask(store, client6(2, 1), "c"));
  }

  /** Sources are not counted without a quota; with one, all that are there count. */
  @Test
  void aQuotaPerSourceMayComeLater() {
    LocalStore store = new LocalStore(LocalStore.Quotas.NONE);
    assertInstanceOf(Granted.class, ask(store, client(1), "a"));
    assertInstanceOf(Granted.class, ask(store, client(2), "b"));
    store.quotas(new LocalStore.Quotas(0, 0, 1, 0));
    assertEquals(AllocationStore.Scope.IP, refusal(ask(store, client(1, 2), "c")).scope());
    store.release(client(1));
    assertInstanceOf(Granted.class, ask(store, client(1, 2), "c"));

    store.quotas(LocalStore.Quotas.NONE);
    store.release(client(2));
    assertInstanceOf(Granted.class, ask(store, client(1, 3), "c"));
    store.quotas(new LocalStore.Quotas(0, 0, 2, 0));
    assertEquals(AllocationStore.Scope.IP, refusal(ask(store, client(1, 4), "c")).scope());
    assertInstanceOf(Granted.class, ask(store, client(2), "b"));
  }

  /** A client that has moved (RFC 8016) counts where it is. */
  @Test
  void aMovedClientCountsAtItsNewSource() {
    LocalStore store = new LocalStore(new LocalStore.Quotas(0, 0, 1, 0));
    assertInstanceOf(Granted.class, ask(store, client(1), "a"));
    store.move(client(1), client(2));
    assertEquals(AllocationStore.Scope.IP, refusal(ask(store, client(2, 2), "a")).scope());
    assertInstanceOf(Granted.class, ask(store, client(1), "a"));
    store.release(client(2));
    assertInstanceOf(Granted.class, ask(store, client(2, 2), "a"));
  }

  /** Shards that reserve and release at the same time never go over a quota, and end at none. */
  @Test
  void concurrentShardsNeverGoOver() throws Exception {
    LocalStore store = new LocalStore(new LocalStore.Quotas(5, 0, 0, 12));
    AtomicInteger alive = new AtomicInteger();
    AtomicInteger aliveOfAna = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> shards = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      int id = shard;
      shards.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      churn(store, id, alive, aliveOfAna);
                    } catch (Throwable thrown) {
                      failure.set(thrown);
                    }
                  }));
    }
    for (Thread shard : shards) {
      shard.join();
    }
    assertEquals(null, failure.get());
    assertEquals(0, store.size());
    assertEquals(0, store.countOf("r", "ana"));
  }

  private static void churn(
      LocalStore store, int shard, AtomicInteger alive, AtomicInteger aliveOfAna) {
    Random random = new Random(shard);
    record Held(FiveTuple client, boolean ana) {}
    Deque<Held> held = new ArrayDeque<>();
    for (int i = 0; i < ROUNDS; i++) {
      if (random.nextBoolean()) {
        FiveTuple client = client(shard * ROUNDS + i);
        boolean ana = random.nextBoolean();
        if (ask(store, client, ana ? "ana" : "u" + i) instanceof Granted) {
          check(alive.incrementAndGet() <= 12);
          check(!ana || aliveOfAna.incrementAndGet() <= 5);
          held.add(new Held(client, ana));
        }
      } else if (!held.isEmpty()) {
        Held one = held.remove();
        alive.decrementAndGet();
        if (one.ana) {
          aliveOfAna.decrementAndGet();
        }
        store.release(one.client);
      }
    }
    held.forEach(
        one -> {
          alive.decrementAndGet();
          aliveOfAna.addAndGet(one.ana ? -1 : 0);
          store.release(one.client);
        });
  }

  private static void check(boolean holds) {
    if (!holds) {
      throw new AssertionError("over the quota");
    }
  }

  private static Answer ask(LocalStore store, FiveTuple client, String user) {
    Answer[] answer = new Answer[1];
    store.ask(new Reserve(client, user, "r"), given -> answer[0] = given);
    return answer[0];
  }

  private static Refused refusal(Answer answer) {
    return assertInstanceOf(Refused.class, answer);
  }

  private static FiveTuple client(int n) {
    return tuple(TransportAddress.ipv4(0xc000_0200 + n, 1));
  }

  private static FiveTuple client(int n, int port) {
    return tuple(TransportAddress.ipv4(0xc000_0200 + n, port));
  }

  private static FiveTuple client6(long network, long host) {
    return tuple(TransportAddress.ipv6(0x2001_0db8_0000_0000L | network, host, 1));
  }

  private static FiveTuple tuple(TransportAddress client) {
    TransportAddress server = TransportAddress.ipv4(1, 3478);
    return new FiveTuple(Transport.UDP, client, server, 0, null);
  }
}
