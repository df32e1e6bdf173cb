package puente.peer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.beans.PropertyChangeEvent;
import java.io.IOException;
import java.net.BindException;
import java.net.DatagramPacket;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ice4j.Transport;
import org.ice4j.TransportAddress;
import org.ice4j.ice.Agent;
import org.ice4j.ice.Candidate;
import org.ice4j.ice.CandidatePair;
import org.ice4j.ice.CandidateType;
import org.ice4j.ice.Component;
import org.ice4j.ice.HostCandidate;
import org.ice4j.ice.IceMediaStream;
import org.ice4j.ice.IceProcessingState;
import org.ice4j.ice.KeepAliveStrategy;
import org.ice4j.ice.LocalCandidate;
import org.ice4j.ice.NominationStrategy;
import org.ice4j.ice.RemoteCandidate;
import org.ice4j.ice.harvest.StunCandidateHarvester;
import org.ice4j.security.LongTermCredential;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * One run of ICE (RFC 8445) with one other peer, by ice4j; then datagrams on the path it found. By the
 * relay, one relay is enough: the offerer's, to which the other comes from wherever it is seen; only
 * whom no UDP reaches brings one of his own.
 */
final class IcePath implements Path {
  private static final int QUEUE_MAX = 4096;
  private static final int DATAGRAM_MAX = 2048;
  private static final int LOOK_MS = 500;

  /** A burst of packets while this process does not run. */
  private static final int BUFFER_BYTES = 2 << 20;

  private static final int CANDIDATES_MAX = 64;

  /** RFC 8445 §5.1.2.1, of a server-reflexive address with the highest local preference. */
  private static final long MAPPED_PRIORITY = (100L << 24) + (0xFFFFL << 8) + 255;

  // ice4j and what it uses log through java.util.logging, and nothing else in this process does.
  private static final Logger ICE_LOG = Logger.getLogger("");

  static {
    ICE_LOG.setLevel(Level.OFF);
    // It would ask the cloud's metadata service where this host is.
    System.setProperty("ice4j.harvest.mapping.aws.enabled", "false");
    System.setProperty("ice4j.harvest.use-link-local-addresses", "false");
    System.setProperty("ice4j.harvest.timeout", "6 seconds");
    System.setProperty("ice4j.software", "");
    System.setProperty("ice4j.consent-freshness.interval", "5 seconds");
    System.setProperty("org.ice4j.MAX_CTRAN_RETRANSMISSIONS", "5");
  }

  private final Way way;
  private final Agent agent;
  private final IceMediaStream stream;
  private final Component component;
  private final @Nullable StreamRelay relay;
  private final boolean hasRelay;
  private final PortMapper.@Nullable Mapping mapping;
  private final CountDownLatch decided = new CountDownLatch(1);
  private final ArrayBlockingQueue<byte[]> arrived = new ArrayBlockingQueue<>(QUEUE_MAX);
  private volatile boolean isClosed;

  /**
   * Gathers candidates, which takes a few round trips.
   *
   * @param way UDP, or RELAY
   * @param relayed family of the relay's address; where nothing comes back over UDP, it is reached by
   *     TCP or TLS
   */
  IcePath(Way way, boolean isOfferer, Footing footing, Family relayed) throws IOException {
    this.way = way;
    hasRelay = way == Way.RELAY && (isOfferer || !footing.hasUdp());
    relay = footing.hasUdp() ? null : streamRelay(footing);
    agent = new Agent();
    agent.setControlling(isOfferer);
    try {
      harvesters(footing, relayed);
      stream = agent.createMediaStream("peer");
      stream.addPairChangeListener(this::onPair);
      component = component(agent, stream);
      if (hasRelay && families().isEmpty()) {
        Set<Family> other = EnumSet.complementOf(EnumSet.of(relayed));
        throw new FamilyMismatch("the relay gives no address of " + relayed, other);
      }
    } catch (IOException | RuntimeException failed) {
      agent.free();
      if (relay != null) {
        relay.close();
      }
      throw failed;
    }
    mapping = way == Way.UDP ? mapped(footing.mapper()) : null;
    agent.addStateChangeListener(
        change -> {
          if (agent.getState().isEstablished() || agent.getState() == IceProcessingState.FAILED) {
            decided.countDown();
          }
        });
  }

