package puente.acme;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;
import puente.doctor.TestCertificateAuthority;

/**
 * An authority that speaks ACME as RFC 8555 has it: nonces are good once, each request is signed by
 * the account and says its own URL, challenges are really looked at, and requests for certificates
 * are checked before they are signed. Names lead to 127.0.0.1.
 */
public final class TestAcmeServer implements AutoCloseable {
  private static final Base64.Encoder URL = Base64.getUrlEncoder().withoutPadding();

  private static final String RENEWAL = "/renewal-info/";

  private record Account(PublicKey key, String thumbprint) {}

  private static final class Order {
    final int number;
    final List<String> names;
    final String token;
    final Set<String> proven = new TreeSet<>();
    String error = "";
    String certificate = "";

    Order(int number, List<String> names, String token) {
      this.number = number;
      this.names = names;
      this.token = token;
    }

    String status() {
      if (!certificate.isEmpty()) {
        return "valid";
      }
      return error.isEmpty() ? proven.containsAll(names) ? "ready" : "pending" : "invalid";
    }
  }

  /** Why a request is refused. */
  private static final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final int status;
    private final String type;

    Problem(int status, String type, String detail) {
      super(detail);
      this.status = status;
      this.type = type;
    }
  }

  private final TestCertificateAuthority authority = new TestCertificateAuthority();
  private final HttpServer server;
  private final Set<String> nonces = ConcurrentHashMap.newKeySet();
  private final Map<String, Account> accounts = new ConcurrentHashMap<>();
  private final Map<Integer, Order> orders = new ConcurrentHashMap<>();
  private final Set<String> issued = ConcurrentHashMap.newKeySet();
  private final AtomicInteger numbers = new AtomicInteger();
  private volatile Instant from = Instant.now().minus(Duration.ofHours(1));
  private volatile Instant to = Instant.now().plus(Duration.ofDays(90));
  private volatile boolean isRefusing;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile @Nullable JsonObject window;
  private volatile String replaced = "";

  /** Where challenges are looked for; 0 is nowhere. */
  public volatile int httpPort;

  public volatile int tlsPort;

  /** A file of lines "record digest", in the place of the DNS. */
  public volatile @Nullable Path zone;

  public TestAcmeServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::serve);
    server.start();
  }

  public String directory() {
    return base() + "/directory";
  }

  public X509Certificate root() {
    return authority.root();
  }

  /** How long the next certificates are good. */
  public void lifetime(Instant begin, Instant end) {
    from = begin;
    to = end;
  }

  /** From now on asks for renewals within this time (RFC 9773). */
  public void suggest(Instant begin, Instant end) {
    window = new JsonObject().put("start", begin.toString()).put("end", end.toString());
  }

  /** How often somebody wanted to know when to renew. */
  public int asked() {
    return asked.get();
  }

  /** What the last order said that it replaces; empty if nothing. */
  public String replaced() {
    return replaced;
  }

  /** From now on nobody gets an order. */
  public void refuse(boolean refuses) {
    isRefusing = refuses;
  }

  public int orders() {
    return orders.size();
  }

  /** The orders that ended well. */
  public long issued() {
    return orders.values().stream().filter(order -> order.status().equals("valid")).count();
  }

  public int accounts() {
    return accounts.size();
  }

  private String base() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      exchange.getResponseHeaders().set("Cache-Control", "no-store");
      exchange.getResponseHeaders().set("Replay-Nonce", nonce());
      try {
        if (path.equals("/directory")) {
          send(exchange, 200, directoryBody());
        } else if (path.equals("/new-nonce")) {
          exchange.sendResponseHeaders(exchange.getRequestMethod().equals("HEAD") ? 200 : 204, -1);
        } else if (path.startsWith(RENEWAL) && exchange.getRequestMethod().equals("GET")) {
          renewal(exchange, path.substring(RENEWAL.length()));
        } else {
          post(exchange, path);
        }
      } catch (Problem problem) {
        refuse(exchange, problem);
      } catch (GeneralSecurityException | RuntimeException broken) {
        refuse(exchange, new Problem(400, "malformed", String.valueOf(broken)));
      }
    }
  }

  private static void refuse(HttpExchange exchange, Problem problem) throws IOException {
    JsonObject body =
        new JsonObject()
            .put("type", "urn:ietf:params:acme:error:" + problem.type)
            .put("detail", problem.getMessage())
            .put("status", problem.status);
    exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
    write(exchange, problem.status, body.encode());
  }

  private JsonObject directoryBody() {
    JsonObject body = new JsonObject();
    Map.of(
            "newNonce", "new-nonce",
            "newAccount", "new-acct",
            "newOrder", "new-order",
            "revokeCert", "revoke",
            "keyChange", "key-change")
        .forEach((name, path) -> body.put(name, base() + "/" + path));
    if (window != null) {
      body.put("renewalInfo", base() + RENEWAL.substring(0, RENEWAL.length() - 1));
    }
    return body.put("meta", new JsonObject().put("termsOfService", base() + "/terms"));
  }

  /** Nobody needs an account for it (RFC 9773 §4.2). */
  private void renewal(HttpExchange exchange, String identifier) throws IOException {
    JsonObject suggested = window;
    boolean known = issued.stream().anyMatch(identifier::equals);
    if (suggested == null || !known) {
      throw new Problem(404, "malformed", "no such certificate");
    }
    asked.incrementAndGet();
    exchange.getResponseHeaders().set("Retry-After", "3600");
    send(
        exchange,
        200,
        new JsonObject()
            .put("suggestedWindow", suggested)
            .put("explanationURL", "https://example.org/why"));
  }

  private String nonce() {
    String nonce =
        URL.encodeToString(AcmeOrder.newKeys().getPublic().getEncoded()).substring(40, 80);
    nonces.add(nonce);
    return nonce;
  }

  // ---- requests, RFC 8555 §6.2

  private void post(HttpExchange exchange, String path)
      throws IOException, GeneralSecurityException {
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (!exchange.getRequestMethod().equals("POST") || !"application/jose+json".equals(type)) {
      throw new Problem(415, "malformed", "not application/jose+json");
    }
    JsonObject jws = new JsonObject(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
    JsonObject head = new JsonObject(decoded(jws.getString("protected")));
    if (!nonces.remove(head.getString("nonce"))) {
      throw new Problem(400, "badNonce", "this nonce was used, or never given");
    }
    if (!(base() + path).equals(head.getString("url"))) {
      throw new Problem(401, "unauthorized", "signed for another URL");
    }
    boolean isNew = path.equals("/new-acct");
    Account account =
        isNew ? account(head.getJsonObject("jwk")) : accounts.get(head.getString("kid"));
    if (account == null) {
      throw new Problem(400, "accountDoesNotExist", "no such account");
    }
    verify(jws, head, account);
    String payload = decoded(jws.getString("payload"));
    answer(exchange, path, payload.isEmpty() ? new JsonObject() : new JsonObject(payload), account);
  }

  private static void verify(JsonObject jws, JsonObject head, Account account)
      throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
    signature.initVerify(account.key);
    signature.update((jws.getString("protected") + "." + jws.getString("payload")).getBytes(UTF_8));
    boolean good =
        "ES256".equals(head.getString("alg"))
            && signature.verify(Base64.getUrlDecoder().decode(jws.getString("signature")));
    if (!good) {
      throw new Problem(403, "malformed", "the signature is wrong");
    }
  }

  /** RFC 7638: the thumbprint is of the required members in the order of their names. */
  private static Account account(JsonObject jwk) throws GeneralSecurityException {
    String x = jwk.getString("x");
    String y = jwk.getString("y");
    AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
    parameters.init(new ECGenParameterSpec("secp256r1"));
    ECPoint point =
        new ECPoint(
            new BigInteger(1, Base64.getUrlDecoder().decode(x)),
            new BigInteger(1, Base64.getUrlDecoder().decode(y)));
    PublicKey key =
        KeyFactory.getInstance("EC")
            .generatePublic(
                new ECPublicKeySpec(point, parameters.getParameterSpec(ECParameterSpec.class)));
    String canonical = "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" + x + "\",\"y\":\"" + y + "\"}";
    return new Account(key, URL.encodeToString(sha256(canonical)));
  }

  private static byte[] sha256(String text) throws GeneralSecurityException {
    return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
  }

  private static String decoded(String text) {
    return new String(Base64.getUrlDecoder().decode(text), UTF_8);
  }

  private void answer(HttpExchange exchange, String path, JsonObject body, Account account)
      throws IOException, GeneralSecurityException {
    if (path.equals("/new-acct")) {
      if (!body.getBoolean("termsOfServiceAgreed", false)) {
        throw new Problem(403, "userActionRequired", "the terms are not agreed to");
      }
      String kid = base() + "/acct/" + account.thumbprint;
      boolean known = accounts.putIfAbsent(kid, account) != null;
      exchange.getResponseHeaders().set("Location", kid);
      send(exchange, known ? 200 : 201, new JsonObject().put("status", "valid"));
      return;
    }
    if (path.equals("/new-order")) {
      newOrder(exchange, body);
      return;
    }
    String[] parts = path.substring(1).split("/");
    Order order = orders.get(Integer.parseInt(parts[1]));
    if (order == null) {
      throw new Problem(404, "malformed", "no such order");
    }
    switch (parts[0]) {
      case "order" -> sendOrder(exchange, 200, order);
      case "authz" -> send(exchange, 200, authorization(order, parts[2]));
      case "chall" -> {
        prove(order, parts[2], parts[3], account);
        send(exchange, 200, challenge(order, parts[2], parts[3]));
      }
      case "finalize" -> {
        sign(order, Base64.getUrlDecoder().decode(body.getString("csr")));
        sendOrder(exchange, 200, order);
      }
      case "cert" -> {
        exchange.getResponseHeaders().set("Content-Type", "application/pem-certificate-chain");
        write(exchange, 200, order.certificate);
      }
      default -> throw new Problem(404, "malformed", "no such page");
    }
  }

  private void newOrder(HttpExchange exchange, JsonObject body) throws IOException {
    if (isRefusing) {
      throw new Problem(403, "rejectedIdentifier", "not today");
    }
    replaced = body.getString("replaces", "");
    // RFC 9773 §5: what was replaced once is not replaced again.
    if (!replaced.isEmpty() && !issued.remove(replaced)) {
      throw new Problem(409, "alreadyReplaced", "another order came first");
    }
    List<String> names = new ArrayList<>();
    for (Object each : body.getJsonArray("identifiers")) {
      names.add(((JsonObject) each).getString("value"));
    }
    Order order = new Order(numbers.incrementAndGet(), names, nonce());
    orders.put(order.number, order);
    sendOrder(exchange, 201, order);
  }

  private void sendOrder(HttpExchange exchange, int status, Order order) throws IOException {
    JsonArray identifiers = new JsonArray();
    JsonArray authorizations = new JsonArray();
    for (String name : order.names) {
      identifiers.add(new JsonObject().put("type", "dns").put("value", name));
      authorizations.add(base() + "/authz/" + order.number + "/" + name);
    }
    JsonObject body =
        new JsonObject()
            .put("status", order.status())
            .put("identifiers", identifiers)
            .put("authorizations", authorizations)
            .put("finalize", base() + "/finalize/" + order.number);
    if (!order.certificate.isEmpty()) {
      body.put("certificate", base() + "/cert/" + order.number);
    }
    exchange.getResponseHeaders().set("Location", base() + "/order/" + order.number);
    send(exchange, status, body);
  }

  private JsonObject authorization(Order order, String name) {
    JsonArray challenges = new JsonArray();
    for (String kind : List.of("http-01", "tls-alpn-01", "dns-01")) {
      challenges.add(challenge(order, name, kind));
    }
    return new JsonObject()
        .put("status", status(order, name))
        .put("identifier", new JsonObject().put("type", "dns").put("value", name))
        .put("challenges", challenges);
  }

  private static String status(Order order, String name) {
    return order.proven.contains(name) ? "valid" : order.error.isEmpty() ? "pending" : "invalid";
  }

  private JsonObject challenge(Order order, String name, String kind) {
    JsonObject body =
        new JsonObject()
            .put("type", kind)
            .put("url", base() + "/chall/" + order.number + "/" + name + "/" + kind)
            .put("token", order.token)
            .put("status", status(order, name));
    if (!order.error.isEmpty()) {
      body.put(
          "error",
          new JsonObject()
              .put("type", "urn:ietf:params:acme:error:unauthorized")
              .put("detail", order.error));
    }
    return body;
  }

  private static void send(HttpExchange exchange, int status, JsonObject body) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    write(exchange, status, body.encode());
  }

  private static void write(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  // ---- challenges

  private void prove(Order order, String name, String kind, Account account)
      throws GeneralSecurityException {
    String expected = order.token + "." + account.thumbprint;
    try {
      String seen =
          switch (kind) {
            case "http-01" -> ChallengeLook.overHttp(httpPort, order.token);
            case "tls-alpn-01" ->
                ChallengeLook.overTls(tlsPort, name, sha256(expected)) ? expected : "another proof";
            default ->
                ChallengeLook.inZone(
                        zone,
                        "_acme-challenge." + name + ". " + URL.encodeToString(sha256(expected)))
                    ? expected
                    : "no such record";
          };
      if (seen.equals(expected)) {
        order.proven.add(name);
      } else {
        order.error = "found " + seen;
      }
    } catch (IOException unreachable) {
      order.error = "not reached: " + unreachable;
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- certificates, RFC 8555 §7.4

  private void sign(Order order, byte[] csr) throws GeneralSecurityException {
    if (!order.status().equals("ready")) {
      throw new Problem(403, "orderNotReady", "the order is " + order.status());
    }
    try {
      JcaPKCS10CertificationRequest request = new JcaPKCS10CertificationRequest(csr);
      PublicKey key = request.getPublicKey();
      boolean signed = request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
      Extensions extensions = request.getRequestedExtensions();
      Set<String> names = new TreeSet<>();
      for (GeneralName name :
          GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName).getNames()) {
        names.add(name.getName().toString());
      }
      boolean foreign = accounts.values().stream().anyMatch(one -> one.key.equals(key));
      if (!signed || foreign || !names.equals(new TreeSet<>(order.names))) {
        throw new Problem(400, "badCSR", "signed " + signed + ", for " + names);
      }
      X509Certificate leaf = authority.issue(key, order.names, from, to);
      issued.add(CertificateIdentifier.of(leaf));
      order.certificate = TestCertificateAuthority.pem(leaf, authority.root());
    } catch (IOException
        | org.bouncycastle.operator.OperatorCreationException
        | org.bouncycastle.pkcs.PKCSException broken) {
      throw new Problem(400, "badCSR", broken.toString());
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
