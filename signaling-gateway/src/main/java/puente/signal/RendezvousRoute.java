package puente.signal;

import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Gives out tokens for meetings over UDP, to whoever may join a room of that name. */
public final class RendezvousRoute {
  public static final String PATH = "/api/v1/rendezvous";

  private static final long TTL_SECONDS = 300;
  private static final long TTL_SECONDS_MAX = 3600;
  private static final int PEER_BYTES = 9;

  private final byte[] secret;
  private final Function<String, List<String>> servers;
  private final Supplier<@Nullable Tokens> tokens;
  private final CredentialGate gate;
  private final SecureRandom random = new SecureRandom();

  /**
   * @param secret that {@link Rendezvous} knows, too
   * @param servers host and port of the sockets that serve a meeting, the first where all meet
   */
  public RendezvousRoute(
      byte[] secret,
      Function<String, List<String>> servers,
      Supplier<Keys> keys,
      Supplier<@Nullable Tokens> tokens) {
    this.secret = secret.clone();
    this.servers = servers;
    this.tokens = tokens;
    gate = new CredentialGate(keys);
  }

  public List<GatewayServer.Route> routes() {
    return List.of(
        new GatewayServer.Route(
            Set.of(HttpMethod.POST), PATH, false, GatewayServer.Access.ORIGINS, this::answer));
  }

  private Future<Reply> answer(Request request) {
    String bearer = CredentialGate.bearer(request);
    Tokens verifier = tokens.get();
    if (bearer == null || verifier == null || gate.isKey(bearer)) {
      return Future.succeededFuture(
          answer(request, gate.judge(bearer, null, request), Grant.BACKEND));
    }
    return verifier
        .verify(bearer, Instant.now(), request.nowMs())
        .map(
            verdict ->
                verdict instanceof Tokens.Valid valid
                    ? answer(request, gate.judge(valid, request), valid.grant())
                    : answer(request, gate.judge(null, request), Grant.PAGE));
  }

  private Reply answer(Request request, CredentialGate.Judgement judgement, Grant grant) {
    return CredentialGate.answer(judgement, known -> give(request, grant));
  }

  private Reply give(Request request, Grant grant) {
    Map<String, @Nullable Object> wish;
    try {
      wish = request.body().isBlank() ? Map.of() : Json.object(request.body());
    } catch (Json.Malformed malformed) {
      return Reply.problem(400, "The body is " + malformed.why() + ".");
    }
    if (!(wish.get("meeting") instanceof String meeting) || isNoName(meeting)) {
      return Reply.problem(400, "meeting is a name of 1 to 64 bytes.");
    }
    Object wanted = wish.getOrDefault("peer", fresh());
    if (!(wanted instanceof String chosen) || isNoName(chosen)) {
      return Reply.problem(400, "peer is a name of 1 to 64 bytes.");
    }
    Object ttl = wish.getOrDefault("ttl", TTL_SECONDS);
    if (!(ttl instanceof Long seconds) || seconds < 1 || seconds > TTL_SECONDS_MAX) {
      return Reply.problem(400, "ttl is seconds, 1 to " + TTL_SECONDS_MAX + ".");
    }
    if (!grant.allows(Grant.Can.JOIN, meeting)) {
      return Reply.problem(403, "This token is not for that meeting.");
    }
    String peer = grant.subject() == null ? chosen : grant.subject();
    long expiry = Instant.now().getEpochSecond() + seconds;
    RendezvousToken token = new RendezvousToken(expiry, meeting, peer);
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("token", token.text(secret));
    body.put("meeting", meeting);
    body.put("peer", peer);
    body.put("servers", servers.apply(meeting));
    body.put("ttl", seconds);
    body.put("expiresAt", Instant.ofEpochSecond(expiry).toString());
    return Reply.json(201, body);
  }

  private String fresh() {
    byte[] bytes = new byte[PEER_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  private static boolean isNoName(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return bytes == 0 || bytes > RendezvousToken.NAME_MAX;
  }
}