  private static Component component(Agent agent, IceMediaStream stream) throws IOException {
    try {
      return agent.createComponent(stream, KeepAliveStrategy.SELECTED_ONLY, true);
    } catch (BindException none) { // whose message is the state of all its candidates
      throw new IOException("no UDP address here that others reach", none);
    }
  }

  /** What ice4j loads before its first run takes longer than the run: meanwhile others answer. */
  static void warm() {
    new Agent().free();
  }

  private void harvesters(Footing footing, Family relayed) {
    agent.setNominationStrategy(
        way == Way.RELAY
            ? NominationStrategy.NONE // onPair does it
            : NominationStrategy.NOMINATE_FIRST_HOST_OR_REFLEXIVE_VALID);
    if (footing.hasUdp() && !hasRelay) {
      footing.stun().forEach(s -> agent.addCandidateHarvester(new StunCandidateHarvester(at(s))));
    } else if (footing.hasUdp()) {
      footing.relayByUdp().ifPresent(r -> relayAt(r, r.address(), relayed));
    } else if (relay != null) {
      relayAt(relay.server(), relay.address(), relayed);
    }
  }

  private PortMapper.@Nullable Mapping mapped(PortMapper mapper) {
    for (LocalCandidate one : component.getLocalCandidates()) {
      if (one instanceof HostCandidate) {
        PortMapper.Mapping lent = mapper.map(false, one.getTransportAddress());
        if (lent != null) {
          return lent;
        }
      }
    }
    return null;
  }

  private void onPair(PropertyChangeEvent event) {
    boolean isValid = IceMediaStream.PROPERTY_PAIR_VALIDATED.equals(event.getPropertyName());
    if (way == Way.RELAY
        && agent.isControlling()
        && isValid
        && event.getSource() instanceof CandidatePair pair
        && (isRelayed(pair.getLocalCandidate()) || isRelayed(pair.getRemoteCandidate()))) {
      agent.nominate(pair);
    }
  }

  private static boolean isRelayed(Candidate<?> candidate) {
    Candidate<?> base = candidate.getBase();
    return candidate.getType() == CandidateType.RELAYED_CANDIDATE
        || base != null && base.getType() == CandidateType.RELAYED_CANDIDATE;
  }

  private static @Nullable StreamRelay streamRelay(Footing footing) throws IOException {
    List<IceServers.Relay> all =
        footing.servers().relays().stream().filter(one -> one.way() != IceServers.Way.UDP).toList();
    return all.isEmpty() ? null : StreamRelay.open(all, footing.trust());
  }

  private void relayAt(IceServers.Relay server, InetSocketAddress address, Family relayed) {
    LongTermCredential login = new LongTermCredential(server.user(), server.password());
    agent.addCandidateHarvester(new FamilyHarvester(at(address), login, relayed));
  }

  private static TransportAddress at(InetSocketAddress address) {
    return new TransportAddress(address.getAddress(), address.getPort(), Transport.UDP);
  }

