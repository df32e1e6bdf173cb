package puente.signal;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Rooms across nodes. Each node says who of its clients is in which room; messages go to the nodes
 * that hold members. Somebody whose node died is still a member until another node has taken over
 * his session or his time is up, and what he is sent meanwhile is held here.
 */
final class FarRooms implements Roster, Fleet.Part {
  /** A message is passed on to somebody who moved, but not for ever. */
  private static final int HOPS_MAX = 3;

  /** In which a node that takes over a session has said all that is true of it. */
  private static final long SETTLED_MS = 2_000;

  /** For one member who is between two nodes: as much as a session keeps for its client. */
  private static final int HELD_MAX = 256;

  /** For all of them together, in characters. */
  private static final int HELD_CHARACTERS_MAX = 8 << 20;

  private final Fleet fleet;
  private final RoomLimits limits;
  private final Rooms.Effects out;
  private final Custody custody;
  private final Map<Fact.Key, Deque<Word.Sent>> heldByKey = new HashMap<>();
  private long heldCharacters;
  private long lastId;
  private @Nullable Rooms rooms;

  /**
   * @param firstId from where messages are numbered: by chance, so that no two nodes share numbers
   */
  FarRooms(Fleet fleet, RoomLimits limits, Rooms.Effects out, long firstId) {
    this.fleet = fleet;
    this.limits = limits;
    this.out = out;
    lastId = firstId;
    custody = new Custody(fleet, limits, out);
  }

  void attach(Rooms to) {
    rooms = to;
    custody.attach(to);
    fleet.serve(this, Fact.Kind.PRESENT, Fact.Kind.MEMBER);
  }

  private Members members() {
    if (rooms == null) {
      throw new IllegalStateException("attach comes first");
    }
    return rooms.members();
  }

  // What Rooms asks

  @Override
  public Collection<Signal.Peer> elsewhere(String room) {
    List<Signal.Peer> peers = new ArrayList<>();
    for (Directory.Entry entry : fleet.directory.all(Fact.Kind.MEMBER, room)) {
      if (entry.fact() instanceof Fact.Member member) {
        peers.add(member.peer());
      }
    }
    return peers;
  }

  @Override
  public void here(Session session, Room.Member member, String room) {
    Fact.Member fact = new Fact.Member(room, session.sid, member.seenBy(""));
    fleet.directory.takeHomeless(fact.key());
    fleet.put(fact);
    custody.altered(session);
    release(fact.key(), null);
  }

  @Override
  public void gone(Session session, String room, Signal.Reason reason) {
    fleet.remove(memberKey(room, session.peerId), reason);
    custody.altered(session);
  }

  private static Fact.Key memberKey(String room, String peerId) {
    return new Fact.Key(Fact.Kind.MEMBER, room, peerId);
  }

  @Override
  public Reach tell(String room, String from, Json.Raw d) {
    List<Directory.Entry> entries = fleet.directory.all(Fact.Kind.MEMBER, room);
    if (entries.isEmpty()) {
      return Reach.NOBODY;
    }
    long id = ++lastId;
    Set<String> nodes = new TreeSet<>();
    int delivered = 0;
    int queued = 0;
    for (Directory.Entry entry : entries) {
      if (entry.node() == null) {
        hold(new Word.Sent(id, room, entry.fact().key().name(), from, d, HOPS_MAX));
      } else {
        nodes.add(entry.node());
      }
      if (isConnected(entry)) {
        delivered++;
      } else {
        queued++;
      }
    }
    nodes.forEach(node -> fleet.say(node, new Word.Told(id, room, from, d)));
    return new Reach(delivered, queued);
  }

  @Override
  public @Nullable Reach forward(String room, String to, String from, Json.Raw d) {
    Directory.Entry entry = fleet.directory.find(memberKey(room, to));
    if (entry == null) {
      return null;
    }
    send(new Word.Sent(++lastId, room, to, from, d, HOPS_MAX));
    return isConnected(entry) ? new Reach(1, 0) : new Reach(0, 1);
  }

  private boolean isConnected(Directory.Entry entry) {
    Directory.Entry present =
        entry.fact() instanceof Fact.Member member
            ? fleet.directory.presentBySid(member.sid())
            : null;
    return entry.node() != null
        && present != null
        && present.fact() instanceof Fact.Present session
        && session.isConnected();
  }

  @Override
  public boolean ban(String room, String peerId, long ms) {
    fleet.sayToAll(new Word.Banned(room, peerId, ms));
    return fleet.directory.find(memberKey(room, peerId)) != null;
  }

  @Override
  public boolean isTaken(String peerId) {
    return fleet.directory.all(Fact.Kind.PRESENT, peerId).stream()
        .anyMatch(
            entry ->
                entry.node() != null
                    && entry.fact() instanceof Fact.Present present
                    && present.isConnected());
  }

  @Override
  public void present(Session session) {
    custody.present(session);
  }

  @Override
  public void changed(Session session) {
    custody.changed(session);
  }

  @Override
  public void ended(Session session) {
    custody.ended(session, Signal.Reason.LEFT);
  }

