package puente.signal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import puente.stun.Family;
import puente.stun.TransportAddress;

/**
 * Peers meet over UDP under the name of a meeting and learn each other's public addresses. Who has a
 * token of the meeting, and has shown by a cookie that it is at its address, is told who else is
 * there, and told again when that changes. Time is the time of day in milliseconds.
 */
public final class Rendezvous {
  /** Where a datagram came from, and the socket that its answer leaves by. */
  public record Guest(TransportAddress address, Object way) {}

  /** What a rendezvous asks of the world; returns at once and never calls back. */
  public interface Effects {
    void send(Guest to, byte[] datagram);

    void count(Event event);
  }

  /** What is counted. */
  public enum Event {
    MET,
    LEFT,
    EXPIRED,
    TOLD,
    COOKIE,
    MALFORMED,
    RATE_LIMITED,
    TOKEN_REFUSED,
    TOKEN_EXPIRED,
    MEETING_FULL,
    FULL
  }

  /**
   * @param lifeMs without a word from a peer, before the others are told that it is gone
   * @param tellMs between two times that a meeting is told of its changes
   */
  public record Limits(int meetings, int peers, int peersOfMeeting, long lifeMs, long tellMs) {
    public static final Limits STANDARD = new Limits(10_000, 50_000, 16, 30_000, 50);
  }

  /** Codes of a refusal, as HTTP and STUN have them. */
  static final int UNAUTHORIZED = 41;

  static final int EXPIRED = 44;
  static final int FULL = 50;

  private static final long COOKIE_MS = 60_000;
  private static final int SOURCES_MAX = 10_000;
  private static final byte[] UNASKED = new byte[8];

  private static final class Peer {
    Guest guest;
    byte[] note;
    long seenMs;

    Peer(Guest guest, byte[] note, long seenMs) {
      this.guest = guest;
      this.note = note;
      this.seenMs = seenMs;
    }
  }

  /** Who has both families meets by both: an address of one is of no use to who has the other. */
  private record Place(String name, Family family) {}

  private static final class Meeting {
    final Map<Place, Peer> peerByPlace = new LinkedHashMap<>();
    boolean hasNews;
  }

  private final Limits limits;
  private final byte[] tokenKey;
  private final byte[] cookieKey;
  private final Map<String, Meeting> meetingByName = new HashMap<>();
  private final RateLimit requests = new RateLimit(20, 60, SOURCES_MAX);
  private int peers;

  /**
   * @param tokenKey with which tokens are made; the same on all nodes
   * @param cookieKey of this process only: nobody else knows it
   */
  public Rendezvous(Limits limits, byte[] tokenKey, byte[] cookieKey) {
    this.limits = limits;
    this.tokenKey = tokenKey.clone();
    this.cookieKey = cookieKey.clone();
  }

  /** A datagram that may be for the rendezvous. */
  public void onDatagram(Guest guest, byte[] datagram, long now, Effects out) {
    RendezvousWire.Request request = RendezvousWire.read(datagram);
    if (request == null) {
      out.count(Event.MALFORMED);
      return;
    }
    if (!requests.take(guest.address.ip(), now)) {
      out.count(Event.RATE_LIMITED);
      return;
    }
    RendezvousToken token = RendezvousToken.decode(request.token(), tokenKey);
    if (token == null) {
      refuse(guest, request, UNAUTHORIZED, Event.TOKEN_REFUSED, out);
    } else if (token.expirySeconds() * 1000 <= now) {
      refuse(guest, request, EXPIRED, Event.TOKEN_EXPIRED, out);
    } else if (!isCookie(request.cookie(), guest.address, now)) {
      out.count(Event.COOKIE);
      byte[] cookie = cookie(guest.address, now / COOKIE_MS);
      out.send(guest, RendezvousWire.cookie(request.transaction(), cookie));
    } else if (request.type() == RendezvousWire.LEAVE) {
      leave(token, guest, out);
    } else {
      meet(token, guest, request, now, out);
    }
  }

  private static void refuse(
      Guest guest, RendezvousWire.Request request, int code, Event why, Effects out) {
    out.count(why);
    out.send(guest, RendezvousWire.refused(request.transaction(), code));
  }

