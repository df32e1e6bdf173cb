package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import puente.stun.AttributeType;
import puente.stun.Family;
import puente.stun.TransportAddress;
import puente.turn.store.LocalStore;

/**
 * Random operations in random time against the server and against a model that is so small that it
 * is plainly right. Now and then the server dies and comes back with its snapshots. After every
 * step the two agree on who has what, on every answer's code, on whether data passes, on quotas and
 * on the sum of all ports.
 */
@NullUnmarked
class ModelTest {

  private static final int STEPS = 4000;
  private static final int CLIENTS = 12;
  private static final int PEERS = 4;
  private static final int QUOTA = 7;
  private static final int PORT_MIN = 50000;
  private static final int PORT_MAX = 50007;

  /** What the RFC says an allocation is. */
  private static final class Model {

    final Map<Family, TransportAddress> relayed = new HashMap<>();
    final Map<Family, Long> expiresMs = new HashMap<>();
    final Map<Integer, Long> permissionUntil = new HashMap<>();
    final Map<Integer, Integer> peerOfChannel = new HashMap<>();
    final Map<Integer, Long> channelUntil = new HashMap<>();

    void dropFamily(Family family) {
      relayed.remove(family);
      expiresMs.remove(family);
      permissionUntil.keySet().removeIf(peer -> familyOf(peer) == family);
      peerOfChannel.entrySet().removeIf(entry -> familyOf(entry.getValue()) == family);
      channelUntil.keySet().retainAll(peerOfChannel.keySet());
    }

    void passes(long now) {
      for (Family family : Family.values()) {
        if (expiresMs.containsKey(family) && now >= expiresMs.get(family)) {
          dropFamily(family);
        }
      }
      permissionUntil.values().removeIf(until -> now >= until);
      channelUntil.values().removeIf(until -> now >= until);
      peerOfChannel.keySet().retainAll(channelUntil.keySet());
    }
  }

  private Random random;
  private Lab lab;
  private final Map<Integer, Model> models = new HashMap<>();
  private final Map<Integer, Client> clients = new HashMap<>();
  private final Map<Long, Long> reservedUntil = new HashMap<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void serverAndModelAgree(long seed) {
    run(seed);
  }

  /** A seed of its own each time; a failure names it, and it goes into the list above. */
  @org.junit.jupiter.api.Test
  void serverAndModelAgreeOnAnySeed() {
    run(System.nanoTime());
  }

  private void run(long seed) {
    random = new Random(seed);
    Lifetimes lifetimes = Lifetimes.STANDARD.withQuarantine(2000);
    lab =
        new Lab(
            Lab.noAuth().ports(PORT_MIN, PORT_MAX).lifetimes(lifetimes).build(),
            new LocalStore.Quotas(0, 0, 0, QUOTA),
            seed);
    for (int i = 0; i < CLIENTS; i++) {
      clients.put(i, lab.client("192.0.2.7:" + (4000 + i)));
    }
    int step = 0;
    try {
      for (; step < STEPS; step++) {
        step(random.nextInt(CLIENTS));
        agree();
      }
      lab.passesSeconds(7300);
      lab.assertEmpty();
      assertEquals(0, lab.counters.ports(Counters.PortState.QUARANTINED));
    } catch (AssertionError disagreement) {
      throw new AssertionError("seed " + seed + ", step " + step, disagreement);
    }
  }

  private void step(int who) {
    Client client = clients.get(who);
    Model model = models.get(who);
    if (random.nextInt(100) == 0) {
      lab.restartsWithAll();
      reservedUntil.clear();
    }
    switch (random.nextInt(12)) {
      case 0, 1 -> allocate(who, client, model);
      case 2 -> refresh(who, client, model);
      case 3, 4 -> permit(client, model);
      case 5, 6 -> bind(client, model);
      case 7 -> send(client, model);
      case 8 -> channelData(client, model);
      case 9 -> receive(client, model);
      case 10 -> pass(random.nextInt(400_000));
      default -> pass(random.nextInt(1000));
    }
  }

