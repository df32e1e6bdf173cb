package puente.signal;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.signal.Signal.Code;
import puente.signal.Signal.Failure;

/**
 * Who is in which room of this node, and what they tell each other. Connections, time, randomness
 * and credentials come in; calls on {@link Effects} come out. A connection is a number that the
 * caller chose, above zero.
 */
public final class Rooms {
  /** What Rooms asks of the world; returns at once and never calls back. */
  public interface Effects {
    void send(long connection, String text);

    void close(long connection, int code, String reason);

    /** A list of ICE servers with a fresh credential. */
    Signal.IceList ice(long connection, String user);

    void count(Event event);
  }

  /** What is counted. */
  public enum Event {
    WELCOMED,
    RESUMED,
    RESUME_EXPIRED,
    MESSAGE_DELIVERED,
    MESSAGE_QUEUED,
    PEER_UNAVAILABLE,
    BAD_REQUEST,
    UNAUTHORIZED,
    FORBIDDEN,
    RATE_LIMITED,
    ROOM_FULL,
    EXPIRED,
    REVOKED
  }

  private static final int BAD_REQUESTS_MAX = 10;

  /** A client that came back while its session is on another node. */
  private record Waiting(Signal.Hello hello, Grant grant, String sid) {}

  private final RoomLimits limits;
  private final String server;
  private final Roster roster;
  private final FreshNames names;
  private final Map<Long, Long> openedMsByConnection = new LinkedHashMap<>();
  private final Map<Long, Session> sessionByConnection = new HashMap<>();
  private final Map<String, Session> sessionBySid = new HashMap<>();
  private final Map<String, Session> sessionByPeer = new HashMap<>();
  private final Map<Long, Waiting> waitingByConnection = new LinkedHashMap<>();
  private final Members members;
  private Signal.@Nullable GoAway draining;

  /**
   * @param server the name of this node, for clients
   * @param random from which session keys come
   */
  Rooms(RoomLimits limits, String server, Roster roster, RandomGenerator random) {
    this.limits = limits;
    this.server = server;
    this.roster = roster;
    members = new Members(limits, roster);
    names = new FreshNames(random);
  }

  /** Somebody connected, and is to say hello soon. */
  public void onOpen(long connection, long now, Effects out) {
    Signal.GoAway goAway = draining;
    if (goAway != null) {
      fail(connection, new Failure(null, Code.SERVER_DRAINING, "draining", goAway.afterMs()), out);
      out.close(connection, Code.SERVER_DRAINING.closeCode(), "draining");
    } else if (openedMsByConnection.size() + sessionBySid.size() >= limits.sessions()) {
      out.close(connection, ClientSocket.TRY_AGAIN, "full");
    } else {
      openedMsByConnection.put(connection, now);
    }
  }

  /** The connection is gone; the session waits for another one. */
  public void onClosed(long connection, long now) {
    openedMsByConnection.remove(connection);
    waitingByConnection.remove(connection);
    Session session = sessionByConnection.remove(connection);
    if (session != null) {
      session.connection = Session.NONE;
      session.lostMs = now;
      roster.present(session);
    }
  }

  /** A hello whose credential was no good. */
  public void onUnauthorized(long connection, Failure why, Effects out) {
    out.count(Event.UNAUTHORIZED);
    fail(connection, why, out);
    hangUp(connection, why.code().closeCode(), why.code().text(), out);
  }

  /** A hello of somebody who may do what {@code grant} says. */
  public void onHello(long connection, Signal.Hello hello, Grant grant, long now, Effects out) {
    Session present = sessionByConnection.get(connection);
    if (present != null) {
      renew(present, hello, grant, now, out);
      return;
    }
    if (openedMsByConnection.remove(connection) == null) {
      return;
    }
    Signal.Resume resume = hello.resume();
    if (resume != null && !sessionBySid.containsKey(resume.sid())) {
      if (roster.fetch(resume, grant.subject(), now)) {
        waitingByConnection.put(connection, new Waiting(hello, grant, resume.sid()));
        return;
      }
    }
    welcomeBack(connection, hello, grant, now, out);
  }

