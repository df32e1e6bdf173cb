package puente.signal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import puente.signal.Rooms.Effects;
import puente.signal.Rooms.Event;
import puente.signal.Signal.Code;
import puente.signal.Signal.Failure;

/** What happens inside the rooms of this node; {@link Rooms} says who may come in at all. */
final class Members {
  private static final Roster.Reach ONE_NOW = new Roster.Reach(1, 0);
  private static final Roster.Reach ONE_LATER = new Roster.Reach(0, 1);

  private final RoomLimits limits;
  private final Roster roster;
  private final Map<String, Room> roomByName = new TreeMap<>();

  Members(RoomLimits limits, Roster roster) {
    this.limits = limits;
    this.roster = roster;
  }

  void onJoin(Session session, Signal.Join join, long now, Effects out) {
    if (!session.grant.allows(Grant.Can.JOIN, join.room())) {
      out.count(Event.FORBIDDEN);
      refuse(session, join.id(), Code.FORBIDDEN, "may not join this room", out);
      return;
    }
    Room room = roomByName.get(join.room());
    if (room != null && room.isBanned(session.peerId, now)) {
      out.count(Event.FORBIDDEN);
      refuse(session, join.id(), Code.FORBIDDEN, "was thrown out", out);
      return;
    }
    boolean isMember = session.roomByName.containsKey(join.room());
    if (!isMember && session.roomByName.size() >= limits.roomsOfSession()) {
      refuse(session, join.id(), Code.FORBIDDEN, "in too many rooms", out);
      return;
    }
    boolean isFull = everybody(join.room()).size() >= limits.members();
    if (!isMember && (isFull || room == null && roomByName.size() >= limits.rooms())) {
      out.count(Event.ROOM_FULL);
      refuse(session, join.id(), Code.ROOM_FULL, "no place", out);
      return;
    }
    enter(session, join, out);
  }

  private void enter(Session session, Signal.Join join, Effects out) {
    Room room = roomByName.computeIfAbsent(join.room(), Room::new);
    Map<String, @Nullable Object> meta = new LinkedHashMap<>(session.meta);
    meta.putAll(join.meta());
    meta.putAll(session.grant.meta());
    Room.Member self = new Room.Member(session, meta, join.presence());
    boolean isNew = room.memberById.put(session.peerId, self) == null;
    session.roomByName.put(room.name, room);
    String id = session.peerId;
    tell(session, new Signal.Joined(join.id(), room.name, id, peers(room, id)), out);
    for (Room.Member other : room.memberById.values()) {
      if (other.session != session) {
        Signal.Peer seen = self.seenBy(other.session.peerId);
        tell(
            other.session,
            isNew
                ? new Signal.PeerJoined(room.name, seen)
                : new Signal.PeerUpdated(room.name, seen),
            out);
      }
    }
    roster.here(session, self, room.name);
  }

  private List<Signal.Peer> peers(Room room, String reader) {
    List<Signal.Peer> peers = new ArrayList<>();
    for (Room.Member member : room.memberById.values()) {
      if (!member.session.peerId.equals(reader)) {
        peers.add(member.seenBy(reader));
      }
    }
    for (Signal.Peer far : roster.elsewhere(room.name)) {
      if (!room.memberById.containsKey(far.id())) {
        peers.add(seenBy(far, reader));
      }
    }
    return peers;
  }

  private static Signal.Peer seenBy(Signal.Peer peer, String reader) {
    return new Signal.Peer(
        peer.id(), peer.meta(), peer.presence(), Room.isPolite(peer.id(), reader));
  }

  void onLeave(Session session, Signal.Leave leave, long now, Effects out) {
    Room room = roomOf(session, leave.id(), leave.room(), out);
    if (room != null) {
      remove(session, room, Signal.Reason.LEFT, now, out);
      acknowledge(session, leave.id(), 0, 0, out);
    }
  }

  void onSend(Session session, Signal.Send send, Effects out) {
    Signal.Ack before = session.answered(send.id());
    if (before != null) {
      out.send(session.connection, before.text(0));
      return;
    }
    Room room = roomOf(session, send.id(), send.room(), out);
    if (room == null || !may(Grant.Can.PUBLISH, session, send.id(), room, out)) {
      return;
    }
    Signal.Message message = new Signal.Message(room.name, session.peerId, send.d());
    int delivered = 0;
    int queued = 0;
    if (send.to() == null) {
      for (Room.Member member : room.memberById.values()) {
        if (member.session != session || send.echo()) {
          if (tell(member.session, message, out)) {
            delivered++;
          } else {
            queued++;
          }
        }
      }
      Roster.Reach far = roster.tell(room.name, session.peerId, send.d());
      delivered += far.delivered();
      queued += far.queued();
    } else {
      Room.Member member = room.memberById.get(send.to());
      Roster.Reach reach =
          member == null
              ? roster.forward(room.name, send.to(), session.peerId, send.d())
              : tell(member.session, message, out) ? ONE_NOW : ONE_LATER;
      if (reach == null) {
        out.count(Event.PEER_UNAVAILABLE);
        refuse(session, send.id(), Code.PEER_UNAVAILABLE, "not in the room", out);
        return;
      }
      delivered = reach.delivered();
      queued = reach.queued();
    }
    acknowledge(session, send.id(), delivered, queued, out);
  }

