package puente.launcher;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import puente.admin.LiveView;
import puente.admin.LiveView.PeerInfo;
import puente.admin.LiveView.Rates;
import puente.admin.LiveView.SessionDetail;
import puente.admin.LiveView.SessionInfo;
import puente.admin.LiveView.SessionPage;
import puente.net.Addresses;
import puente.stun.AddressRange;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.AllocationPeer;
import puente.turn.relay.Session;
import puente.turn.relay.SessionFilter;
import puente.turn.relay.SessionKey;
import puente.turn.relay.SessionOrder;
import puente.turn.relay.Sessions;

/** Sessions between what the admin server speaks of and what the shards have. */
final class NodeSessions {
  private NodeSessions() {}

  /**
   * A part of their list.
   *
   * @throws IllegalArgumentException with the reason if the query makes no sense
   */
  static CompletionStage<SessionPage> page(
      Sessions sessions, LiveView.SessionQuery query, String realm) {
    SessionOrder.By by = SessionOrder.By.valueOf(query.by().toUpperCase(Locale.ROOT));
    Sessions.Query asked =
        new Sessions.Query(
            filter(query.filter()),
            new SessionOrder(by, query.descending()),
            query.after().map(NodeSessions::place).orElse(null),
            query.limit());
    return sessions
        .list(asked)
        .thenApply(
            found ->
                new SessionPage(
                    found.sessions().stream().map(session -> info(session, realm)).toList(),
                    found.total(),
                    found.matching(),
                    found.matchingActive()));
  }

  static CompletionStage<Optional<SessionDetail>> detail(
      Sessions sessions, SessionKey key, String realm) {
    return sessions
        .find(key)
        .thenApply(
            found ->
                found.map(
                    detail ->
                        new SessionDetail(
                            info(detail.session(), realm),
                            detail.peers().stream().map(NodeSessions::info).toList())));
  }

  /**
   * @throws IllegalArgumentException with the reason if it makes no sense
   */
  static SessionFilter filter(LiveView.SessionFilter filter) {
    return new SessionFilter(
        filter.user().orElse(null),
        filter.client().map(text -> range("client", text)).orElse(null),
        filter.transport().map(NodeSessions::transport).orElse(null),
        peer(filter.peer()),
        filter.state().map(state -> state.equals("active")).orElse(null),
        filter.minBytesPerSecond(),
        1000 * filter.minAgeSeconds());
  }

  private static @Nullable TransportAddress peer(Optional<String> text) {
    try {
      return text.map(ip -> Addresses.of(Type.address(ip), 0)).orElse(null);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException("peer: an IP address.", wrong);
    }
  }

  private static PeerInfo info(AllocationPeer peer) {
    String address = peer.channel() == 0 ? peer.address().ip() : peer.address().toString();
    return new PeerInfo(
        address, peer.channel(), peer.expiresMs(), peer.bytesUp(), peer.bytesDown());
  }

  private static SessionInfo info(Session session, String realm) {
    Session.Rates rates = session.rates();
    return new SessionInfo(
        session.key().toString(),
        session.user(),
        realm,
        session.isActive(),
        session.transport().name().toLowerCase(Locale.ROOT),
        session.client().toString(),
        session.server().toString(),
        session.relayed().stream().map(TransportAddress::toString).toList(),
        session.key().createdMs(),
        session.expiresMs(),
        session.lifetimeSeconds(),
        session.permissions(),
        session.channels(),
        session.bytesUp(),
        session.bytesDown(),
        session.packetsUp(),
        session.packetsDown(),
        new Rates(rates.bytesUp(), rates.bytesDown(), rates.packetsUp(), rates.packetsDown()),
        session.misses());
  }

  static AddressRange range(String name, String text) {
    try {
      return AddressRange.parse(text);
    } catch (IllegalArgumentException wrong) {
      throw new IllegalArgumentException(name + ": an IP address or network.", wrong);
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

  private static SessionOrder.Place place(LiveView.Place place) {
    SessionKey key =
        SessionKey.parse(place.id())
            .orElseThrow(() -> new IllegalArgumentException("cursor: the next of a page before."));
    return new SessionOrder.Place(place.value(), place.name(), key);
  }
}
