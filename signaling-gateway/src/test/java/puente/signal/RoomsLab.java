package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** {@link Rooms} in virtual time, with clients that remember what they hear. */
final class RoomsLab implements Rooms.Effects {
  static final RoomLimits LIMITS =
      new RoomLimits(50, 20, 4, 3, 50, 200, 8, 4096, 0x1_0000, 30_000, 25_000, 10_000, 60_000);

  /** One connection. */
  final class Client {
    final long number;
    final Deque<Map<String, @Nullable Object>> heard = new ArrayDeque<>();
    int closed;
    @Nullable String sid;
    @Nullable String key;
    @Nullable String peerId;
    long lastSeq;

    Client(long number) {
      this.number = number;
    }

    Client says(String text) {
      try {
        Signal.FromClient message = SignalParser.parse(text.replace('\'', '"'));
        rooms.onMessage(number, message, now, RoomsLab.this);
      } catch (SignalParser.Refused refused) {
        rooms.onMalformed(number, refused, RoomsLab.this);
      }
      return this;
    }

    Client hello(Grant grant, String text) {
      try {
        Signal.FromClient message = SignalParser.parse(text.replace('\'', '"'));
        rooms.onHello(number, (Signal.Hello) message, grant, now, RoomsLab.this);
        return this;
      } catch (SignalParser.Refused refused) {
        throw new AssertionError(refused);
      }
    }

    /** The next thing heard, of that type. */
    Map<String, @Nullable Object> hears(String type) {
      Map<String, @Nullable Object> next = heard.poll();
      assertNotNull(next, "nothing came, expected " + type);
      assertEquals(type, next.get("t"), next.toString());
      return next;
    }

    Map<String, @Nullable Object> hearsData(String type) {
      return data(hears(type));
    }

    void fails(String code) {
      assertEquals(code, hearsData("error").get("code"));
    }

    void hearsNothing() {
      assertEquals(List.of(), List.copyOf(heard));
    }

    void drops() {
      rooms.onClosed(number, now);
    }
  }

  static Map<String, @Nullable Object> data(Map<String, @Nullable Object> frame) {
    return frame.get("d") instanceof Map<?, ?> map ? Json.checked(map) : Map.of();
  }

  final Rooms rooms;
  final Map<Long, Client> clientByNumber = new HashMap<>();
  final Map<Rooms.Event, Integer> counts = new HashMap<>();
  long now = 1_000_000;
  int iceMade;
  private long numbers;

  RoomsLab(long seed) {
    this(seed, LIMITS);
  }

  RoomsLab(long seed, RoomLimits limits) {
    this(seed, limits, "n1", null);
  }

  /** With other nodes. */
  RoomsLab(long seed, RoomLimits limits, String node, @Nullable Fleet fleet) {
    if (fleet == null) {
      rooms = new Rooms(limits, node, Roster.NONE, new Random(seed));
    } else {
      FarRooms far = new FarRooms(fleet, limits, this, seed << 40);
      rooms = new Rooms(limits, node, far, new Random(seed));
      far.attach(rooms);
    }
  }

  Client opens() {
    Client client = new Client(++numbers);
    clientByNumber.put(client.number, client);
    rooms.onOpen(client.number, now, this);
    return client;
  }

  Client connects(String id) {
    Client client = opens().hello(Grant.BACKEND, "{'t':'hello','d':{'peerId':'" + id + "'}}");
    client.hearsData("welcome");
    return client;
  }

  Client joins(String id, String room) {
    Client client = connects(id);
    client.says("{'t':'join','room':'" + room + "'}").hears("joined");
    return client;
  }

  Client comesBack(Client before) {
    Client client = opens();
    client.lastSeq = before.lastSeq;
    return client.hello(
        Grant.BACKEND,
        "{'t':'hello','d':{'peerId':'%s','resume':{'sid':'%s','key':'%s','lastSeq':%d}}}"
            .formatted(before.peerId, before.sid, before.key, before.lastSeq));
  }

  void waits(long ms) {
    for (long end = now + ms; now < end; ) {
      now = Math.min(end, now + 1000);
      rooms.onTime(now, this);
    }
  }

  @Override
  public void send(long connection, String text) {
    Client client = clientByNumber.get(connection);
    assertNotNull(client);
    try {
      Map<String, @Nullable Object> frame = Json.object(text);
      if (frame.get("seq") instanceof Long seq) {
        assertEquals(client.lastSeq == 0 ? seq : client.lastSeq + 1, seq, "numbers have no gaps");
        client.lastSeq = seq;
      }
      if ("welcome".equals(frame.get("t"))) {
        Map<String, @Nullable Object> d = data(frame);
        client.sid = (String) d.get("sid");
        client.key = (String) d.get("resumeKey");
        client.peerId = (String) d.get("peerId");
      }
      client.heard.add(frame);
    } catch (Json.Malformed malformed) {
      throw new AssertionError(text, malformed);
    }
  }

  @Override
  public void close(long connection, int code, String reason) {
    Client client = clientByNumber.get(connection);
    assertNotNull(client);
    client.closed = code;
    rooms.onClosed(connection, now);
  }

  @Override
  public Signal.IceList ice(long connection, String user) {
    iceMade++;
    return new Signal.IceList(List.of(Map.of("urls", "turn:" + user)), 3600, 2700);
  }

  @Override
  public void count(Rooms.Event event) {
    counts.merge(event, 1, Integer::sum);
  }
}