  /** The session is here now, or nowhere. */
  void onFetched(String sid, long now, Effects out) {
    List<Map.Entry<Long, Waiting>> all = List.copyOf(waitingByConnection.entrySet());
    for (Map.Entry<Long, Waiting> one : all) {
      Waiting waiting = one.getValue();
      if (waiting.sid.equals(sid)) {
        waitingByConnection.remove(one.getKey());
        welcomeBack(one.getKey(), waiting.hello, waiting.grant, now, out);
      }
    }
  }

  private void welcomeBack(
      long connection, Signal.Hello hello, Grant grant, long now, Effects out) {
    Signal.Resume resume = hello.resume();
    Session session = resume == null ? null : resumable(resume, grant.subject());
    if (session != null) {
      resume(session, connection, hello, grant, now, out);
      return;
    }
    if (resume != null) {
      out.count(Event.RESUME_EXPIRED);
      fail(connection, new Failure(null, Code.RESUME_EXPIRED, "a new session begins"), out);
    }
    begin(connection, hello, grant, now, out);
  }

  private void begin(long connection, Signal.Hello hello, Grant grant, long now, Effects out) {
    String peerId = grant.idOf(hello.peerId(), names);
    Session other = sessionByPeer.get(peerId);
    if (other != null && other.isConnected() || roster.isTaken(peerId)) {
      openedMsByConnection.put(connection, now);
      fail(connection, new Failure(hello.id(), Code.ID_TAKEN, "this id is connected"), out);
      return;
    }
    if (other != null) {
      end(other, Signal.Reason.TIMEOUT, now, out);
    }
    Map<String, @Nullable Object> meta = new LinkedHashMap<>(hello.meta());
    meta.putAll(grant.meta());
    TokenBucket requests = new TokenBucket(limits.messagesPerSecond(), limits.messagesBurst(), now);
    Session session = new Session(names.session(), names.key(), peerId, meta, grant, requests);
    sessionBySid.put(session.sid, session);
    sessionByPeer.put(peerId, session);
    out.count(Event.WELCOMED);
    connect(session, connection, hello, false, now, out);
  }

  private @Nullable Session resumable(Signal.Resume resume, @Nullable String subject) {
    Session session = sessionBySid.get(resume.sid());
    if (session == null || !FreshNames.same(session.resumeKey, resume.key())) {
      return null;
    }
    boolean isIts = subject == null || subject.equals(session.peerId);
    return isIts && session.canReplay(resume.lastSeq()) ? session : null;
  }

  private void resume(
      Session session, long connection, Signal.Hello hello, Grant grant, long now, Effects out) {
    if (session.isConnected()) {
      sessionByConnection.remove(session.connection);
      out.close(session.connection, 4009, "replaced");
    }
    session.grant = grant;
    out.count(Event.RESUMED);
    connect(session, connection, hello, true, now, out);
    Signal.Resume resume = hello.resume();
    for (String text : session.replay(resume == null ? 0 : resume.lastSeq())) {
      out.send(connection, text);
    }
    members.leaveForbidden(session, now, out);
  }

  private void connect(
      Session session,
      long connection,
      Signal.Hello hello,
      boolean resumed,
      long now,
      Effects out) {
    session.connection = connection;
    sessionByConnection.put(connection, session);
    roster.present(session);
    welcome(session, hello.id(), resumed, now, out);
  }

  private void welcome(
      Session session, @Nullable String re, boolean resumed, long now, Effects out) {
    Signal.IceList ice = ice(session, now, out);
    Signal.Welcome welcome =
        new Signal.Welcome(
            re,
            session.sid,
            session.peerId,
            session.resumeKey,
            limits.resumeWindowMs(),
            limits.heartbeatMs(),
            limits.messageBytes(),
            resumed,
            ice,
            server);
    out.send(session.connection, welcome.text(0));
  }

  /** A second hello on one connection brings a newer token of the same peer. */
  private void renew(Session session, Signal.Hello hello, Grant grant, long now, Effects out) {
    if (grant.subject() != null && !grant.subject().equals(session.peerId)) {
      out.count(Event.FORBIDDEN);
      String why = "the token is somebody else's";
      fail(session.connection, new Failure(hello.id(), Code.FORBIDDEN, why), out);
      return;
    }
    session.grant = grant;
    roster.present(session);
    welcome(session, hello.id(), true, now, out);
    members.leaveForbidden(session, now, out);
  }

