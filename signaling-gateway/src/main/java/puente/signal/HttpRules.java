package puente.signal;

import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.JdkSSLEngineOptions;
import io.vertx.core.net.KeyCertOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** What a client of HTTP may send and how long it may take, at every port alike. */
final class HttpRules {
  private static final int IDLE_SECONDS = 90;
  private static final int PROXY_HEADER_SECONDS = 5;

  private HttpRules() {}

  static HttpServerOptions plain(List<SocketRoute> socketRoutes) {
    int frameMax =
        socketRoutes.stream().mapToInt(route -> route.limits().messageBytesMax()).max().orElse(0)
            + 1;
    return new HttpServerOptions()
        .setHttp2ClearTextEnabled(false)
        .setUseAlpn(false)
        .setMaxInitialLineLength(GatewayServer.REQUEST_LINE_MAX)
        .setMaxHeaderSize(GatewayServer.HEADERS_MAX)
        .setIdleTimeout(IDLE_SECONDS)
        .setRegisterWebSocketWriteHandlers(false)
        // Messages are small, and each compressor would cost a session more than all its messages.
        .setPerMessageWebSocketCompressionSupported(false)
        .setPerFrameWebSocketCompressionSupported(false)
        .setMaxWebSocketFrameSize(frameMax)
        .setMaxWebSocketMessageSize(frameMax)
        .setWebSocketClosingTimeout(5)
        .setWebSocketSubProtocols(
            socketRoutes.stream()
                .flatMap(route -> route.subprotocols().stream())
                .distinct()
                .collect(Collectors.toCollection(ArrayList::new)))
        .setAcceptBacklog(1024);
  }

  static HttpServerOptions secure(
      List<SocketRoute> socketRoutes, GatewayServer.Tls tls, GatewayServer.Limits limits) {
    return plain(socketRoutes)
        .setSsl(true)
        .setSslHandshakeTimeout(limits.requestMs())
        .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
        .setKeyCertOptions(KeyCertOptions.wrap(tls.keys()))
        .setEnabledSecureTransportProtocols(tls.protocols())
        // A handshake costs a millisecond: off the loop, as a flood of them must not stop it.
        .setSslEngineOptions(new JdkSSLEngineOptions().setUseWorkerThread(true));
  }

  /** For connections that another port of this process has accepted: it says whose they are. */
  static HttpServerOptions handedOver(List<SocketRoute> socketRoutes) {
    return plain(socketRoutes)
        .setUseProxyProtocol(true)
        .setProxyProtocolTimeout(PROXY_HEADER_SECONDS)
        .setProxyProtocolTimeoutUnit(TimeUnit.SECONDS);
  }
}