  @Override
  public boolean fetch(Signal.Resume resume, @Nullable String subject, long now) {
    return custody.fetch(resume, subject, now);
  }

  // What other nodes say

  @Override
  public void onFact(String node, Fact fact, Directory.@Nullable Entry before, long now) {
    switch (fact) {
      case Fact.Present present -> custody.onPresent(node, present, now);
      case Fact.Member member -> onMember(node, member, before);
      case Fact.PeerJs peer -> throw new IllegalStateException("not for rooms");
      case Fact.Topic topic -> throw new IllegalStateException("not for rooms");
    }
  }

  private void onMember(String node, Fact.Member member, Directory.@Nullable Entry before) {
    if (!members().isHere(member.room(), member.peer().id())) {
      if (before == null) {
        members().onRemote(new Arrived(member.room(), member.peer()), out);
      } else if (before.fact() instanceof Fact.Member known
          && !known.peer().equals(member.peer())) {
        members().onRemote(new Changed(member.room(), member.peer()), out);
      }
    }
    release(member.key(), node);
  }

  @Override
  public void onGone(Fact fact, Signal.Reason reason, long now) {
    if (fact instanceof Fact.Member member) {
      Deque<Word.Sent> held = heldByKey.remove(member.key());
      if (held != null) {
        held.forEach(one -> heldCharacters -= one.d().text().length());
      }
      if (!members().isHere(member.room(), member.peer().id())) {
        members().onRemote(new Gone(member.room(), member.peer().id(), reason), out);
      }
    }
  }

  @Override
  public void onWord(String from, Word word, long now) {
    switch (word) {
      case Word.Told told -> members().onTold(told, out);
      case Word.Sent sent -> {
        if (!members().onSent(sent, out)) {
          send(sent);
        }
      }
      case Word.Banned ban ->
          members()
              .ban(ban.room(), ban.peerId(), now + Math.min(ban.ms(), limits.banMs()), now, out);
      default -> custody.onWord(from, word, now);
    }
  }

  /** To wherever he is now. */
  private void send(Word.Sent sent) {
    Directory.Entry entry = fleet.directory.find(memberKey(sent.room(), sent.to()));
    if (entry == null || sent.hops() == 0) {
      fleet.count(Fleet.Event.UNDELIVERABLE);
      out.count(Rooms.Event.PEER_UNAVAILABLE);
    } else if (entry.node() == null) {
      hold(sent);
    } else {
      fleet.say(entry.node(), nextHop(sent));
    }
  }

  private static Word.Sent nextHop(Word.Sent sent) {
    return new Word.Sent(sent.id(), sent.room(), sent.to(), sent.from(), sent.d(), sent.hops() - 1);
  }

  private void hold(Word.Sent sent) {
    Deque<Word.Sent> held =
        heldByKey.computeIfAbsent(memberKey(sent.room(), sent.to()), key -> new ArrayDeque<>());
    int length = sent.d().text().length();
    if (held.size() >= HELD_MAX || heldCharacters + length > HELD_CHARACTERS_MAX) {
      fleet.count(Fleet.Event.UNDELIVERABLE);
      return;
    }
    heldCharacters += length;
    held.add(sent);
  }

  /**
   * Somebody is on a node again: what was held for him goes there.
   *
   * @param node null is this one
   */
  private void release(Fact.Key key, @Nullable String node) {
    Deque<Word.Sent> held = heldByKey.remove(key);
    if (held == null) {
      return;
    }
    for (Word.Sent sent : held) {
      heldCharacters -= sent.d().text().length();
      fleet.count(Fleet.Event.REDIRECTED);
      if (node != null) {
        fleet.say(node, nextHop(sent));
      } else {
        members().onSent(sent, out);
      }
    }
  }

  @Override
  public void onUndelivered(Word word, String node, long now) {
    switch (word) {
      case Word.Told told -> {
        for (Directory.Entry entry : fleet.directory.all(Fact.Kind.MEMBER, told.room())) {
          if (entry.node() == null) {
            String to = entry.fact().key().name();
            hold(new Word.Sent(told.id(), told.room(), to, told.from(), told.d(), HOPS_MAX));
          }
        }
      }
      case Word.Sent sent -> send(sent);
      default -> custody.onUndelivered(word, now);
    }
  }

  @Override
  public void onForgetful(String node) {
    custody.onForgetful(node);
  }

  @Override
  public void onNodes(long now) {
    custody.onNodes(now);
  }

  @Override
  public void onTime(long now) {
    custody.onTime(now);
    for (Fact fact : fleet.directory.abandoned(now - SETTLED_MS, this::isOver)) {
      onGone(fact, Signal.Reason.LEFT, now);
    }
  }

  /** A member whose session lives somewhere, but not in that room. */
  private boolean isOver(Fact fact) {
    if (!(fact instanceof Fact.Member member)) {
      return false;
    }
    Directory.Entry present = fleet.directory.presentBySid(member.sid());
    return present != null && present.node() != null || custody.isHere(member.sid());
  }

  /** Sessions of other nodes that are kept here. */
  int kept() {
    return custody.kept();
  }
}