  /** A message that could not be read. */
  public void onMalformed(long connection, SignalParser.Refused refused, Effects out) {
    out.count(Event.BAD_REQUEST);
    Failure failure = refused.failure();
    fail(connection, failure, out);
    Session session = sessionByConnection.get(connection);
    if (refused.isHopeless() || session == null || ++session.badRequests >= BAD_REQUESTS_MAX) {
      hangUp(connection, failure.code().closeCode(), failure.code().text(), out);
    }
  }

  /** Everything but hello. */
  public void onMessage(long connection, Signal.FromClient message, long now, Effects out) {
    Session session = sessionByConnection.get(connection);
    if (session == null) {
      if (message instanceof Signal.Ping ping) {
        out.send(connection, new Signal.Pong(ping.id()).text(0));
      } else {
        Failure hello = new Failure(message.id(), Code.UNAUTHORIZED, "hello comes first");
        onUnauthorized(connection, hello, out);
      }
      return;
    }
    if (!session.requests.take(now)) {
      out.count(Event.RATE_LIMITED);
      long wait = session.requests.waitMs(now);
      fail(connection, new Failure(message.id(), Code.RATE_LIMITED, "too fast", wait), out);
      return;
    }
    switch (message) {
      case Signal.Hello hello -> throw new IllegalStateException("hello has a way of its own");
      case Signal.Join join -> members.onJoin(session, join, now, out);
      case Signal.Leave leave -> members.onLeave(session, leave, now, out);
      case Signal.Send send -> members.onSend(session, send, out);
      case Signal.Presence presence -> members.onPresence(session, presence, out);
      case Signal.ListPeers list -> members.onList(session, list, out);
      case Signal.AskIce ask ->
          out.send(connection, new Signal.Ice(ask.id(), ice(session, now, out)).text(0));
      case Signal.Kick kick -> members.onKick(session, kick, now, out);
      case Signal.Bye bye -> {
        end(session, Signal.Reason.LEFT, now, out);
        hangUp(connection, ClientSocket.NORMAL, "bye", out);
      }
      case Signal.Ping ping -> out.send(connection, new Signal.Pong(ping.id()).text(0));
    }
  }

  /** Comes round about once a second. */
  public void onTime(long now, Effects out) {
    for (Iterator<Map.Entry<Long, Long>> all = openedMsByConnection.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<Long, Long> silent = all.next();
      if (now - silent.getValue() >= limits.helloMs()) {
        all.remove();
        out.close(silent.getKey(), Code.UNAUTHORIZED.closeCode(), "no hello");
      }
    }
    for (Session session : List.copyOf(sessionBySid.values())) {
      onTime(session, now, out);
    }
    members.onTime(now);
  }

  private void onTime(Session session, long now, Effects out) {
    if (!session.isConnected()) {
      if (now - session.lostMs >= limits.resumeWindowMs()) {
        out.count(Event.EXPIRED);
        end(session, Signal.Reason.TIMEOUT, now, out);
      }
    } else if (now >= session.grant.expiresMs()) {
      Failure expired = new Failure(null, Code.TOKEN_EXPIRED, "come again with a new token");
      fail(session.connection, expired, out);
      long connection = session.connection;
      onClosed(connection, now);
      out.close(connection, ClientSocket.TRY_AGAIN, Code.TOKEN_EXPIRED.text());
    } else if (now >= session.iceDueMs) {
      Signal.Ice push = new Signal.Ice(null, ice(session, now, out));
      out.send(session.connection, push.text(0));
    }
  }

  /** The ICE servers are others now: everybody gets new ones. */
  public void onIceChanged(long now, Effects out) {
    for (Session session : sessionByConnection.values()) {
      out.send(session.connection, new Signal.Ice(null, ice(session, now, out)).text(0));
    }
  }

  /**
   * Everybody is to go somewhere else, to one after the other of these URLs, with the servers that
   * are left to relay.
   */
  public void onDrain(Signal.GoAway goAway, List<String> elsewhere, long now, Effects out) {
    draining = goAway;
    onIceChanged(now, out);
    int next = 0;
    for (Session session : sessionByConnection.values()) {
      String url = elsewhere.isEmpty() ? null : elsewhere.get(next++ % elsewhere.size());
      out.send(session.connection, goAway.to(url).text(0));
    }
  }

