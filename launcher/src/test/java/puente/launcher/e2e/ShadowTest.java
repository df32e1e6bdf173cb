package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The same requests to coturn and to us: class, error code and attributes of each answer are the
 * same, or the difference stands in docs/MIGRATION.md, and nothing else does.
 */
@Tag("e2e")
@Timeout(300)
class ShadowTest {
  private static final byte[] UDP = {17, 0, 0, 0};
  private static final int DONT_FRAGMENT = 0x001A;
  private static final InetSocketAddress PEER = peer("127.0.0.1", 9);
  private static final String BEGIN = "<!-- shadow: what coturn and Puente answer differently -->";

  private static final Map<Integer, String> ATTRIBUTES =
      Map.ofEntries(
          Map.entry(0x0001, "MAPPED-ADDRESS"),
          Map.entry(0x0008, "MESSAGE-INTEGRITY"),
          Map.entry(0x0009, "ERROR-CODE"),
          Map.entry(0x000A, "UNKNOWN-ATTRIBUTES"),
          Map.entry(0x000D, "LIFETIME"),
          Map.entry(0x0014, "REALM"),
          Map.entry(0x0015, "NONCE"),
          Map.entry(0x0016, "XOR-RELAYED-ADDRESS"),
          Map.entry(0x0020, "XOR-MAPPED-ADDRESS"),
          Map.entry(0x0022, "RESERVATION-TOKEN"),
          Map.entry(0x8001, "ADDRESS-ERROR-CODE"),
          Map.entry(0x8002, "PASSWORD-ALGORITHMS"),
          Map.entry(0x8022, "SOFTWARE"),
          Map.entry(0x8028, "FINGERPRINT"),
          Map.entry(0x802B, "RESPONSE-ORIGIN"),
          Map.entry(0x802C, "OTHER-ADDRESS"));

  /** Asks a new client's server something; the last answer counts. */
  private interface Scenario extends Function<TurnClient, byte[]> {}

  private static Map<String, Scenario> scenarios() {
    Map<String, Scenario> all = new LinkedHashMap<>();
    strangers(all);
    allocations(all);
    permissions(all);
    channels(all);
    return all;
  }

  private static void strangers(Map<String, Scenario> all) {
    all.put("Binding", client -> client.exchange(Stun.request(Stun.BINDING).bytes()));
    all.put(
        "Binding with an unknown attribute",
        client -> client.exchange(Stun.request(Stun.BINDING).with(0x7FF0, UDP).bytes()));
    all.put(
        "Allocate of a stranger",
        client ->
            client.exchange(
                Stun.request(Stun.ALLOCATE).with(Stun.REQUESTED_TRANSPORT, UDP).bytes()));
  }

  private static void allocations(Map<String, Scenario> all) {
    all.put("Allocate", client -> allocate(client));
    all.put("Allocate again", client -> after(client, c -> allocate(c)));
    all.put("Allocate without transport", client -> client.signed(Stun.ALLOCATE, m -> {}));
    all.put("Allocate for an unknown transport", client -> allocate(client, 99));
    all.put(
        "Allocate a pair of ports",
        client -> allocate(client, Stun.EVEN_PORT, new byte[] {(byte) 0x80}));
    all.put(
        "Allocate with a token and a pair",
        client ->
            client.signed(
                Stun.ALLOCATE,
                m ->
                    m.with(Stun.REQUESTED_TRANSPORT, UDP)
                        .with(Stun.EVEN_PORT, new byte[] {(byte) 0x80})
                        .with(Stun.RESERVATION_TOKEN, new byte[8])));
    all.put(
        "Allocate with an unknown token",
        client -> allocate(client, Stun.RESERVATION_TOKEN, new byte[8]));
    all.put(
        "Allocate in IPv6",
        client -> allocate(client, Stun.REQUESTED_ADDRESS_FAMILY, new byte[] {2, 0, 0, 0}));
    all.put(
        "Allocate in an unknown family",
        client -> allocate(client, Stun.REQUESTED_ADDRESS_FAMILY, new byte[] {9, 0, 0, 0}));
    all.put("Allocate unfragmented", client -> allocate(client, DONT_FRAGMENT, new byte[0]));
    all.put("Refresh", client -> after(client, c -> refresh(c, 600)));
    all.put("Refresh with lifetime 0", client -> after(client, c -> refresh(c, 0)));
    all.put("Refresh without an allocation", client -> refresh(client, 600));
  }