  private void allocate(int who, Client client, Model model) {
    Sent request = Sent.allocate();
    int kind = random.nextInt(5);
    boolean dual = kind == 1;
    Long token = null;
    switch (kind) {
      case 1 -> request.additionalFamily(2);
      case 2 -> request.evenPort(random.nextBoolean());
      case 3 -> request.family(Family.IPV6);
      case 4 -> {
        token = reservedUntil.isEmpty() ? 1L : reservedUntil.keySet().iterator().next();
        request.token(token);
      }
      default -> {}
    }
    Reply reply = client.sends(request).reply();
    if (model != null) {
      assertEquals(437, reply.code());
      return;
    }
    if (reply.code() != 0) {
      // Full: of allocations, or of ports of this kind; or no such token.
      assertEquals(508, reply.code());
      boolean ports = lab.portsHeld() > 0 || !reservedUntil.isEmpty();
      assertTrue(models.size() >= QUOTA || ports || kind == 4, "refused without a reason");
      return;
    }
    assertTrue(models.size() < QUOTA, "over the quota");
    Model made = new Model();
    for (TransportAddress relayed : reply.allRelayed()) {
      made.relayed.put(relayed.family(), relayed);
      made.expiresMs.put(relayed.family(), lab.now + 600_000);
    }
    assertTrue(dual ? reply.allRelayed().size() >= 1 : reply.allRelayed().size() == 1);
    assertTrue(kind != 2 || reply.relayed().port() % 2 == 0);
    if (kind == 4) {
      assertTrue(reservedUntil.remove(token) != null, "a token that nobody gave");
    }
    if (reply.has(AttributeType.RESERVATION_TOKEN)) {
      reservedUntil.put(reply.token(), lab.now + 30_000);
    }
    models.put(who, made);
  }

  private void refresh(int who, Client client, Model model) {
    Sent request = Sent.refresh();
    int lifetime = random.nextInt(3) == 0 ? 0 : random.nextInt(5000);
    request.lifetime(lifetime);
    Family only = random.nextInt(3) > 0 ? null : Family.values()[random.nextInt(2)];
    if (only != null) {
      request.family(only);
    }
    int code = client.sends(request).reply().code();
    if (model == null) {
      assertEquals(437, code);
    } else if (only != null && !model.relayed.containsKey(only)) {
      assertEquals(443, code);
    } else {
      assertEquals(0, code);
      long until = lab.now + 1000L * Math.clamp(lifetime, 600, 3600);
      for (Family family : List.copyOf(model.relayed.keySet())) {
        if (only == null || only == family) {
          model.expiresMs.put(family, until);
          if (lifetime == 0) {
            model.dropFamily(family);
          }
        }
      }
      if (model.relayed.isEmpty()) {
        models.remove(who);
      }
    }
  }