  void onPresence(Session session, Signal.Presence change, Effects out) {
    Room room = roomOf(session, change.id(), change.room(), out);
    Room.Member self = room == null ? null : room.memberById.get(session.peerId);
    if (room == null || self == null || !may(Grant.Can.PRESENCE, session, change.id(), room, out)) {
      return;
    }
    self.presence = change.presence();
    int delivered = 0;
    for (Room.Member other : room.memberById.values()) {
      if (other != self) {
        Signal.Peer seen = self.seenBy(other.session.peerId);
        delivered += tell(other.session, new Signal.PeerUpdated(room.name, seen), out) ? 1 : 0;
      }
    }
    roster.here(session, self, room.name);
    delivered += roster.elsewhere(room.name).size();
    acknowledge(session, change.id(), delivered, 0, out);
  }

  void onList(Session session, Signal.ListPeers list, Effects out) {
    Room room = roomOf(session, list.id(), list.room(), out);
    if (room != null) {
      List<Signal.Peer> peers = peers(room, session.peerId);
      out.send(session.connection, new Signal.Peers(list.id(), room.name, peers).text(0));
    }
  }

  void onKick(Session session, Signal.Kick kick, long now, Effects out) {
    Room room = roomOf(session, kick.id(), kick.room(), out);
    if (room == null || !may(Grant.Can.KICK, session, kick.id(), room, out)) {
      return;
    }
    boolean isElsewhere = roster.ban(room.name, kick.to(), limits.banMs());
    boolean isHere = room.memberById.containsKey(kick.to());
    if (!isHere && !isElsewhere) {
      refuse(session, kick.id(), Code.PEER_UNAVAILABLE, "not in the room", out);
      return;
    }
    ban(room.name, kick.to(), now + limits.banMs(), now, out);
    acknowledge(session, kick.id(), 1, 0, out);
  }

  /** Throws somebody out, if he is here, and keeps him out. */
  void ban(String name, String peerId, long untilMs, long now, Effects out) {
    Room room = roomByName.get(name);
    if (room == null && roomByName.size() >= limits.rooms()) {
      return;
    }
    Room banned = room == null ? roomByName.computeIfAbsent(name, Room::new) : room;
    banned.ban(peerId, untilMs);
    Room.Member victim = banned.memberById.get(peerId);
    if (victim != null) {
      tell(victim.session, new Signal.PeerLeft(name, peerId, Signal.Reason.KICKED), out);
      remove(victim.session, banned, Signal.Reason.KICKED, now, out);
    }
  }

  /** A newer token may allow less: who may not be in a room hears no more of it. */
  void leaveForbidden(Session session, long now, Effects out) {
    for (Room room : List.copyOf(session.roomByName.values())) {
      if (!session.grant.allows(Grant.Can.JOIN, room.name)) {
        out.count(Event.FORBIDDEN);
        Signal.Reason kicked = Signal.Reason.KICKED;
        tell(session, new Signal.PeerLeft(room.name, session.peerId, kicked), out);
        remove(session, room, kicked, now, out);
      }
    }
  }

  /** News of members of a room who are on another node. */
  void onRemote(Roster.News news, Effects out) {
    Room room = roomByName.get(news.room());
    if (room == null) {
      return;
    }
    for (Room.Member member : room.memberById.values()) {
      String reader = member.session.peerId;
      Signal.ToClient message =
          switch (news) {
            case Roster.Arrived one -> new Signal.PeerJoined(room.name, seenBy(one.peer(), reader));
            case Roster.Changed one ->
                new Signal.PeerUpdated(room.name, seenBy(one.peer(), reader));
            case Roster.Gone one -> new Signal.PeerLeft(room.name, one.peerId(), one.reason());
          };
      tell(member.session, message, out);
    }
  }

  boolean isHere(String room, String peerId) {
    Room here = roomByName.get(room);
    return here != null && here.memberById.containsKey(peerId);
  }

  /** A message from another node to everybody here. */
  void onTold(Word.Told told, Effects out) {
    Room room = roomByName.get(told.room());
    if (room != null) {
      Signal.Message message = new Signal.Message(room.name, told.from(), told.d());
      for (Room.Member member : room.memberById.values()) {
        if (member.session.hearsFirst(told.id())) {
          tell(member.session, message, out);
        }
      }
    }
  }