  private static void permissions(Map<String, Scenario> all) {
    all.put("CreatePermission", client -> after(client, c -> permit(c, PEER)));
    all.put("CreatePermission without an allocation", client -> permit(client, PEER));
    all.put(
        "CreatePermission without a peer",
        client -> after(client, c -> c.signed(Stun.CREATE_PERMISSION, m -> {})));
    all.put("CreatePermission for IPv6", client -> after(client, c -> permit(c, peer("::1", 9))));
    all.put(
        "CreatePermission for a denied peer",
        client -> after(client, c -> permit(c, peer("203.0.113.9", 9))));
    all.put(
        "CreatePermission for a private peer",
        client -> after(client, c -> permit(c, peer("10.1.2.3", 9))));
  }

  private static void channels(Map<String, Scenario> all) {
    all.put("ChannelBind", client -> after(client, c -> bind(c, 0x4000, PEER)));
    all.put(
        "ChannelBind again",
        client ->
            after(
                client,
                c -> {
                  bind(c, 0x4000, PEER);
                  return bind(c, 0x4000, PEER);
                }));
    all.put(
        "ChannelBind of a channel in use",
        client ->
            after(
                client,
                c -> {
                  bind(c, 0x4000, PEER);
                  return bind(c, 0x4000, peer("127.0.0.1", 10));
                }));
    all.put(
        "ChannelBind of a peer that has one",
        client ->
            after(
                client,
                c -> {
                  bind(c, 0x4000, PEER);
                  return bind(c, 0x4001, PEER);
                }));
    all.put("ChannelBind to 0x3FFF", client -> after(client, c -> bind(c, 0x3FFF, PEER)));
    all.put("ChannelBind to 0x5000", client -> after(client, c -> bind(c, 0x5000, PEER)));
    all.put("ChannelBind without an allocation", client -> bind(client, 0x4000, PEER));
    all.put(
        "ChannelBind without a peer",
        client ->
            after(
                client,
                c ->
                    c.signed(
                        Stun.CHANNEL_BIND,
                        m -> m.with(Stun.CHANNEL_NUMBER, new byte[] {0x40, 0, 0, 0}))));
    all.put(
        "A nonce of nobody's",
        client ->
            after(
                client,
                c ->
                    c.exchange(
                        Stun.request(Stun.REFRESH)
                            .with(Stun.USERNAME, ServerProcess.USER)
                            .with(Stun.REALM, ServerProcess.REALM)
                            .with(Stun.NONCE, "0123456789abcdef")
                            .signed(
                                Stun.key(
                                    ServerProcess.USER,
                                    ServerProcess.REALM,
                                    ServerProcess.PASSWORD)))));
  }

  private static byte[] after(TurnClient client, Scenario then) {
    TurnClient.succeeded(allocate(client));
    return then.apply(client);
  }

  private static byte[] allocate(TurnClient client) {
    return client.signed(Stun.ALLOCATE, m -> m.with(Stun.REQUESTED_TRANSPORT, UDP));
  }

  private static byte[] allocate(TurnClient client, int transport) {
    byte[] value = {(byte) transport, 0, 0, 0};
    return client.signed(Stun.ALLOCATE, m -> m.with(Stun.REQUESTED_TRANSPORT, value));
  }

  private static byte[] allocate(TurnClient client, int attribute, byte[] value) {
    return client.signed(
        Stun.ALLOCATE, m -> m.with(Stun.REQUESTED_TRANSPORT, UDP).with(attribute, value));
  }

  private static byte[] refresh(TurnClient client, int seconds) {
    byte[] value = ByteBuffer.allocate(4).putInt(seconds).array();
    return client.signed(Stun.REFRESH, m -> m.with(Stun.LIFETIME, value));
  }

  private static byte[] permit(TurnClient client, InetSocketAddress peer) {
    return client.signed(Stun.CREATE_PERMISSION, m -> m.with(Stun.XOR_PEER_ADDRESS, peer));
  }

  private static byte[] bind(TurnClient client, int channel, InetSocketAddress peer) {
    byte[] number = ByteBuffer.allocate(4).putInt(channel << 16).array();
    return client.signed(
        Stun.CHANNEL_BIND,
        m -> m.with(Stun.CHANNEL_NUMBER, number).with(Stun.XOR_PEER_ADDRESS, peer));
  }

  private static InetSocketAddress peer(String ip, int port) {
    return new InetSocketAddress(InetAddress.ofLiteral(ip), port);
  }