  @Override
  public JsonObject description() {
    JsonArray candidates = new JsonArray();
    for (LocalCandidate one : component.getLocalCandidates()) {
      if (hasRelay && one.getType() != CandidateType.RELAYED_CANDIDATE) {
        continue; // nobody shall come by another way
      }
      TransportAddress address = one.getTransportAddress();
      candidates.add(
          new JsonObject()
              .put("type", one.getType().toString())
              .put("ip", address.getHostAddress())
              .put("port", address.getPort())
              .put("priority", one.getPriority())
              .put("foundation", one.getFoundation()));
    }
    if (mapping != null) { // as good as a reflexive one: it leads to the host's own address
      candidates.add(
          new JsonObject()
              .put("type", CandidateType.SERVER_REFLEXIVE_CANDIDATE.toString())
              .put("ip", mapping.outer().getAddress().getHostAddress())
              .put("port", mapping.outer().getPort())
              .put("priority", MAPPED_PRIORITY)
              .put("foundation", "mapped"));
    }
    return new JsonObject()
        .put("ufrag", agent.getLocalUfrag())
        .put("pwd", agent.getLocalPassword())
        .put("candidates", candidates);
  }

  @Override
  public Set<Family> families() {
    return Routes.families(
        component.getLocalCandidates().stream()
            .filter(one -> !hasRelay || one.getType() == CandidateType.RELAYED_CANDIDATE)
            .map(one -> one.getTransportAddress().getAddress()));
  }

  /** Checks pairs until one is chosen. */
  @Override
  public void connect(JsonObject remote, long patienceMs) throws IOException, InterruptedException {
    stream.setRemoteUfrag(remote.getString("ufrag"));
    stream.setRemotePassword(remote.getString("pwd"));
    JsonArray candidates = remote.getJsonArray("candidates");
    for (int i = 0; i < Math.min(candidates.size(), CANDIDATES_MAX); i++) {
      add(candidates.getJsonObject(i));
    }
    agent.startConnectivityEstablishment();
    boolean inTime = decided.await(patienceMs, TimeUnit.MILLISECONDS);
    if (component.getSelectedPair() == null) {
      throw new IOException(inTime ? "no pair of addresses works" : "no path in time");
    }
    for (LocalCandidate one : component.getLocalCandidates()) {
      if (one instanceof HostCandidate host) {
        host.getCandidateIceSocketWrapper().getUDPSocket().setReceiveBufferSize(BUFFER_BYTES);
      }
    }
    component.getSocket().setReceiveBufferSize(BUFFER_BYTES);
    Thread.ofPlatform().daemon().name("ice path").start(this::listen);
  }

  private void add(JsonObject one) throws IOException {
    TransportAddress address = at(Routes.candidate(one));
    component.addRemoteCandidate(
        new RemoteCandidate(
            address,
            component,
            CandidateType.parse(one.getString("type")),
            one.getString("foundation"),
            one.getLong("priority"),
            null));
  }

  private void listen() {
    DatagramPacket packet = new DatagramPacket(new byte[DATAGRAM_MAX], DATAGRAM_MAX);
    while (!isClosed) {
      try {
        packet.setLength(DATAGRAM_MAX);
        component.getSocket().setSoTimeout(LOOK_MS);
        component.getSocket().receive(packet);
        // A full queue drops, as a network does.
        arrived.offer(
            Arrays.copyOfRange(
                packet.getData(), packet.getOffset(), packet.getOffset() + packet.getLength()));
      } catch (SocketTimeoutException nothing) {
        continue;
      } catch (IOException closed) {
        return;
      }
    }
  }

  @Override
  public byte @Nullable [] receive(int waitMs) throws IOException {
    try {
      return arrived.poll(waitMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public void send(byte[] bytes, int offset, int length) throws IOException {
    if (isClosed) {
      throw new IOException("closed");
    }
    component.send(bytes, offset, length);
  }

  @Override
  public String kind() {
    return way == Way.UDP
        ? "direct UDP" + family()
        : relay == null ? "relay" : "relay (" + relay.server().way() + ")";
  }

  private String family() {
    CandidatePair pair = component.getSelectedPair();
    return pair != null && pair.getRemoteCandidate().getTransportAddress().isIPv6()
        ? " (IPv6)"
        : "";
  }

  @Override
  public void close() {
    isClosed = true;
    agent.free();
    if (mapping != null) {
      mapping.close();
    }
    if (relay != null) {
      relay.close();
    }
  }
}
