package puente.outside;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.net.Addresses;
import puente.stun.AttributeType;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;

/** Imitations of the clouds' metadata services, as their documents show them. */
@Timeout(30)
class OutsideAddressTest {
  private static final String V4 = "203.0.114.7";
  private static final String V6 = "2a00:1450::7";

  /** What is answered, by method and path; a header that must come with it after a bar. */
  private final Map<String, String> pages = new HashMap<>();

  private final Map<String, String> demanded = new HashMap<>();
  private HttpServer server;
  private final List<DatagramSocket> stuns = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    stuns.forEach(DatagramSocket::close);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String asked = exchange.getRequestMethod() + " " + exchange.getRequestURI();
    String page = pages.get(asked);
    String header = demanded.get(asked);
    if (header != null) {
      String[] words = header.split(": ");
      if (!words[1].equals(exchange.getRequestHeaders().getFirst(words[0]))) {
        page = null;
      }
    }
    byte[] body = (page == null ? "<html>404</html>" : page).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(page == null ? 404 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private void page(String asked, String header, String body) {
    pages.put(asked, body);
    if (!header.isEmpty()) {
      demanded.put(asked, header);
    }
  }

  private OutsideAddress.Answer find(String... stunServers) {
    String base = "http://127.0.0.1:" + server.getAddress().getPort();
    return OutsideAddress.find(base, List.of(stunServers));
  }

  private static List<String> text(OutsideAddress.Answer answer) {
    return answer.addresses().stream()
        .map(found -> found.address().getHostAddress() + " " + found.source())
        .toList();
  }

  @Test
  void amazonTellsWhoHasAToken() {
    page("PUT /latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds: 60", "token-of-a-minute");
    String token = "X-aws-ec2-metadata-token: token-of-a-minute";
    page("GET /latest/meta-data/public-ipv4", token, V4);
    page("GET /latest/meta-data/ipv6", token, V6);
    assertEquals(List.of(V4 + " aws-imdsv2", "2a00:1450:0:0:0:0:0:7 aws-imdsv2"), text(find()));
  }

  @Test
  void googleTellsWhoNamesIt() {
    String base = "GET /computeMetadata/v1/instance/network-interfaces/0/";
    page(base + "access-configs/0/external-ip", "Metadata-Flavor: Google", V4 + "\n");
    page(base + "ipv6s", "Metadata-Flavor: Google", V6 + "\n2a00:1450::8\n");
    assertEquals(List.of(V4 + " gcp", "2a00:1450:0:0:0:0:0:7 gcp"), text(find()));
  }

  @Test
  void azureTellsABasicAddressAtOnce() {
    page(
        "GET /metadata/instance/network?api-version=2021-02-01",
        "Metadata: true",
        """
        {"interface":[{"ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.4",
          "publicIpAddress":"203.0.114.7"}],"subnet":[{"address":"10.0.0.0","prefix":"24"}]},
          "ipv6":{"ipAddress":[]},"macAddress":"000D3A"}]}""");
    assertEquals(List.of(V4 + " azure"), text(find()));
  }

  /** Of a Standard address the instance's page shows an empty one. */
  @Test
  void azureTellsAStandardAddressAtTheLoadBalancer() {
    page(
        "GET /metadata/instance/network?api-version=2021-02-01",
        "Metadata: true",
        """
        {"interface":[{"ipv4":{"ipAddress":[{"privateIpAddress":"10.0.0.4","publicIpAddress":""}]}}]}""");
    page(
        "GET /metadata/loadbalancer?api-version=2020-10-01",
        "Metadata: true",
        """
        {"loadbalancer":{"publicIpAddresses":[
          {"frontendIpAddress":"203.0.114.9","privateIpAddress":"10.0.0.5"},
          {"frontendIpAddress":"203.0.114.7","privateIpAddress":"10.0.0.4"}],
          "inboundRules":[],"outboundRules":[]}}""");
    assertEquals(List.of(V4 + " azure"), text(find()));
  }

  @Test
  void hetznerTells() {
    page("GET /hetzner/v1/metadata/public-ipv4", "", V4);
    assertEquals(List.of(V4 + " hetzner"), text(find()));
  }

  @ParameterizedTest
  @CsvSource({"false, 203.0.114.7", "true, 203.0.114.8"})
  void digitalOceanPrefersAReservedAddress(String active, String expected) {
    page("GET /metadata/v1/interfaces/public/0/ipv4/address", "", V4);
    page("GET /metadata/v1/reserved_ip/ipv4/active", "", active);
    page("GET /metadata/v1/reserved_ip/ipv4/ip_address", "", "203.0.114.8");
    assertEquals(List.of(expected + " digitalocean"), text(find()));
  }

  @Test
  void stunServesWhereNoCloudDoes() throws IOException {
    assertEquals(List.of(V4 + " stun " + stun(V4)), text(find(last)));
  }

  @Test
  void aCloudGoesBeforeStunAndTheDifferenceIsSaid() throws IOException {
    page("GET /hetzner/v1/metadata/public-ipv4", "", V4);
    String other = stun("203.0.114.99");
    OutsideAddress.Answer answer = find(other);
    assertEquals(List.of(V4 + " hetzner"), text(answer));
    assertEquals(List.of("stun " + other + " says 203.0.114.99"), answer.disagreements());
  }

  /** A private address, an error page, somebody's redirect page with 200: none is an address. */
  @Test
  void whatIsNoGlobalAddressIsNobodys() throws IOException {
    page("GET /hetzner/v1/metadata/public-ipv4", "", "10.1.2.3");
    page("GET /metadata/v1/interfaces/public/0/ipv4/address", "", "<html>login</html>");
    page("GET /metadata/instance/network?api-version=2021-02-01", "", "not json");
    OutsideAddress.Answer answer = find(stun("192.168.1.2"));
    assertEquals(List.of(), answer.addresses());
    assertTrue(answer.asked().contains("hetzner: knows none"), answer.asked()::toString);
    assertEquals(6, answer.asked().size());
  }

  @Test
  void whoIsSilentIsNotWaitedFor() throws IOException {
    DatagramSocket mute = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    stuns.add(mute);
    OutsideAddress.Answer answer = find("127.0.0.1:" + mute.getLocalPort(), "no.such.invalid");
    assertEquals(List.of(), answer.addresses());
    assertTrue(answer.asked().get(5).endsWith("no answer"), answer.asked()::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "8.8.8.8, true",
    "2a00::1, true",
    "10.0.0.1, false",
    "100.64.0.1, false",
    "100.128.0.1, true",
    "169.254.169.254, false",
    "192.0.0.8, false",
    "192.0.1.8, true",
    "198.18.0.1, false",
    "198.20.0.1, true",
    "0.1.2.3, false",
    "240.0.0.1, false",
    "fe80::1, false",
    "fd00::1, false",
    "::1, false",
    "ff02::1, false",
    "64:ff9b::1, false"
  })
  void knowsWhatTheWorldCanReach(String address, boolean global) {
    assertEquals(global, Addressing.isGlobal(InetAddress.ofLiteral(address)));
  }

  private String last = "";

  /** A server that says that everybody comes from there. */
  private String stun(String seen) throws IOException {
    DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    stuns.add(socket);
    Thread.ofVirtual().start(() -> serve(socket, seen));
    last = "127.0.0.1:" + socket.getLocalPort();
    return last;
  }

  private static void serve(DatagramSocket socket, String seen) {
    DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
    try {
      while (true) {
        packet.setLength(1500);
        socket.receive(packet);
        Message request = new Message();
        request.parse(packet.getData(), packet.getLength());
        MessageBuilder answer =
            new MessageBuilder()
                .answer(MessageClass.SUCCESS, request)
                .xorAddress(
                    AttributeType.XOR_MAPPED_ADDRESS,
                    Addresses.of(InetAddress.ofLiteral(seen), 4711));
        socket.send(new DatagramPacket(answer.bytes(), answer.length(), packet.getSocketAddress()));
      }
    } catch (SocketException closed) {
      // The test is over.
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }
}