  /** A user of these is out: the session ends, wherever it is kept. He may come with a new token. */
  public void onRevoked(Set<String> users, long now, Effects out) {
    for (Session session : List.copyOf(sessionBySid.values())) {
      if (users.contains(IceServers.userOf(session.peerId))) {
        out.count(Event.REVOKED);
        shutOut(session, Code.UNAUTHORIZED, "revoked", Signal.Reason.KICKED, now, out);
      }
    }
  }

  public void onUndrain() {
    draining = null;
  }

  public int sessions() {
    return sessionBySid.size();
  }

  public List<RoomView> view() {
    return members.view();
  }

  public int rooms() {
    return members.rooms();
  }

  /** Characters kept for clients that may come back. */
  public long queued() {
    return sessionBySid.values().stream().mapToLong(Session::keptBytes).sum();
  }

  private Signal.IceList ice(Session session, long now, Effects out) {
    Signal.IceList list = out.ice(session.connection, session.peerId);
    session.iceDueMs = now + Math.max(1, list.refreshAfterSeconds()) * 1000;
    return list;
  }

  private void end(Session session, Signal.Reason reason, long now, Effects out) {
    for (Room room : List.copyOf(session.roomByName.values())) {
      members.remove(session, room, reason, now, out);
    }
    forget(session);
    roster.ended(session);
  }

  private void forget(Session session) {
    sessionBySid.remove(session.sid);
    sessionByPeer.remove(session.peerId, session);
    if (session.isConnected()) {
      sessionByConnection.remove(session.connection);
    }
  }

  // Sessions that come from other nodes and go there

  /** What goes on in the rooms here, for the members elsewhere. */
  Members members() {
    return members;
  }

  @Nullable Session session(String sid) {
    return sessionBySid.get(sid);
  }

  @Nullable Session sessionOf(String peerId) {
    return sessionByPeer.get(peerId);
  }

  Iterable<Session> all() {
    return sessionBySid.values();
  }

  /** Takes over a session that waits for its client; answers whether there is place for it. */
  boolean adopt(SessionState state, long now, Effects out) {
    Session other = sessionByPeer.get(state.peerId());
    boolean isFull = openedMsByConnection.size() + sessionBySid.size() >= limits.sessions();
    if (isFull || other != null && other.isConnected() || sessionBySid.containsKey(state.sid())) {
      return false;
    }
    if (other != null) {
      end(other, Signal.Reason.TIMEOUT, now, out);
    }
    TokenBucket requests = new TokenBucket(limits.messagesPerSecond(), limits.messagesBurst(), now);
    Session session = new Session(state, requests, limits, now);
    sessionBySid.put(session.sid, session);
    sessionByPeer.put(session.peerId, session);
    roster.present(session);
    for (SessionState.Membership membership : state.rooms()) {
      members.adopt(session, membership, out);
    }
    return true;
  }

  /** Hands a session over to the node where its client is now; null if that may not have it. */
  @Nullable SessionState giveAway(Word.Take take, long now, Effects out) {
    Signal.Resume resume = new Signal.Resume(take.sid(), take.key(), take.lastSeq());
    Session session = resumable(resume, take.subject());
    if (session == null) {
      return null;
    }
    SessionState state = session.state(now);
    letGo(session, "replaced", out);
    return state;
  }

  /** Drops a session that goes on elsewhere; nobody is told that it left. */
  void letGo(Session session, String why, Effects out) {
    if (session.isConnected()) {
      out.close(session.connection, 4009, why);
    }
    members.letGo(session);
    forget(session);
  }

  /** Ends a session because its peer is on another node under the same name. */
  void replace(Session session, long now, Effects out) {
    String why = "this id is connected elsewhere";
    shutOut(session, Code.ID_TAKEN, why, Signal.Reason.TIMEOUT, now, out);
  }

  private void shutOut(
      Session session, Code code, String why, Signal.Reason told, long now, Effects out) {
    long connection = session.connection;
    if (session.isConnected()) {
      fail(connection, new Failure(null, code, why), out);
    }
    end(session, told, now, out);
    if (connection != Session.NONE) {
      hangUp(connection, code.closeCode(), code.text(), out);
    }
  }

  private static void fail(long connection, Failure failure, Effects out) {
    out.send(connection, failure.text(0));
  }

  private void hangUp(long connection, int code, String reason, Effects out) {
    openedMsByConnection.remove(connection);
    out.close(connection, code, reason);
  }
}
