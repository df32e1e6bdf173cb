package puente.signal;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import puente.signal.IceServers.Grant;

/**
 * Credentials in the shapes of Cloudflare, Twilio and Metered, so that an application written for
 * one of them changes its base URL and its keys. An API key's name is the key id, the account SID.
 */
final class HostedShapes {
  static final String KEYS = "/v1/turn/keys/";
  static final String ACCOUNTS = "/2010-04-01/Accounts/";

  private static final Pattern CLOUDFLARE =
      Pattern.compile(
          Pattern.quote(KEYS)
              + "([^/]+)/credentials/(generate-ice-servers|generate|([^/]+)/revoke)");
  private static final Pattern TWILIO =
      Pattern.compile(Pattern.quote(ACCOUNTS) + "([^/]+)/Tokens\\.json");
  private static final long TWILIO_TTL_MAX = 86_400;

  /** RFC 2822 as Twilio writes it. */
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss Z", Locale.ENGLISH);

  private static final String METERED_PREFIX = "c_";

  private final IceServers iceServers;
  private final CredentialGate gate;
  private final Revocations revocations;

  HostedShapes(IceServers iceServers, CredentialGate gate, Revocations revocations) {
    this.iceServers = iceServers;
    this.gate = gate;
    this.revocations = revocations;
  }

  /** D: developers.cloudflare.com/realtime/turn. */
  Reply cloudflare(Request request) {
    Matcher path = CLOUDFLARE.matcher(request.path());
    if (!path.matches()) {
      return Reply.problem(404, "There is nothing at this path.");
    }
    CredentialGate.Judgement judgement = gate.judge(CredentialGate.bearer(request), null, request);
    return switch (judgement) {
      case CredentialGate.Unknown unknown -> Reply.problem(401, "The API token is not known.");
      case CredentialGate.TooFast tooFast ->
          Reply.problem(429, "Too many requests.").with("Retry-After", tooFast.seconds());
      case CredentialGate.Known known ->
          known.name().equals(path.group(1))
              ? cloudflare(request, path.group(2), path.group(3))
              : Reply.problem(403, "The API token is another key's.");
    };
  }

  private Reply cloudflare(Request request, String action, @Nullable String username) {
    if (username != null) {
      return revoke(username);
    }
    Map<String, @Nullable Object> wish;
    try {
      wish = Json.object(request.body());
    } catch (Json.Malformed malformed) {
      return Reply.problem(400, "The body is " + malformed.why() + ".");
    }
    if (!(wish.get("ttl") instanceof Long ttl) || ttl < 1) {
      return Reply.problem(400, "ttl is a number of seconds.");
    }
    Object custom = wish.get("customIdentifier");
    String user = (custom instanceof String text ? IceServers.userOf(text) + "-" : "") + unique();
    Grant grant =
        iceServers.grant(tail(user), ttl, java.util.Set.of(), request.family(), Instant.now());
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("iceServers", action.equals("generate") ? together(grant) : grant.iceServers());
    return Reply.json(201, body);
  }

  /** Of two hundred names with the same beginning each is to differ. */
  private static String tail(String user) {
    return user.substring(Math.max(0, user.length() - IceServers.USER_LENGTH_MAX));
  }

  private Reply revoke(String encoded) {
    try {
      revocations.revoke(URLDecoder.decode(encoded, StandardCharsets.UTF_8));
      return Reply.empty(204);
    } catch (IllegalArgumentException undecodable) {
      return Reply.problem(400, "The username cannot be decoded.");
    }
  }

  /** The older shape: one object for STUN and TURN. */
  private static Map<String, Object> together(Grant grant) {
    List<String> urls = new ArrayList<>(grant.stun());
    urls.addAll(grant.turn());
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("urls", urls);
    one.put("username", grant.username());
    one.put("credential", grant.credential());
    return one;
  }

  /** E: Twilio's Network Traversal Service. */
  Reply twilio(Request request) {
    Matcher path = TWILIO.matcher(request.path());
    if (!path.matches()) {
      return twilio(404, 20404, "The requested resource was not found");
    }
    String[] pair = CredentialRoutes.basic(request);
    String sid = path.group(1);
    boolean isIts = pair != null && pair[0].equals(sid);
    return switch (gate.judge(pair == null || !isIts ? null : pair[1], null, request)) {
      case CredentialGate.Unknown unknown -> unauthenticated();
      case CredentialGate.TooFast tooFast ->
          twilio(429, 20429, "Too Many Requests").with("Retry-After", tooFast.seconds());
      case CredentialGate.Known known ->
          known.name().equals(sid) ? twilio(request, sid) : unauthenticated();
    };
  }

  private static Reply unauthenticated() {
    return twilio(401, 20003, "Authenticate")
        .with("WWW-Authenticate", "Basic realm=\"Twilio API\"");
  }

