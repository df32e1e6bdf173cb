package puente.turn.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;

/**
 * Quotas over several nodes. A quota is cut into leases: a node borrows a block, grants from it
 * without asking anybody, and gives back what lies idle. As no more is ever lent than the quota, the
 * nodes together never exceed it; a node may refuse early by what others hold idle, for about a
 * second. What cannot be reached cannot lend: until then a node lends its even part to itself.
 */
public final class LeasedStore implements AllocationStore {

  /** Who lends: the one table of all nodes. */
  public interface Lender {
    /** The lender cannot be reached. */
    int UNREACHABLE = -1;

    /**
     * Says that this node holds {@code held} of a scope, no more and no less, and asks for up to
     * {@code want} more. Saying it again changes nothing. Answers on any thread, even this one.
     */
    void settle(String scope, int held, int want, int limit, IntConsumer granted);

    /** Among how many nodes the quota is shared. */
    int nodes();
  }

  private static final int BLOCK_MAX = 64;
  private static final int WAITING_MAX = 10_000;

  private static final class Lease {
    final String name;
    final Scope scope;
    final String realm;
    final Queue<Waiting> waiting = new ArrayDeque<>();
    int used;
    int held;
    boolean asking;
    boolean touched = true;

    /** Of a credential's uses, which are not given back before this; 0 for what is. */
    long untilMs;

    /** Of its user alone; 0 is the one that all have. */
    int quota;

    Lease(String name, Scope scope, String realm) {
      this.name = name;
      this.scope = scope;
      this.realm = realm;
    }
  }

  private record Waiting(Reserve question, Consumer<Answer> answer, List<Lease> leases) {}

  private final LocalStore local;
  private final Lender lender;
  private final Map<String, Lease> leaseByName = new HashMap<>();

  /** The latest time that a credential of limited use has told. */
  private long latestMs;

  private final Map<FiveTuple, List<Lease>> leasesByClient = new HashMap<>();

  public LeasedStore(LocalStore local, Lender lender) {
    this.local = local;
    this.lender = lender;
  }

  @Override
  public void ask(Question question, Consumer<Answer> answer) {
    switch (question) {
      case Reserve reserve -> reserve(reserve, answer);
      case Readmit readmit -> readmit(readmit, answer);
      case Claim claim -> local.ask(claim, answer);
    }
  }

