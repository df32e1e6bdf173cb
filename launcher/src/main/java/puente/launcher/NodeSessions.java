package puente.launcher;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import puente.admin.NodeView.SessionInfo;
import puente.admin.NodeView.SessionPage;
import puente.admin.NodeView.SessionQuery;
import puente.stun.AddressRange;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.relay.Session;
import puente.turn.relay.SessionFilter;
import puente.turn.relay.SessionKey;
import puente.turn.relay.SessionOrder;
import puente.turn.relay.Sessions;

/** Sessions between what the admin server speaks of and what the shards have. */
final class NodeSessions {
  private NodeSessions() {}

  /**
   * A page of them.
   *
   * @throws IllegalArgumentException with the reason if the query makes no sense
   */
  static CompletionStage<SessionPage> page(Sessions sessions, SessionQuery query) {
    SessionFilter filter =
        new SessionFilter(
            query.user().orElse(null),
            query.client().map(NodeSessions::range).orElse(null),
            query.transport().map(NodeSessions::transport).orElse(null),
            null,
            null,
            0,
            0);
    SessionOrder.Place after =
        query
            .cursor()
            .map(NodeSessions::cursor)
            .map(key -> new SessionOrder.Place(key.createdMs(), "", key))
            .orElse(null);
    Sessions.Query asked = new Sessions.Query(filter, SessionOrder.OLDEST, after, query.limit());
    return sessions.list(asked).thenApply(found -> page(found.sessions(), query.limit()));
  }

  private static SessionPage page(List<Session> found, int limit) {
    Optional<String> next =
        found.size() < limit ? Optional.empty() : Optional.of(found.getLast().key().toString());
    return new SessionPage(found.stream().map(NodeSessions::info).toList(), next);
  }

  private static SessionInfo info(Session session) {
    return new SessionInfo(
        session.key().toString(),
        session.user(),
        session.transport().name().toLowerCase(Locale.ROOT),
        session.key().client().toString(),
        session.server().toString(),
        session.relayed().stream().map(TransportAddress::toString).toList(),
        session.key().createdMs(),
        session.expiresMs(),
        session.permissions(),
        session.channels(),
        session.bytesUp(),
        session.bytesDown(),
        session.packetsUp(),
        session.packetsDown());
  }

  private static AddressRange range(String text) {
    try {
      return AddressRange.parse(text);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("client: an IP address or network.", wrong);
    }
  }

  private static Transport transport(String text) {
    return switch (text) {
      case "udp" -> Transport.UDP;
      case "tcp" -> Transport.TCP;
      case "tls" -> Transport.TLS;
      case "dtls" -> Transport.DTLS;
      default -> throw new IllegalArgumentException("transport: udp, tcp, tls or dtls.");
    };
  }

  private static SessionKey cursor(String text) {
    return SessionKey.parse(text)
        .orElseThrow(() -> new IllegalArgumentException("cursor: the next of a page before."));
  }
}