  /** A message from another node to one member here; answers whether he is here. */
  boolean onSent(Word.Sent sent, Effects out) {
    Room room = roomByName.get(sent.room());
    Room.Member member = room == null ? null : room.memberById.get(sent.to());
    if (member == null) {
      return false;
    }
    if (member.session.hearsFirst(sent.id())) {
      tell(member.session, new Signal.Message(sent.room(), sent.from(), sent.d()), out);
    }
    return true;
  }

  /** A session that moved here is in its rooms as it was elsewhere. */
  void adopt(Session session, SessionState.Membership membership, Effects out) {
    Room known = roomByName.get(membership.room());
    if (known == null && roomByName.size() >= limits.rooms()) {
      return;
    }
    Room room = known == null ? roomByName.computeIfAbsent(membership.room(), Room::new) : known;
    boolean isKnown = roster.elsewhere(room.name).stream().anyMatch(is(session.peerId));
    Room.Member self = new Room.Member(session, membership.meta(), membership.presence());
    room.memberById.put(session.peerId, self);
    session.roomByName.put(room.name, room);
    if (!isKnown) {
      for (Room.Member other : room.memberById.values()) {
        if (other.session != session) {
          tell(
              other.session,
              new Signal.PeerJoined(room.name, self.seenBy(other.session.peerId)),
              out);
        }
      }
    }
    roster.here(session, self, room.name);
  }

  private static Predicate<Signal.Peer> is(String peerId) {
    return peer -> peer.id().equals(peerId);
  }

  /** A session goes on elsewhere: nobody is told that it left. */
  void letGo(Session session) {
    for (Room room : List.copyOf(session.roomByName.values())) {
      session.roomByName.remove(room.name);
      room.memberById.remove(session.peerId);
    }
  }

  private boolean may(
      Grant.Can what, Session session, @Nullable String id, Room room, Effects out) {
    if (session.grant.allows(what, room.name)) {
      return true;
    }
    out.count(Event.FORBIDDEN);
    refuse(session, id, Code.FORBIDDEN, "not allowed in this room", out);
    return false;
  }

  private @Nullable Room roomOf(Session session, @Nullable String id, String name, Effects out) {
    Room room = session.roomByName.get(name);
    if (room == null) {
      refuse(session, id, Code.ROOM_NOT_FOUND, "not a member of this room", out);
    }
    return room;
  }

  private void acknowledge(
      Session session, @Nullable String id, int delivered, int queued, Effects out) {
    Signal.Ack ack = new Signal.Ack(id, delivered, queued);
    session.answered(id, ack);
    roster.changed(session);
    if (id != null) {
      out.send(session.connection, ack.text(0));
    }
  }

  /** Answers whether it went out now; else it waits for the client to come back. */
  private boolean tell(Session session, Signal.ToClient message, Effects out) {
    String text = session.number(message, limits);
    roster.changed(session);
    boolean isMessage = message instanceof Signal.Message;
    if (session.isConnected()) {
      out.send(session.connection, text);
      if (isMessage) {
        out.count(Event.MESSAGE_DELIVERED);
      }
      return true;
    }
    if (isMessage) {
      out.count(Event.MESSAGE_QUEUED);
    }
    return false;
  }

  void remove(Session session, Room room, Signal.Reason reason, long now, Effects out) {
    session.roomByName.remove(room.name);
    room.memberById.remove(session.peerId);
    for (Room.Member member : room.memberById.values()) {
      tell(member.session, new Signal.PeerLeft(room.name, session.peerId, reason), out);
    }
    roster.gone(session, room.name, reason);
    if (room.isOver(now)) {
      roomByName.remove(room.name);
    }
  }

  /** Forgets rooms that are over. */
  void onTime(long now) {
    roomByName.values().removeIf(room -> room.isOver(now));
  }

  /** The ids of all members of a room, on this node and elsewhere. */
  Set<String> everybody(String name) {
    Set<String> ids = new TreeSet<>();
    Room room = roomByName.get(name);
    if (room != null) {
      ids.addAll(room.memberById.keySet());
    }
    roster.elsewhere(name).forEach(peer -> ids.add(peer.id()));
    return ids;
  }

  /** All rooms here, by their names. */
  List<RoomView> view() {
    List<RoomView> views = new ArrayList<>();
    for (Room room : roomByName.values()) {
      List<RoomView.Member> members = new ArrayList<>();
      for (Room.Member member : room.memberById.values()) {
        members.add(new RoomView.Member(member.session.peerId, member.session.connection, ""));
      }
      views.add(new RoomView(room.name, members));
    }
    return views;
  }

  int rooms() {
    return roomByName.size();
  }

  private static void refuse(
      Session session, @Nullable String id, Code code, String message, Effects out) {
    out.send(session.connection, new Failure(id, code, message).text(0));
  }
}
