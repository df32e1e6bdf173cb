package puente.turn.relay;

import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import puente.net.ClientConnection;
import puente.net.DtlsClients;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.relay.StreamCounters.Fact;

/** The TCP, TLS and DTLS connections of one shard, and the limits on them. */
final class ShardStreams implements ClientConnection.Receiver {

  private static final Logger LOG = LoggerFactory.getLogger("puente.turn");
  private static final long SWEEP_MS = 1000;

  /** What is known of a connection besides its bytes. */
  private static final class State {
    long withoutAllocationSince;
    boolean authenticated;
  }

  private final Shard shard;
  private final StreamAdmission admission;
  private final StreamCounters counters;
  private final Map<ClientConnection, State> open = new LinkedHashMap<>();
  private StreamLimits limits;
  private boolean defectLogged;
  private boolean halfOpenLogged;
  private boolean proxyLogged;

  ShardStreams(
      Shard shard, StreamAdmission admission, StreamCounters counters, StreamLimits limits) {
    this.shard = shard;
    this.admission = admission;
    this.counters = counters;
    this.limits = limits;
    shard
        .loop()
        .eventLoop()
        .scheduleWithFixedDelay(this::sweep, SWEEP_MS, SWEEP_MS, TimeUnit.MILLISECONDS);
  }

  void limits(StreamLimits newLimits) {
    limits = newLimits;
  }

  void closeAll() {
    for (ClientConnection connection : open.keySet().toArray(ClientConnection[]::new)) {
      connection.close();
    }
  }

  /** Ends the connections that came by this listener. */
  void closeAt(int number) {
    for (ClientConnection connection : open.keySet().toArray(ClientConnection[]::new)) {
      FiveTuple tuple = connection.tuple();
      if (tuple != null && tuple.listener() == number) {
        connection.close();
      }
    }
  }

  @Override
  public long now() {
    return shard.now();
  }

  @Override
  public boolean trusts(TransportAddress proxy) {
    return limits.trusts(proxy);
  }

  @Override
  public boolean onOpen(ClientConnection connection) {
    FiveTuple tuple = connection.tuple();
    if (tuple == null) {
      return false;
    }
    Fact refusal = admission.admit(tuple.client(), limits);
    if (refusal != null) {
      counters.count(refusal);
      return false;
    }
    State state = new State();
    state.withoutAllocationSince = connection.openedAt();
    open.put(connection, state);
    counters.count(Fact.OPENED);
    return true;
  }

  @Override
  public void onFrame(ClientConnection connection, Packet packet) {
    shard.onFrame(packet);
  }

  @Override
  public void onReadBegin() {
    shard.loop().datagrams().hold();
  }

  @Override
  public void onReadEnd() {
    shard.loop().datagrams().flush();
  }

  @Override
  public void onUntrustedProxy(ClientConnection connection) {
    counters.count(Fact.PROXY_HEADER);
    FiveTuple tuple = connection.tuple();
    if (!proxyLogged && tuple != null) {
      proxyLogged = true;
      LOG.warn(
          "event=proxy-header-refused from={} hint=\"if this is your proxy, say so: "
              + "proxy-protocol-from\"",
          tuple.client());
    }
  }

  @Override
  public void onGarbage(ClientConnection connection) {
    counters.count(Fact.GARBAGE);
  }

  @Override
  public void onFailure(ClientConnection connection, Throwable cause) {
    if (cause instanceof HAProxyProtocolException) {
      counters.count(Fact.PROXY_HEADER);
    } else if (cause instanceof DecoderException || cause instanceof SSLException) {
      counters.count(Fact.HANDSHAKE_FAILED);
    } else {
      counters.count(Fact.FAILED);
      if (!(cause instanceof IOException) && !defectLogged) {
        defectLogged = true;
        LOG.error("event=defect where=stream meaning=\"please report\"", cause);
      }
    }
  }

  @Override
  public void onClosed(ClientConnection connection) {
    State state = open.remove(connection);
    FiveTuple tuple = connection.tuple();
    if (state != null && tuple != null) {
      admission.closed(tuple.client(), state.authenticated);
      shard.roaming.onClosed(tuple);
    }
  }

  void onDtls(DtlsClients.Fact fact) {
    switch (fact) {
      case GREETED -> counters.count(Fact.DTLS_GREETED);
      case STRAY -> counters.count(Fact.DTLS_STRAY);
      case HALF_OPEN_FULL -> {
        counters.count(Fact.DTLS_HALF_OPEN_FULL);
        if (!halfOpenLogged) {
          halfOpenLogged = true;
          LOG.warn("event=dtls-refused reason=\"max-dtls-handshakes are under way\"");
        }
      }
    }
  }

  /** Closes who is silent, and who has no allocation for too long. */
  private void sweep() {
    long now = now();
    for (Iterator<Map.Entry<ClientConnection, State>> all = open.entrySet().iterator();
        all.hasNext(); ) {
      Map.Entry<ClientConnection, State> next = all.next();
      look(next.getKey(), next.getValue(), now);
    }
  }

  private void look(ClientConnection connection, State state, long now) {
    FiveTuple tuple = connection.tuple();
    boolean authenticated =
        connection.isJoined()
            || tuple != null
                && (shard.server().allocationOf(tuple) != null || shard.roaming.knows(tuple));
    if (authenticated != state.authenticated) {
      state.authenticated = authenticated;
      state.withoutAllocationSince = now;
      admission.authenticated(authenticated);
    }
    if (authenticated) {
      return;
    }
    if (!connection.hasSpoken() && now - connection.openedAt() >= limits.firstMessageMs()) {
      counters.count(Fact.SILENT);
      connection.close();
    } else if (now - state.withoutAllocationSince >= limits.authenticationMs()
        || now - connection.heardAt() >= limits.idleMs()) {
      counters.count(Fact.IDLE);
      connection.close();
    }
  }
}