  private void reserve(Reserve question, Consumer<Answer> answer) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      giveUp(question.client(), false, actions);
      List<Lease> leases =
          leases(
              question.user(),
              question.realm(),
              question.client(),
              question.quota(),
              question.uses());
      proceed(new Waiting(question, answer, leases), actions);
    }
    actions.forEach(Runnable::run);
  }

  /** It counts whether there is room or not: it was granted once. */
  private void readmit(Readmit question, Consumer<Answer> answer) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      giveUp(question.client(), false, actions);
      List<Lease> leases =
          leases(question.user(), question.realm(), question.client(), question.quota(), null);
      for (Lease lease : leases) {
        lease.used++;
        if (lease.used > lease.held) {
          lease.held = lease.used;
          settle(lease, 0, actions);
        }
      }
      leasesByClient.put(question.client(), leases);
    }
    actions.forEach(Runnable::run);
    local.ask(question, answer);
  }

  @Override
  public void move(FiveTuple from, FiveTuple to) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      List<Lease> leases = leasesByClient.remove(from);
      if (leases != null) {
        giveUp(to, false, actions);
        leasesByClient.put(to, leases);
      }
    }
    local.move(from, to);
    actions.forEach(Runnable::run);
  }

  @Override
  public void release(FiveTuple client) {
    release(client, false);
  }

  private void release(FiveTuple client, boolean isRefused) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      giveUp(client, isRefused, actions);
    }
    local.release(client);
    actions.forEach(Runnable::run);
  }

  /** Gives back what nobody has touched since the last call; once a second. */
  public void tick() {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      for (Lease lease : List.copyOf(leaseByName.values())) {
        if (lease.untilMs > 0 && latestMs >= lease.untilMs) {
          lease.used = 0;
        }
        if (!lease.touched && !lease.asking && lease.held > lease.used) {
          lease.held = lease.used;
          settle(lease, 0, actions);
        }
        lease.touched = false;
        forgetIfEmpty(lease);
      }
    }
    actions.forEach(Runnable::run);
  }

  /** Says all that this node holds: what the lender knew may be lost, or another's. */
  public void declare() {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      leaseByName.values().forEach(lease -> settle(lease, 0, actions));
    }
    actions.forEach(Runnable::run);
  }

  private List<Lease> leases(
      String user, String realm, FiveTuple client, int quota, @Nullable Uses uses) {
    LocalStore.Quotas quotas = local.quotas(realm);
    List<Lease> leases = new ArrayList<>(4);
    if ((quota > 0 || quotas.perUser() > 0) && !user.isEmpty()) {
      Lease lease = lease("user " + realm + ' ' + user, Scope.USER, realm);
      lease.quota = quota;
      leases.add(lease);
    }
    if (uses != null) {
      Lease lease = lease("uses " + realm + ' ' + uses.name(), Scope.USER, realm);
      lease.quota = uses.max();
      lease.untilMs = uses.untilMs();
      latestMs = Math.max(latestMs, uses.nowMs());
      leases.add(lease);
    }
    if (quotas.perSource() > 0) {
      leases.add(lease("source " + LocalStore.sourceOf(client.client()).ip(), Scope.IP, realm));
    }
    if (quotas.perRealm() > 0) {
      leases.add(lease("realm " + realm, Scope.REALM, realm));
    }
    if (quotas.total() > 0) {
      leases.add(lease("total", Scope.GLOBAL, realm));
    }
    return leases;
  }

  private Lease lease(String name, Scope scope, String realm) {
    return leaseByName.computeIfAbsent(name, unused -> new Lease(name, scope, realm));
  }

  private int limit(Lease lease) {
    LocalStore.Quotas quotas = local.quotas(lease.realm);
    return switch (lease.scope) {
      case USER -> lease.quota > 0 ? lease.quota : quotas.perUser();
      case REALM -> quotas.perRealm();
      case GLOBAL -> quotas.total();
      case IP -> quotas.perSource();
    };
  }

  /** What a node lends to itself while the lender cannot be reached; of the least quota one. */
  private int evenPart(Lease lease) {
    return Math.ceilDiv(limit(lease), Math.max(1, lender.nodes()));
  }

  /** How much a node borrows beyond what it needs now; 1 where the quota is small. */
  private int block(Lease lease) {
    return Math.clamp(limit(lease) / (8 * Math.max(1, lender.nodes())), 1, BLOCK_MAX);
  }

  private void proceed(Waiting request, List<Runnable> actions) {
    for (Lease lease : request.leases) {
      lease.touched = true;
      if (lease.used >= lease.held) {
        if (lease.waiting.size() >= WAITING_MAX) {
          refuse(request, lease, actions);
          return;
        }
        lease.waiting.add(request);
        if (!lease.asking) {
          settle(lease, lease.waiting.size() + block(lease) - 1, actions);
        }
        return;
      }
    }
    request.leases.forEach(lease -> lease.used++);
    leasesByClient.put(request.question.client(), request.leases);
    actions.add(() -> local.ask(request.question, answer -> answered(answer, request.answer)));
  }

  /** What this node counts by itself may still say no, as when a quota has just become less. */
  private void answered(Answer answer, Consumer<Answer> asker) {
    if (answer instanceof Refused) {
      release(answer.client(), true);
    }
    asker.accept(answer);
  }

  private static void refuse(Waiting request, Lease lease, List<Runnable> actions) {
    Answer no = new Refused(request.question.client(), lease.scope);
    actions.add(() -> request.answer.accept(no));
  }

  private void settle(Lease lease, int want, List<Runnable> actions) {
    if (lease.asking) {
      return;
    }
    lease.asking = true;
    int held = lease.held;
    int limit = limit(lease);
    actions.add(
        () ->
            lender.settle(lease.name, held, want, limit, more -> settled(lease, held, want, more)));
  }

  private void settled(Lease lease, int held, int want, int answer) {
    List<Runnable> actions = new ArrayList<>();
    synchronized (this) {
      int alone = Math.clamp(evenPart(lease) - held, 0, want);
      int granted = answer == Lender.UNREACHABLE ? alone : answer;
      lease.asking = false;
      lease.held += granted;
      boolean outgrown = lease.held - granted != held;
      List<Waiting> waiting = List.copyOf(lease.waiting);
      lease.waiting.clear();
      for (Waiting request : waiting) {
        if (lease.used >= lease.held && want > 0 && granted == 0) {
          refuse(request, lease, actions);
        } else {
          proceed(request, actions);
        }
      }
      if (outgrown) {
        settle(lease, 0, actions);
      }
      forgetIfEmpty(lease);
    }
    actions.forEach(Runnable::run);
  }

  /**
   * @param isRefused it never came to be, so that nothing was used
   */
  private void giveUp(FiveTuple client, boolean isRefused, List<Runnable> actions) {
    List<Lease> leases = leasesByClient.remove(client);
    if (leases == null) {
      return;
    }
    for (Lease lease : leases) {
      if (lease.untilMs > 0 && (!isRefused || lease.used == 0)) {
        continue;
      }
      lease.used--;
      lease.touched = true;
      int idleMax = block(lease) - 1;
      if (!lease.asking && lease.held - lease.used > idleMax) {
        lease.held = lease.used + idleMax;
        settle(lease, 0, actions);
      }
    }
  }

  private void forgetIfEmpty(Lease lease) {
    if (lease.used == 0 && lease.held == 0 && !lease.asking && lease.waiting.isEmpty()) {
      leaseByName.remove(lease.name);
    }
  }
}
