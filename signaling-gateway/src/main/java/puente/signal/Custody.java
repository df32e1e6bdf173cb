package puente.signal;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Sessions outlive their nodes. Each session is written behind to one other node, its keeper, which
 * adopts it when its node dies; and a session goes to the node where its client comes back.
 */
final class Custody {
  /** How long a client that came back waits for its session: a frozen node is noticed in 5 s. */
  private static final long FETCH_MS = 8_000;

  /** In which a node that just died, or a client that was quicker than the news, is found out. */
  private static final long UNKNOWN_MS = 1_000;

  /** Another node's session as it was told. */
  private static final class Kept {
    final String node;
    SessionState state;
    long sinceMs;
    long lastSeq;
    int bytes;
    final Deque<Word.Kept> messages = new ArrayDeque<>();
    final Map<String, Word.Answer> answerById = new LinkedHashMap<>();
    final Set<Long> heard = new LinkedHashSet<>();

    Kept(String node, SessionState state) {
      this.node = node;
      this.state = state;
    }

    void add(Word.Traffic traffic, RoomLimits limits) {
      lastSeq = traffic.lastSeq();
      for (Word.Kept one : traffic.messages()) {
        messages.add(one);
        bytes += one.text().length();
      }
      while (messages.size() > limits.replayMessages() || bytes > limits.replayBytes()) {
        bytes -= messages.remove().text().length();
      }
      for (Word.Answer answer : traffic.answers()) {
        answerById.put(answer.id(), answer);
      }
      heard.addAll(traffic.heard());
      shorten(answerById.keySet(), limits.replayMessages());
      shorten(heard, limits.replayMessages());
    }

    private static void shorten(Set<?> set, int max) {
      for (var first = set.iterator(); set.size() > max; ) {
        first.next();
        first.remove();
      }
    }

    SessionState left(long now) {
      long grantMs = state.grantMs();
      long left = grantMs == Long.MAX_VALUE ? grantMs : Math.max(0, grantMs - (now - sinceMs));
      List<Word.Answer> answers = List.copyOf(answerById.values());
      Word.Traffic all =
          new Word.Traffic(lastSeq, List.copyOf(messages), answers, List.copyOf(heard));
      return state.left(left, all);
    }
  }

  private static final class Fetch {
    final Signal.Resume resume;
    final @Nullable String subject;
    final long sinceMs;
    @Nullable String asked;

    Fetch(Signal.Resume resume, @Nullable String subject, long sinceMs) {
      this.resume = resume;
      this.subject = subject;
      this.sinceMs = sinceMs;
    }
  }

  private final Fleet fleet;
  private final RoomLimits limits;
  private final Rooms.Effects out;
  private final Map<String, Kept> keptBySid = new HashMap<>();
  private final Map<String, Fetch> fetchBySid = new TreeMap<>();

  /** What the keepers are not told yet: sessions whose shape is other, or that only heard more. */
  private final Set<Session> altered = new LinkedHashSet<>();

  private final Set<Session> changed = new LinkedHashSet<>();
  private @Nullable Rooms rooms;

  Custody(Fleet fleet, RoomLimits limits, Rooms.Effects out) {
    this.fleet = fleet;
    this.limits = limits;
    this.out = out;
  }

  void attach(Rooms to) {
    rooms = to;
  }

  private Rooms rooms() {
    if (rooms == null) {
      throw new IllegalStateException("attach comes first");
    }
    return rooms;
  }

  // Sessions of this node

  void present(Session session) {
    Fact.Present fact = new Fact.Present(session.peerId, session.sid, session.isConnected());
    fleet.directory.takeHomeless(fact.key());
    keptBySid.remove(session.sid);
    fleet.put(fact);
    altered(session);
  }

  void altered(Session session) {
    if (!fleet.others().isEmpty()) {
      altered.add(session);
    }
  }

  void changed(Session session) {
    if (!fleet.others().isEmpty()) {
      changed.add(session);
    }
  }

  void ended(Session session, Signal.@Nullable Reason reason) {
    fleet.remove(new Fact.Key(Fact.Kind.PRESENT, session.peerId, session.sid), reason);
    altered.remove(session);
    changed.remove(session);
    if (session.keeper != null) {
      fleet.say(session.keeper, new Word.Unkeep(session.sid));
    }
  }

