package puente.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class IceServersTest {
  /** RFC 7064 §3.1 and RFC 7065 §3.1. */
  @Test
  void urlsAreUnderstood() {
    IceServers servers =
        servers(
            "stun:192.0.2.1",
            "turn:192.0.2.1:3479?transport=udp",
            "turn:[2001:db8::1]?transport=tcp",
            "turns:192.0.2.1?transport=tcp");
    assertEquals(List.of(new InetSocketAddress("192.0.2.1", 3478)), servers.stun());
    assertEquals(
        List.of(
            relay(IceServers.Way.UDP, "192.0.2.1", 3479),
            relay(IceServers.Way.TCP, "2001:db8::1", 3478),
            relay(IceServers.Way.TLS, "192.0.2.1", 5349)),
        servers.relays());
  }

  @Test
  void whatIsNotUnderstoodIsLeftOut() {
    IceServers servers =
        servers(
            "turn:192.0.2.1:99999",
            "turn:192.0.2.1:99999999999",
            "turns:192.0.2.1?transport=udp", // TURN over DTLS
            "http://192.0.2.1",
            "stun:192.0.2.2");
    assertEquals(List.of(new InetSocketAddress("192.0.2.2", 3478)), servers.stun());
    assertEquals(List.of(), servers.relays());
  }

  private static IceServers servers(String... urls) {
    JsonObject entry = new JsonObject().put("username", "u").put("credential", "p");
    return IceServers.of(JsonArray.of(entry.put("urls", new JsonArray(List.of(urls)))));
  }

  private static IceServers.Relay relay(IceServers.Way way, String host, int port) {
    return new IceServers.Relay(way, new InetSocketAddress(host, port), host, "u", "p");
  }
}