  private void permit(Client client, Model model) {
    List<Integer> peers = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      peers.add(random.nextInt(2 * PEERS));
    }
    boolean forbidden = random.nextInt(6) == 0;
    Sent request = Sent.createPermission();
    peers.forEach(peer -> request.peer(addressOf(peer, 1)));
    if (forbidden) {
      request.peer("127.0.0.1:80");
    }
    int code = client.sends(request).reply().code();
    if (model == null) {
      assertEquals(437, code);
    } else if (!peers.stream().allMatch(peer -> model.relayed.containsKey(familyOf(peer)))) {
      assertTrue(code == 443 || code == 403);
    } else if (forbidden) {
      assertEquals(model.relayed.containsKey(Family.IPV4) ? 403 : 443, code);
    } else {
      assertEquals(0, code);
      peers.forEach(peer -> model.permissionUntil.put(peer, lab.now + 300_000));
    }
  }

  private void bind(Client client, Model model) {
    int peer = random.nextInt(2 * PEERS);
    int number = 0x4000 + random.nextInt(5);
    int code = client.sends(Sent.channelBind(number, addressOf(peer, 7000))).reply().code();
    if (model == null) {
      assertEquals(437, code);
      return;
    }
    Integer bound = model.peerOfChannel.get(number);
    boolean conflict =
        bound != null && bound != peer || bound == null && model.peerOfChannel.containsValue(peer);
    if (conflict) {
      assertEquals(400, code);
    } else if (!model.relayed.containsKey(familyOf(peer))) {
      assertEquals(443, code);
    } else {
      assertEquals(0, code);
      model.peerOfChannel.put(number, peer);
      model.channelUntil.put(number, lab.now + 600_000);
      model.permissionUntil.put(peer, lab.now + 300_000);
    }
  }

  private void send(Client client, Model model) {
    int peer = random.nextInt(2 * PEERS);
    client.sends(Sent.send(addressOf(peer, 7001), "x"));
    boolean passes = model != null && model.permissionUntil.containsKey(peer);
    assertEquals(passes ? 1 : 0, lab.atPeers.size());
    if (passes) {
      Lab.AtPeer arrived = lab.atPeers.remove();
      assertEquals(Lab.address(addressOf(peer, 7001)), arrived.to());
      assertEquals(model.relayed.get(familyOf(peer)), arrived.from().advertised());
    }
  }

  private void channelData(Client client, Model model) {
    int number = 0x4000 + random.nextInt(5);
    client.sendsChannelData(number, "x");
    Integer peer = model == null ? null : model.peerOfChannel.get(number);
    boolean passes = peer != null && model.permissionUntil.containsKey(peer);
    assertEquals(passes ? 1 : 0, lab.atPeers.size());
    if (passes) {
      Lab.AtPeer arrived = lab.atPeers.remove();
      assertEquals(Lab.address(addressOf(peer, 7000)), arrived.to());
      assertEquals(model.relayed.get(familyOf(peer)), arrived.from().advertised());
    }
  }

  private void receive(Client client, Model model) {
    int peer = random.nextInt(2 * PEERS);
    TransportAddress relayed = model == null ? null : model.relayed.get(familyOf(peer));
    if (relayed == null) {
      return;
    }
    lab.peerSends(Lab.address(addressOf(peer, 7000)), relayed, "y");
    if (!model.permissionUntil.containsKey(peer)) {
      client.receivesNothing();
      return;
    }
    Integer channel = null;
    for (Map.Entry<Integer, Integer> entry : model.peerOfChannel.entrySet()) {
      channel = entry.getValue() == peer ? entry.getKey() : channel;
    }
    if (channel == null) {
      client.receivesData(addressOf(peer, 7000), "y");
    } else {
      client.receivesOnChannel(channel, "y");
    }
    client.receivesNothing();
  }

  private void pass(long ms) {
    lab.passes(ms);
    models.values().forEach(model -> model.passes(lab.now));
    models.values().removeIf(model -> model.relayed.isEmpty());
    reservedUntil.values().removeIf(until -> lab.now >= until);
  }

  private void agree() {
    assertEquals(models.size(), lab.server.allocations(), "allocations");
    assertEquals(models.size(), lab.store.size(), "grants");
    int relayed = 0;
    int channels = 0;
    for (Model model : models.values()) {
      relayed += model.relayed.size();
      channels += model.peerOfChannel.size();
    }
    assertEquals(relayed, lab.counters.ports(Counters.PortState.USED), "ports used");
    assertEquals(reservedUntil.size(), lab.counters.ports(Counters.PortState.RESERVED), "reserved");
    assertEquals(relayed, lab.open.size(), "sockets");
    assertEquals(channels, lab.counters.channels(), "channels");
    assertEquals(0, lab.atPeers.size());
  }

  private static Family familyOf(int peer) {
    return peer < PEERS ? Family.IPV4 : Family.IPV6;
  }

  private static String addressOf(int peer, int port) {
    return peer < PEERS ? "192.0.2.20" + peer + ":" + port : "[2001:db8::" + peer + "]:" + port;
  }
}