  /** Writes behind: what is lost with a node is what came to it since the last time. */
  private void tellKeepers(long now) {
    changed.removeAll(altered);
    for (Session session : altered) {
      String keeper = keeper(session.sid);
      boolean isSame = keeper != null && keeper.equals(session.keeper) && !session.isRenumbered;
      if (session.keeper != null && !session.keeper.equals(keeper)) {
        fleet.say(session.keeper, new Word.Unkeep(session.sid));
      }
      session.keeper = keeper;
      if (keeper != null) {
        SessionState state = session.state(now);
        Word.Traffic news = session.traffic();
        fleet.say(keeper, new Word.Keep(isSame ? state.with(news) : state, !isSame));
      }
    }
    altered.clear();
    for (Session session : changed) {
      if (session.keeper != null) {
        fleet.say(session.keeper, new Word.More(session.sid, session.traffic()));
      }
    }
    changed.clear();
  }

  /** The other node that, with this session, makes the largest number: few move when one is gone. */
  private @Nullable String keeper(String sid) {
    String best = null;
    long most = Long.MIN_VALUE;
    for (String node : fleet.others()) {
      long weight = mix(sid + "/" + node);
      if (best == null || weight > most) {
        best = node;
        most = weight;
      }
    }
    return best;
  }

  /** FNV-1a, and a last stir so that names that end alike do not weigh alike. */
  private static long mix(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte one : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ one) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 32)) * 0x9e3779b97f4a7c15L;
    return hash ^ (hash >>> 29);
  }

  // A client that came back here, its session elsewhere

  boolean fetch(Signal.Resume resume, @Nullable String subject, long now) {
    if (fleet.others().isEmpty() && fleet.directory.presentBySid(resume.sid()) == null) {
      return false;
    }
    if (fetchBySid.size() >= limits.sessions()) {
      return false;
    }
    Fetch fetch = new Fetch(resume, subject, now);
    fetchBySid.put(resume.sid(), fetch);
    ask(fetch);
    return true;
  }

  private void ask(Fetch fetch) {
    Directory.Entry entry = fleet.directory.presentBySid(fetch.resume.sid());
    String node = entry == null ? null : entry.node();
    if (node != null && !node.equals(fetch.asked)) {
      fetch.asked = node;
      Signal.Resume resume = fetch.resume;
      fleet.say(node, new Word.Take(resume.sid(), resume.key(), resume.lastSeq(), fetch.subject));
    }
  }

  private void lookAgain(long now) {
    for (Fetch fetch : List.copyOf(fetchBySid.values())) {
      String sid = fetch.resume.sid();
      boolean isKnown = fleet.directory.presentBySid(sid) != null;
      boolean isHopeless = !isKnown && fleet.isComplete() && now - fetch.sinceMs >= UNKNOWN_MS;
      if (isHopeless || now - fetch.sinceMs >= FETCH_MS) {
        fetched(sid, now);
      } else {
        ask(fetch);
      }
    }
  }

  private void fetched(String sid, long now) {
    if (fetchBySid.remove(sid) != null) {
      rooms().onFetched(sid, now, out);
    }
  }

  // What other nodes say

  void onPresent(String node, Fact.Present fact, long now) {
    Fetch fetch = fetchBySid.get(fact.sid());
    if (fetch != null) {
      ask(fetch);
    }
    Kept kept = keptBySid.get(fact.sid());
    if (kept != null && !kept.node.equals(node)) {
      keptBySid.remove(fact.sid());
    }
    Session own = rooms().sessionOf(fact.peerId());
    if (own == null || !yields(own, node, fact)) {
      return;
    }
    fleet.count(Fleet.Event.CONFLICT);
    if (own.sid.equals(fact.sid())) {
      letGo(own, now);
    } else {
      rooms().replace(own, now, out);
    }
  }

  /** Of two nodes with the same peer, the one with the client has it; else the first by name. */
  private boolean yields(Session own, String node, Fact.Present theirs) {
    if (own.isConnected() != theirs.isConnected()) {
      return theirs.isConnected();
    }
    return node.compareTo(fleet.own()) < 0;
  }

  private void letGo(Session session, long now) {
    SessionState state = session.state(now);
    rooms().letGo(session, "replaced", out);
    for (SessionState.Membership one : state.rooms()) {
      leaveHomeless(new Fact.Key(Fact.Kind.MEMBER, one.room(), session.peerId), state, one, now);
    }
    ended(session, null);
    fleet.directory.leaveHomeless(new Fact.Present(session.peerId, session.sid, false), now);
  }

  private void leaveHomeless(
      Fact.Key key, SessionState state, SessionState.Membership one, long now) {
    fleet.remove(key, null);
    Signal.Peer peer = new Signal.Peer(state.peerId(), one.meta(), one.presence(), false);
    fleet.directory.leaveHomeless(new Fact.Member(one.room(), state.sid(), peer), now);
  }

  void onWord(String from, Word word, long now) {
    switch (word) {
      case Word.Keep keep -> keep(from, keep, now);
      case Word.More more -> {
        Kept kept = keptBySid.get(more.sid());
        if (kept != null && kept.node.equals(from)) {
          kept.add(more.traffic(), limits);
        }
      }
      case Word.Unkeep unkeep -> {
        Kept kept = keptBySid.get(unkeep.sid());
        if (kept != null && kept.node.equals(from)) {
          keptBySid.remove(unkeep.sid());
        }
      }
      case Word.Take take -> give(from, take, now);
      case Word.Taken taken -> taken(taken, now);
      default -> throw new IllegalStateException("not for sessions");
    }
  }

  private void keep(String from, Word.Keep keep, long now) {
    SessionState state = keep.session();
    Kept before = keptBySid.get(state.sid());
    if (rooms().session(state.sid()) != null
        || before == null && keptBySid.size() >= limits.sessions()) {
      fleet.count(Fleet.Event.NOT_ADOPTED);
      return;
    }
    boolean goesOn = !keep.isWhole() && before != null && before.node.equals(from);
    Kept kept = goesOn && before != null ? before : new Kept(from, state);
    kept.state = state;
    kept.sinceMs = now;
    kept.add(state.traffic(), limits);
    keptBySid.put(state.sid(), kept);
  }

  private void give(String to, Word.Take take, long now) {
    Session session = rooms().session(take.sid());
    SessionState state = session == null ? null : rooms().giveAway(take, now, out);
    if (session != null && state != null) {
      fleet.count(Fleet.Event.HANDED_OVER);
      for (SessionState.Membership one : state.rooms()) {
        leaveHomeless(memberKey(one, state), state, one, now);
      }
      ended(session, null);
      fleet.directory.leaveHomeless(new Fact.Present(state.peerId(), state.sid(), false), now);
    }
    fleet.say(to, new Word.Taken(take.sid(), state));
  }

  private static Fact.Key memberKey(SessionState.Membership one, SessionState state) {
    return new Fact.Key(Fact.Kind.MEMBER, one.room(), state.peerId());
  }

  private void taken(Word.Taken taken, long now) {
    SessionState state = taken.session();
    if (state != null) {
      fleet.count(
          rooms().adopt(state, now, out) ? Fleet.Event.TAKEN_OVER : Fleet.Event.NOT_ADOPTED);
    }
    fetched(taken.sid(), now);
  }

  void onUndelivered(Word word, long now) {
    if (word instanceof Word.Taken taken && taken.session() != null) {
      // The node that asked is dead: the session waits here again.
      rooms().adopt(taken.session(), now, out);
    }
  }

  /** A node knows nothing of what it was told before. */
  void onForgetful(String node) {
    for (Session session : rooms().all()) {
      if (node.equals(session.keeper)) {
        session.keeper = null;
        altered.add(session);
      }
    }
    fetchBySid.values().stream()
        .filter(one -> node.equals(one.asked))
        .forEach(one -> one.asked = null);
  }

  /** Adopts what nobody else claims, and finds new keepers. */
  void onNodes(long now) {
    for (Kept kept : new ArrayList<>(keptBySid.values())) {
      String sid = kept.state.sid();
      Directory.Entry entry = fleet.directory.presentBySid(sid);
      if (entry != null && entry.node() != null || isExpected(kept)) {
        continue;
      }
      keptBySid.remove(sid);
      boolean adopted = rooms().adopt(kept.left(now), now, out);
      fleet.count(adopted ? Fleet.Event.ADOPTED : Fleet.Event.NOT_ADOPTED);
      fetched(sid, now);
    }
    for (Session session : rooms().all()) {
      String keeper = keeper(session.sid);
      if (keeper == null ? session.keeper != null : !keeper.equals(session.keeper)) {
        altered.add(session);
      }
    }
  }

  /** A node that lives may yet say that the session is its own. */
  private boolean isExpected(Kept kept) {
    return fleet.others().contains(kept.node) && !fleet.hasBegun(kept.node);
  }

  void onTime(long now) {
    tellKeepers(now);
    lookAgain(now);
  }

  boolean isHere(String sid) {
    return rooms().session(sid) != null;
  }

  int kept() {
    return keptBySid.size();
  }
}
