package puente.peer;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Hole punching over UDP without ICE, as a function of datagrams and time. Two sockets learn each
 * other's public addresses at a rendezvous, by IPv4, IPv6 or both, and send to them at once: the
 * packets of each open its own NAT for those of the other.
 */
final class Punch {
  private static final byte[] NOTHING = {};

  /** How often what was not answered is said again, while nothing is open yet. */
  static final long KNOCK_MS = 150;

  static final long ASK_MS = 500;
  static final long MEET_MS = 10_000;
  static final long ALIVE_MS = 2_000;
  static final long SILENCE_MS = 20_000;

  /** Places that are knocked at: 15 others, and where their NATs send from instead. */
  private static final int TARGETS_MAX = 64;

  /** What it asks of the world. */
  interface Effects {
    void send(InetSocketAddress to, byte[] datagram);

    /** Why a packet went out or what one meant, for people. */
    void explain(String what);

    void open(InetSocketAddress peer, String name, InetSocketAddress own);

    void text(String text);

    /** No more: the other left or fell silent, or the server refused. */
    void closed(String why);
  }

  /**
   * @param servers one of each address family that this host has
   * @param own a number that nobody guesses, by which answers to this side are known
   */
  record Self(byte[] token, List<InetSocketAddress> servers, String name, long own) {}

  /** The rendezvous by one address family. */
  private static final class Door {
    final InetSocketAddress server;
    byte[] cookie = new byte[Meeting.COOKIE_BYTES];
    long transaction;
    long nextMeet;
    boolean isRefused;

    /** How the server sees this socket. */
    @Nullable InetSocketAddress own;

    Door(InetSocketAddress server, long now) {
      this.server = server;
      nextMeet = now;
    }
  }

  private final Self self;
  private final RandomGenerator random;
  private final Effects out;
  private final Set<InetSocketAddress> targets = new LinkedHashSet<>();
  private final Map<InetSocketAddress, String> names = new LinkedHashMap<>();
  private final List<Door> doors;
  private long nextKnock = Long.MAX_VALUE;
  private long nextAlive = Long.MAX_VALUE;
  private long heardAt;
  private @Nullable InetSocketAddress peer;
  private long peerNonce;
  private boolean isMutual;
  private boolean isOver;

  Punch(Self self, RandomGenerator random, long now, Effects out) {
    this.self = self;
    this.random = random;
    this.out = out;
    doors = self.servers.stream().map(server -> new Door(server, now)).toList();
  }

  boolean isOver() {
    return isOver;
  }

  /** Whether the other is known to have the path, too. */
  boolean isMutual() {
    return isMutual;
  }

  /** Whether the server has told anything, and whether there was anybody. */
  String stage() {
    if (doors.stream().noneMatch(door -> door.own != null)) {
      String all = String.join(", ", self.servers.stream().map(Punch::text).toList());
      return "the rendezvous " + all + " does not answer over UDP";
    }
    if (!targets.isEmpty() && targets.stream().allMatch(to -> own(to) == null)) {
      return "the other is there, but by another address family than this side has (use 'puente"
          + " chat', whose relay joins both)";
    }
    return targets.isEmpty()
        ? "nobody else came"
        : "the other is there, but no packet comes through: one of the NATs gives every"
            + " destination another port (use 'puente chat', which has the relay)";
  }

  long nextDeadline() {
    long nextMeet = doors.stream().mapToLong(door -> door.nextMeet).min().orElse(Long.MAX_VALUE);
    return Math.min(nextMeet, Math.min(nextKnock, nextAlive));
  }

  void onTime(long now) {
    for (Door door : doors) {
      if (now >= door.nextMeet) {
        meet(door, now);
      }
    }
    if (peer == null && now >= nextKnock) {
      targets.forEach(this::knock);
      nextKnock = targets.isEmpty() ? Long.MAX_VALUE : now + KNOCK_MS;
    }
    if (peer != null && now >= nextAlive) {
      nextAlive = now + (isMutual ? ALIVE_MS : KNOCK_MS);
      if (now - heardAt > SILENCE_MS) {
        end("the other has not been heard for " + SILENCE_MS / 1000 + " s");
      } else {
        say(peer, Meeting.Word.ALIVE, NOTHING, "ALIVE: keeps both NATs' mappings");
      }
    }
  }

  void onDatagram(byte[] datagram, InetSocketAddress from, long now) {
    for (Door door : doors) {
      if (from.equals(door.server)) {
        Meeting.Answer answer = Meeting.answer(datagram);
        if (answer != null
            && (answer.transaction() == door.transaction || answer.transaction() == 0)) {
          onAnswer(door, answer, now);
        }
        return;
      }
    }
    Meeting.Said said = Meeting.said(datagram);
    if (said != null) {
      onSaid(said, from, now);
    }
  }

  private void onAnswer(Door door, Meeting.Answer answer, long now) {
    switch (answer) {
      case Meeting.Cookie it -> {
        out.explain("< COOKIE: the server wants to see that answers reach this address");
        door.cookie = it.cookie();
        meet(door, now);
      }
      case Meeting.Refused it -> refused(door, it.code());
      case Meeting.Here it -> here(door, it, now);
    }
  }

  /** An open path needs no rendezvous, whose tokens last minutes; nor does another family's place. */
  private void refused(Door door, int code) {
    String why = refusal(code);
    out.explain("< REFUSED: " + why);
    door.isRefused = true;
    door.nextMeet = Long.MAX_VALUE;
    if (peer == null && doors.stream().allMatch(each -> each.isRefused || each.own == null)) {
      end(why);
    }
  }