  private static Reply twilio(int status, int code, String message) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("code", code);
    body.put("message", message);
    body.put("more_info", "https://www.twilio.com/docs/errors/" + code);
    body.put("status", status);
    return Reply.json(status, body);
  }

  private Reply twilio(Request request, String sid) {
    String wish = request.form("Ttl");
    if (wish != null && !wish.matches("[0-9]{1,6}")) {
      return twilio(400, 20001, "Ttl is not a number of seconds");
    }
    long ttl = wish == null ? TWILIO_TTL_MAX : Math.min(Long.parseLong(wish), TWILIO_TTL_MAX);
    Instant now = Instant.now();
    Grant grant =
        iceServers.grant(unique(), Math.max(1, ttl), java.util.Set.of(), request.family(), now);
    String date = DATE.format(now.atOffset(ZoneOffset.UTC));
    List<Map<String, Object>> servers = new ArrayList<>();
    for (Map<String, Object> one : singles(grant)) {
      Map<String, Object> both = new LinkedHashMap<>();
      both.put("url", String.valueOf(one.get("urls")));
      both.putAll(one);
      servers.add(both);
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("username", grant.username());
    body.put("password", grant.credential());
    body.put("ttl", Long.toString(grant.ttlSeconds()));
    body.put("account_sid", sid);
    body.put("date_created", date);
    body.put("date_updated", date);
    body.put("ice_servers", servers);
    return Reply.json(201, body);
  }

  /** One URL in each entry. */
  private static List<Map<String, Object>> singles(Grant grant) {
    List<Map<String, Object>> servers = new ArrayList<>();
    grant.stun().forEach(url -> servers.add(Map.of("urls", url)));
    for (String url : grant.turn()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("urls", url);
      one.put("username", grant.username());
      one.put("credential", grant.credential());
      servers.add(one);
    }
    return servers;
  }

  /** F: metered.ca, for a page: a bare array. */
  Reply metered(Request request) {
    String key = request.query("apiKey");
    if (key == null || key.isEmpty()) {
      return metered(400, "error", "Please specify API Key");
    }
    Grant made = key.startsWith(METERED_PREFIX) ? madeBefore(key) : null;
    if (made != null) {
      return Reply.json(200, singles(made));
    }
    return switch (gate.judge(key, key, request)) {
      case CredentialGate.Unknown unknown -> metered(401, "error", "Invalid API Key");
      case CredentialGate.TooFast tooFast ->
          metered(429, "error", "Too many requests").with("Retry-After", tooFast.seconds());
      case CredentialGate.Known known ->
          Reply.json(200, singles(iceServers.grant(known.name(), request.family(), Instant.now())));
    };
  }

  /** F: metered.ca, for a backend: one credential, and a key to fetch its servers with. */
  Reply meteredNew(Request request) {
    CredentialGate.Judgement judgement = gate.judge(request.query("secretKey"), null, request);
    if (!(judgement instanceof CredentialGate.Known)) {
      return judgement instanceof CredentialGate.TooFast tooFast
          ? metered(429, "message", "Too many requests").with("Retry-After", tooFast.seconds())
          : metered(401, "message", "Invalid secretKey");
    }
    Map<String, @Nullable Object> wish;
    try {
      wish = request.body().isBlank() ? Map.of() : Json.object(request.body());
    } catch (Json.Malformed malformed) {
      return metered(400, "message", malformed.why());
    }
    Object ttl = wish.getOrDefault("expiryInSeconds", iceServers.defaultTtl());
    if (!(ttl instanceof Long seconds) || seconds < 1) {
      return metered(400, "message", "please enter a positive integer value for expiryInSeconds");
    }
    Grant grant =
        iceServers.grant(unique(), seconds, java.util.Set.of(), request.family(), Instant.now());
    String pair = grant.username() + "\n" + grant.credential();
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("username", grant.username());
    body.put("password", grant.credential());
    body.put("expiryInSeconds", grant.ttlSeconds());
    body.put("label", wish.get("label") instanceof String label ? label : "");
    body.put(
        "apiKey",
        METERED_PREFIX
            + Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
    return Reply.json(200, body);
  }

  /** The credential that such a key holds, if it is one of ours. */
  private @Nullable Grant madeBefore(String key) {
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(key.substring(METERED_PREFIX.length()));
      String[] pair = new String(bytes, StandardCharsets.UTF_8).split("\n", 2);
      Grant again = pair.length == 2 ? iceServers.again(pair[0], Instant.now()) : null;
      boolean isOurs =
          again != null
              && MessageDigest.isEqual(
                  again.credential().getBytes(StandardCharsets.UTF_8),
                  pair[1].getBytes(StandardCharsets.UTF_8));
      return isOurs ? again : null;
    } catch (IllegalArgumentException undecodable) {
      return null;
    }
  }

  private static Reply metered(int status, String field, String text) {
    return Reply.json(status, Map.of(field, text));
  }

  /** A name that nobody else has, so that its credential can be revoked alone. */
  private static String unique() {
    return UUID.randomUUID().toString().replace("-", "");
  }
}