  @Test
  void differencesAreThoseOfTheGuide() throws Exception {
    assumeTrue(ServerProcess.isPuente(), "both at once");
    Program.require("turnserver");
    Path folder = Files.createDirectories(Path.of("target", "e2e", "shadow").toAbsolutePath());
    int port = Ports.free(2);
    int relays = Ports.free(200);
    Program coturn = coturn(folder, port, relays);
    try (var ours = ServerProcess.start("shadow", "denied-peer-ip=203.0.113.0-203.0.113.255")) {
      InetSocketAddress theirs = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
      awaitBinding(theirs);
      Map<String, String> differences = new TreeMap<>();
      scenarios()
          .forEach(
              (name, scenario) -> {
                String coturns = answer(theirs, scenario);
                String puentes = answer(ours.address(), scenario);
                if (!coturns.equals(puentes)) {
                  differences.put(name, coturns + " | " + puentes);
                }
              });
      assertEquals(text(documented()), text(differences));
    } finally {
      coturn.end();
    }
  }

  private static Program coturn(Path folder, int port, int relays) {
    return Program.start(
        folder.resolve("coturn.log"),
        "turnserver",
        "-n",
        "--no-cli",
        "--log-file=stdout",
        "--pidfile=" + folder.resolve("pid"),
        "--userdb=" + folder.resolve("db"),
        "--listening-ip=127.0.0.1",
        "--listening-ip=::1",
        "--relay-ip=127.0.0.1",
        "--relay-ip=::1",
        "--listening-port=" + port,
        "--no-tls",
        "--no-dtls",
        "--no-software-attribute",
        "--min-port=" + relays,
        "--max-port=" + (relays + 199),
        "--realm=" + ServerProcess.REALM,
        "--lt-cred-mech",
        "--user=" + ServerProcess.USER + ":" + ServerProcess.PASSWORD,
        "--denied-peer-ip=203.0.113.0-203.0.113.255",
        "--allow-loopback-peers");
  }

  private static void awaitBinding(InetSocketAddress server) throws IOException {
    for (int attempt = 0; ; attempt++) {
      try (var client = client(server)) {
        client.ping();
        return;
      } catch (AssertionError notYet) {
        if (attempt == 4) {
          throw notYet;
        }
      }
    }
  }

  private static TurnClient client(InetSocketAddress server) throws IOException {
    return new TurnClient(
        new TurnClient.Datagrams(server), ServerProcess.USER, ServerProcess.PASSWORD);
  }

  private static String answer(InetSocketAddress server, Scenario scenario) {
    try (var client = client(server)) {
      return described(scenario.apply(client));
    } catch (IOException broken) {
      throw new AssertionError(broken);
    } catch (AssertionError silence) {
      if (String.valueOf(silence.getMessage()).startsWith("no answer")) {
        return "silence";
      }
      throw silence;
    }
  }

  /** Such as {@code 437 ERROR-CODE, MESSAGE-INTEGRITY}. */
  private static String described(byte[] answer) {
    TreeSet<String> names = new TreeSet<>();
    ByteBuffer bytes = ByteBuffer.wrap(answer);
    for (int at = Stun.HEADER; at + 4 <= answer.length; ) {
      int type = bytes.getShort(at) & 0xFFFF;
      names.add(ATTRIBUTES.getOrDefault(type, String.format("0x%04X", type)));
      at += 4 + ((bytes.getShort(at + 2) & 0xFFFF) + 3 & ~3);
    }
    boolean success = (Stun.type(answer) & Stun.ERROR) == Stun.SUCCESS;
    return (success ? "success" : Stun.errorCode(answer)) + ": " + String.join(", ", names);
  }

  /** The rows of the table in the guide: name, coturn's answer, ours, and why. */
  private static Map<String, String> documented() throws IOException {
    Map<String, String> rows = new TreeMap<>();
    boolean in = false;
    for (String line :
        Files.readAllLines(Path.of("..", "docs", "MIGRATION.md"), StandardCharsets.UTF_8)) {
      in = line.equals(BEGIN) || in && (line.startsWith("|") || line.isBlank());
      String[] cells = line.split("\\|");
      if (in && cells.length > 4 && !cells[1].startsWith("-") && !cells[1].equals(" request ")) {
        rows.put(cells[1].strip(), cells[2].strip() + " | " + cells[3].strip());
      }
    }
    return rows;
  }

  private static String text(Map<String, String> rows) {
    List<String> lines = new ArrayList<>();
    rows.forEach((name, answers) -> lines.add("| " + name + " | " + answers + " |"));
    return String.join("\n", lines);
  }
}