  private static String refusal(int code) {
    return switch (code) {
      case 41 -> "the rendezvous does not know the token";
      case 44 -> "the token has expired";
      case 50 -> "no place at the rendezvous";
      default -> "the rendezvous refused: " + code;
    };
  }

  private void here(Door door, Meeting.Here here, long now) {
    if (!here.own().equals(door.own)) {
      door.own = here.own();
      out.explain("< HERE: the server sees this socket as " + text(here.own()));
    }
    door.nextMeet = Math.min(door.nextMeet, now + MEET_MS);
    List<InetSocketAddress> fresh = new ArrayList<>();
    for (Meeting.Seen seen : here.others()) {
      names.put(seen.address(), seen.name());
      if (targets.size() < TARGETS_MAX && targets.add(seen.address())) {
        out.explain("< HERE: " + seen.name() + " is seen as " + text(seen.address()));
        fresh.add(seen.address());
      }
    }
    if (!fresh.isEmpty() && peer == null) {
      nextKnock = now;
      onTime(now);
    }
  }

  private void onSaid(Meeting.Said said, InetSocketAddress from, long now) {
    boolean isThird = peer != null && said.nonce() != peerNonce; // this path is for two
    if (isThird || said.nonce() == self.own) {
      return;
    }
    switch (said.word()) {
      case KNOCK -> knocked(said, from);
      case OPEN -> opened(said, from, now);
      case TEXT, ALIVE, BYE -> heard(said, from, now);
    }
  }

  private void knocked(Meeting.Said said, InetSocketAddress from) {
    if (targets.size() < TARGETS_MAX && targets.add(from)) {
      out.explain(
          "< KNOCK from " + text(from) + ", which the server did not name: that NAT maps anew");
      names.put(from, said.text());
    }
    out.explain("> OPEN to " + text(from) + ": your packets come in here");
    out.send(
        from,
        Meeting.said(
            Meeting.Word.OPEN, self.own, said.nonce(), self.name.getBytes(StandardCharsets.UTF_8)));
  }

  private void opened(Meeting.Said said, InetSocketAddress from, long now) {
    InetSocketAddress own = own(from);
    if (said.yours() != self.own || peer != null || own == null) {
      return;
    }
    out.explain("< OPEN from " + text(from) + ": packets go both ways, the path is there");
    peer = from;
    peerNonce = said.nonce();
    heardAt = now;
    nextKnock = Long.MAX_VALUE;
    nextAlive = now; // tells a side that waits for its own answer to knock that this one is in
    String told = said.word() == Meeting.Word.OPEN ? said.text() : "";
    out.open(from, told.isEmpty() ? names.getOrDefault(from, "") : told, own);
  }

  /** How this side is seen where that place is; null if it is not known, or of no use there. */
  private @Nullable InetSocketAddress own(InetSocketAddress there) {
    for (Door door : doors) {
      InetSocketAddress own = door.own;
      if (own != null && own.getAddress().getClass() == there.getAddress().getClass()) {
        return own;
      }
    }
    return null;
  }

  private void heard(Meeting.Said said, InetSocketAddress from, long now) {
    if (said.yours() != self.own) {
      return;
    }
    // If its answer was lost: it has seen this side's number, so the path is there.
    opened(said, from, now);
    heardAt = now;
    isMutual = true;
    if (said.word() == Meeting.Word.TEXT) {
      out.text(said.text());
    } else if (said.word() == Meeting.Word.BYE) {
      end("the other left");
    }
  }

  /** Says a line to the other; there must be a path. */
  void text(String line) {
    InetSocketAddress to = peer;
    if (to != null) {
      say(to, Meeting.Word.TEXT, line.getBytes(StandardCharsets.UTF_8), "TEXT");
    }
  }

  /** In order: the server and the other need not wait for silence. */
  void leave() {
    InetSocketAddress to = peer;
    if (to != null) {
      say(to, Meeting.Word.BYE, NOTHING, "BYE");
    }
    retire();
    isOver = true;
  }

  /** The rendezvous may forget this side. */
  void retire() {
    for (Door door : doors) {
      long transaction = random.nextLong();
      out.send(
          door.server,
          Meeting.request(Meeting.LEAVE, transaction, door.cookie, self.token, NOTHING));
    }
  }

  private void meet(Door door, long now) {
    door.transaction = random.nextLong();
    door.nextMeet = now + (door.own == null && peer == null ? ASK_MS : MEET_MS);
    out.explain(
        door.own == null
            ? "> MEET to " + text(door.server) + ": here I am, who else is?"
            : "> MEET: keeps the NAT's mapping towards the server, and the place there");
    byte[] note = self.name.getBytes(StandardCharsets.UTF_8);
    out.send(
        door.server,
        Meeting.request(Meeting.MEET, door.transaction, door.cookie, self.token, note));
  }

  private void knock(InetSocketAddress to) {
    out.explain("> KNOCK to " + text(to) + ": opens the own NAT for answers from there");
    byte[] name = self.name.getBytes(StandardCharsets.UTF_8);
    out.send(to, Meeting.said(Meeting.Word.KNOCK, self.own, 0, name));
  }

  private void say(InetSocketAddress to, Meeting.Word word, byte[] rest, String why) {
    out.explain("> " + why);
    out.send(to, Meeting.said(word, self.own, peerNonce, rest));
  }

  private void end(String why) {
    isOver = true;
    out.closed(why);
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