  private boolean isCookie(byte[] shown, TransportAddress address, long now) {
    long window = now / COOKIE_MS;
    return MessageDigest.isEqual(shown, cookie(address, window))
        || MessageDigest.isEqual(shown, cookie(address, window - 1));
  }

  private byte[] cookie(TransportAddress address, long window) {
    byte[] bytes =
        ByteBuffer.allocate(28)
            .putLong(window)
            .putLong(address.hi())
            .putLong(address.lo())
            .putInt(address.port())
            .array();
    return RendezvousToken.mac(cookieKey, bytes, bytes.length);
  }

  private void meet(
      RendezvousToken token, Guest guest, RendezvousWire.Request request, long now, Effects out) {
    Meeting meeting = meetingByName.get(token.meeting());
    Place place = new Place(token.peer(), guest.address.family());
    Peer peer = meeting == null ? null : meeting.peerByPlace.get(place);
    if (peer == null) {
      if (meeting != null && meeting.peerByPlace.size() >= limits.peersOfMeeting) {
        refuse(guest, request, FULL, Event.MEETING_FULL, out);
        return;
      }
      if (peers >= limits.peers || meeting == null && meetingByName.size() >= limits.meetings) {
        refuse(guest, request, FULL, Event.FULL, out);
        return;
      }
      meeting = meetingByName.computeIfAbsent(token.meeting(), name -> new Meeting());
      peer = new Peer(guest, request.note(), now);
      meeting.peerByPlace.put(place, peer);
      meeting.hasNews = true;
      peers++;
      out.count(Event.MET);
    } else if (meeting != null) {
      boolean isOther =
          !peer.guest.address.equals(guest.address) || !Arrays.equals(peer.note, request.note());
      meeting.hasNews |= isOther;
      peer.guest = guest;
      peer.note = request.note();
      peer.seenMs = now;
    }
    if (meeting != null) {
      tell(meeting, token.peer(), peer, request.transaction(), out);
    }
  }

  private void tell(Meeting meeting, String name, Peer peer, byte[] transaction, Effects out) {
    Family family = peer.guest.address.family();
    List<RendezvousWire.Seen> others = new ArrayList<>();
    meeting.peerByPlace.forEach(
        (other, seen) -> {
          boolean isBetterSeen =
              other.family != family
                  && meeting.peerByPlace.containsKey(new Place(other.name, family));
          if (!other.name.equals(name) && !isBetterSeen) {
            others.add(new RendezvousWire.Seen(number(other.name), seen.guest.address, seen.note));
          }
        });
    int life = (int) (limits.lifeMs / 1000);
    out.send(peer.guest, RendezvousWire.here(transaction, life, peer.guest.address, others));
  }

  /** A peer's name, as far as others need it: the same for the same name. */
  private byte[] number(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(RendezvousToken.mac(tokenKey, bytes, bytes.length), 8);
  }

  private void leave(RendezvousToken token, Guest guest, Effects out) {
    Meeting meeting = meetingByName.get(token.meeting());
    Place place = new Place(token.peer(), guest.address.family());
    Peer peer = meeting == null ? null : meeting.peerByPlace.get(place);
    if (meeting != null && peer != null && peer.guest.address.equals(guest.address)) {
      meeting.peerByPlace.remove(place);
      meeting.hasNews = true;
      peers--;
      out.count(Event.LEFT);
    }
  }

  /** Comes round every {@link Limits#tellMs}: tells of changes, and forgets whoever is silent. */
  public void onTime(long now, Effects out) {
    for (Iterator<Meeting> all = meetingByName.values().iterator(); all.hasNext(); ) {
      Meeting meeting = all.next();
      for (Iterator<Peer> each = meeting.peerByPlace.values().iterator(); each.hasNext(); ) {
        if (now - each.next().seenMs >= limits.lifeMs) {
          each.remove();
          meeting.hasNews = true;
          peers--;
          out.count(Event.EXPIRED);
        }
      }
      if (meeting.peerByPlace.isEmpty()) {
        all.remove();
      } else if (meeting.hasNews) {
        meeting.hasNews = false;
        meeting.peerByPlace.forEach(
            (place, peer) -> {
              out.count(Event.TOLD);
              tell(meeting, place.name, peer, UNASKED, out);
            });
      }
    }
  }

  public int meetings() {
    return meetingByName.size();
  }

  public int peers() {
    return peers;
  }
}
