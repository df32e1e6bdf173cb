package puente.turn.relay;

import io.netty.handler.ssl.SslContext;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import puente.net.BindFailure;
import puente.net.DatagramCounters;
import puente.net.DtlsHandshakes;
import puente.net.EventLoops;
import puente.net.SharedHttp;
import puente.stun.BindingConfig;
import puente.stun.BindingConfig.Square;
import puente.stun.BindingServer;
import puente.stun.FiveTuple;
import puente.stun.Transport;
import puente.stun.TransportAddress;
import puente.turn.Counters;
import puente.turn.Redirection;
import puente.turn.RelayAddress;
import puente.turn.TurnConfig;
import puente.turn.store.Accounts;
import puente.turn.store.AllocationKey;
import puente.turn.store.AllocationStore;
import puente.turn.store.Snapshot;

/** The STUN/TURN server of one process: all shards, all listeners. */
public final class TurnNode {

  /**
   * What to listen on, and for whom.
   *
   * @param tls makes the handlers of new TLS connections; asked for each, so that a certificate can
   *     be replaced. Null if nothing listens for TLS
   * @param http who is told of TCP clients that speak HTTP
   * @param dtls room for handshakes; null where clients in DTLS are not served
   * @param accounts who knows users that the configuration does not
   */
  public record Options(
      List<Listen> listen,
      @Nullable Supplier<SslContext> tls,
      @Nullable DtlsHandshakes dtls,
      TurnConfig turn,
      BindingConfig binding,
      StreamLimits streams,
      Accounts accounts,
      SharedHttp http) {

    public Options(
        List<Listen> listen, TurnConfig turn, BindingConfig binding, StreamLimits streams) {
      this(listen, null, null, turn, binding, streams, Accounts.NOBODY, SharedHttp.NONE);
    }

    boolean has(Transport transport) {
      return listen.stream().anyMatch(each -> each.transport == transport);
    }
  }

  /** An address to listen on; port 0 lets the system choose. */
  public record Listen(Transport transport, TransportAddress local) {}

  /** What a shard opens, on its loop. */
  interface Opening {
    void open(Shard shard) throws BindFailure;
  }

  private final EventLoops loops;
  private final StreamCounters streamCounters = new StreamCounters();
  private final StreamAdmission admission = new StreamAdmission();
  private final List<Shard> shards = new CopyOnWriteArrayList<>();
  private final List<BindingServer> bindings = new ArrayList<>();
  private final List<ShardStreams> streams = new ArrayList<>();
  private final StreamPorts streamPorts;
  private final Sessions sessions = new Sessions(shards);
  private final TurnListeners listeners;
  private final String name;
  private final Options options;
  private volatile List<RelayAddress> relays;
  private volatile Runnable closesLink = () -> {};
  private Strays strays = Strays.NONE;
  private CompletableFuture<Void> dtls = CompletableFuture.completedFuture(null);

  private TurnNode(EventLoops loops, Options options, String name) {
    this.loops = loops;
    this.options = options;
    this.name = name;
    relays = options.turn.relayAddresses();
    streamPorts = new StreamPorts(loops, streams);
    listeners = new TurnListeners(loops, shards, options, streamPorts, sessions);
  }

  /** Opens everything, on the loops given. */
  public static TurnNode start(EventLoops loops, Options options, AllocationStore store)
      throws BindFailure {
    return start(loops, options, store, Keeping.NOTHING);
  }

  /** The same, keeping what is to outlive this process. */
  public static TurnNode start(
      EventLoops loops, Options options, AllocationStore store, Keeping keeping)
      throws BindFailure {
    TurnNode node = prepare(loops, options, store, keeping);
    node.serve(keeping.left());
    node.awaitAll();
    return node;
  }

  /** Makes the shards, and opens nothing yet: another process may still serve. */
  public static TurnNode prepare(
      EventLoops loops, Options options, AllocationStore store, Keeping keeping)
      throws BindFailure {
    TurnNode node = new TurnNode(loops, options, keeping.node());
    node.makeShards(store, keeping);
    return node;
  }

  /**
   * Opens everything or nothing, and goes on with what a former process left before anybody is
   * answered. Each shard does so in one go, since nobody reads meanwhile.
   */
  public void serve(List<Snapshot> left) throws BindFailure {
    try {
      listeners.find(left);
      await(restore(left, listeners::openOn));
      listeners.openStreams();
      listeners.watchLeft();
      DtlsHandshakes handshakes = options.dtls;
      if (handshakes != null) {
        dtls = ShardDtls.serve(handshakes, shards, streams);
      }
    } catch (BindFailure failure) {
      close(shard -> shard.loop().datagrams().close());
      throw failure;
    }
  }

  private void makeShards(AllocationStore store, Keeping keeping) throws BindFailure {
    ShardClock clock = new ShardClock();
    int count = loops.shards().size();
    for (int i = 0; i < count; i++) {
      int index = i;
      EventLoops.Loop loop = loops.shards().get(i);
      BindingServer binding = new BindingServer(options.binding);
      bindings.add(binding);
      Shard shard =
          on(
              loop,
              () ->
                  new Shard(
                      loop,
                      store,
                      options.accounts,
                      clock,
                      options.turn,
                      binding,
                      keeping,
                      new DrawnRandom(new SecureRandom()),
                      index,
                      count,
                      loops.isNative()));
      shards.add(shard);
      streams.add(new ShardStreams(shard, admission, streamCounters, options.streams));
    }
    for (Shard shard : shards) {
      on(
          shard.loop(),
          () -> {
            shard.restoration().meet(shards);
            shard.tcp().meet(shards);
            shard.proxies.trust(options.streams.proxies());
            shard.roaming.meet(shards);
            shard.strays().expect(Strays.NONE, true);
            return true;
          });
    }
  }

  /** Waits until clients of every kind are served: those in DTLS come last. */
  public void awaitAll() {
    dtls.join();
  }

  /**
   * Goes on with allocations of a former process or another node: each on the shard that owns its
   * port, all shards at once. Meanwhile nobody is told that there is no such allocation. For one
   * thread at a time.
   */
  public CompletionStage<Void> restore(List<Snapshot> snapshots) {
    return restore(snapshots, shard -> {});
  }

  private CompletableFuture<Void> restore(List<Snapshot> snapshots, Opening first) {
    List<List<Snapshot>> byShard = new ArrayList<>();
    shards.forEach(shard -> byShard.add(new ArrayList<>()));
    List<FiveTuple> clients = new ArrayList<>();
    List<Integer> owners = new ArrayList<>();
    for (Snapshot snapshot : snapshots) {
      int owner = ShardRestoration.shardOf(snapshot, shards.size());
      byShard.get(owner).add(snapshot);
      FiveTuple client = tupleOf(snapshot.key());
      if (client != null) {
        clients.add(client);
        owners.add(owner);
      }
    }
    if (clients.size() > 0) {
      strays = Strays.of(strays, clients, owners, new SecureRandom().nextLong());
    }
    Strays known = strays;
    CompletableFuture<?>[] all = new CompletableFuture<?>[shards.size()];
    for (int i = 0; i < all.length; i++) {
      Shard shard = shards.get(i);
      List<Snapshot> own = byShard.get(i);
      all[i] =
          CompletableFuture.runAsync(
              () -> {
                try {
                  first.open(shard);
                } catch (BindFailure refused) {
                  throw new CompletionException(refused);
                }
                shard.restoration().resume(known, own);
              },
              shard.loop().eventLoop());
    }
    return CompletableFuture.allOf(all);
  }

  /**
   * Whether an allocation could be this node's: it listens where its client sends, and its relayed
   * addresses and their ports are of this configuration.
   */
  public boolean couldServe(Snapshot snapshot) {
    return tupleOf(snapshot.key()) != null
        && snapshot.relays().stream().allMatch(relay -> isOurs(relay.local()));
  }

  private boolean isOurs(TransportAddress relay) {
    return relay.port() >= options.turn.portMin()
        && relay.port() <= options.turn.portMax()
        && relays.stream().anyMatch(address -> address.local().equals(relay.withPort(0)));
  }

  /** Another node has this allocation now: it ends here, without a word to its client. */
  public void letGo(Snapshot claimed) {
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(() -> shard.restoration().letGo(claimed, name));
    }
  }

  /** These relay addresses are not on this machine now: nothing new is made on them. */
  public void absent(Set<TransportAddress> relayAddresses) {
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(() -> shard.server().absent(relayAddresses));
    }
  }

  private @Nullable FiveTuple tupleOf(AllocationKey key) {
    for (Endpoint endpoint : endpoints()) {
      if (key.transport() == Transport.UDP
          && !endpoint.transport().isStream()
          && endpoint.local().equals(key.server())) {
        return new FiveTuple(Transport.UDP, key.client(), key.server(), endpoint.number(), null);
      }
    }
    return null;
  }

  /**
   * Listens on these from now on: new ones are opened, and if one cannot be, nothing has changed.
   * One that is not among them serves nobody new; its UDP and DTLS clients keep it until the last
   * allocation ends, those of TCP and TLS their connections.
   *
   * @param squares for behaviour discovery, of what is listened on then
   * @param patienceMs after which the allocations that came by such a one are ended
   */
  public void listen(List<Listen> wanted, List<Square> squares, long patienceMs)
      throws BindFailure {
    listeners.change(wanted, patienceMs);
    for (int i = 0; i < bindings.size(); i++) {
      BindingServer binding = bindings.get(i);
      shards.get(i).loop().eventLoop().execute(() -> binding.listensAt(squares));
    }
  }

  /** What clients can reach: by datagrams first, then by streams, each in the order asked for. */
  public List<Endpoint> endpoints() {
    return listeners.endpoints();
  }

  /** All that is open, also what serves nobody new any more. */
  public List<TransportAddress> addresses() {
    return listeners.addresses();
  }

  /** Whether clients have come by a datagram socket with this port. */
  public boolean isDatagramPort(int port) {
    return listeners.isDatagramPort(port);
  }

  /** How datagrams are received and sent, in words. */
  public String datagramDescription() {
    return loops.shards().get(0).datagrams().description();
  }

  /** Each shard's counters. */
  public List<Counters> counters() {
    return shards.stream().map(Shard::counters).toList();
  }

  /** Each shard's UDP counters. */
  public List<DatagramCounters> datagramCounters() {
    return shards.stream().map(shard -> shard.loop().datagrams().counters()).toList();
  }

  public StreamCounters streamCounters() {
    return streamCounters;
  }

  /** Connections that have no allocation. */
  public int unauthenticatedConnections() {
    return admission.unauthenticated();
  }

  /** Takes over what can change without a restart; allocations stay. */
  public void reconfigure(TurnConfig turn, StreamLimits limits) {
    relays = turn.relaySites().after(relays);
    for (int i = 0; i < shards.size(); i++) {
      Shard shard = shards.get(i);
      ShardStreams shardStreams = streams.get(i);
      shard
          .loop()
          .eventLoop()
          .execute(
              () -> {
                shard.reconfigure(turn);
                shard.proxies.trust(limits.proxies());
                shardStreams.limits(limits);
              });
    }
  }

  /** What others have said of users that are served is asked again soon. */
  public void doubtUsers() {
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(shard.questions::doubtAll);
    }
  }

  /** So many handshakes of DTLS may be under way from now on. */
  public void dtlsHandshakes(int max) {
    DtlsHandshakes handshakes = options.dtls;
    if (handshakes != null) {
      handshakes.limit(max);
    }
  }

  /**
   * From now on, new allocations are made elsewhere, or here again; what exists stays.
   *
   * @return done when every shard has heard of it
   */
  public CompletionStage<Void> redirect(Redirection redirection) {
    return CompletableFuture.allOf(
        shards.stream()
            .map(
                shard ->
                    CompletableFuture.runAsync(
                        () -> shard.server().redirect(redirection), shard.loop().eventLoop()))
            .toArray(CompletableFuture<?>[]::new));
  }

  /**
   * Lets clients come by other nodes that know the secret, and by us to those.
   *
   * @param local where the other nodes send to; port 0 lets the system choose
   * @throws BindFailure if that cannot be opened
   */
  public ForwardLink forward(TransportAddress local, String secret) throws BindFailure {
    ForwardLink link = ForwardLink.open(local, secret, shards);
    closesLink = link::close;
    SecureRandom random = new SecureRandom();
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(() -> shard.forwardBy(link, random.nextLong()));
    }
    return link;
  }

  /** From now on this one is told what happens. */
  public void observe(Observer observer) {
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(() -> shard.watch.observe(observer));
    }
  }

  /**
   * From now on, behaviour discovery uses the addresses of these nodes where this node has no
   * second one of its own; only after {@link #forward}.
   *
   * @return done once every loop does
   */
  public CompletionStage<Void> discoverWith(List<Partner> partners) {
    List<Square> squares = partners.stream().map(Partner::square).toList();
    CompletableFuture<?>[] all = new CompletableFuture<?>[shards.size()];
    for (int i = 0; i < all.length; i++) {
      Shard shard = shards.get(i);
      BindingServer binding = bindings.get(i);
      all[i] =
          CompletableFuture.runAsync(
              () -> {
                ShardForwarding forwarding = shard.forwarding;
                if (forwarding != null) {
                  forwarding.discoverWith(partners);
                  binding.discoverWith(squares);
                }
              },
              shard.loop().eventLoop());
    }
    return CompletableFuture.allOf(all);
  }

  /** From now on, datagrams of another protocol are its own. */
  public void admit(Guests guests) {
    for (Shard shard : shards) {
      shard.loop().eventLoop().execute(() -> shard.guests.admit(guests));
    }
  }

  /** What exists, for people. */
  public Sessions sessions() {
    return sessions;
  }

  /**
   * Serves no more, but keeps the datagram sockets open: another process goes on with them. Whoever
   * came by TCP or TLS has to come again.
   */
  public void leave() {
    closeOwn();
    for (Shard shard : shards) {
      shard.loop().eventLoop().submit(shard::leave).awaitUninterruptibly();
    }
  }

  /** Stops listening and closes every connection; allocations end with the process. */
  public CompletionStage<Void> stop() {
    close(Shard::closeListeners);
    return CompletableFuture.completedStage(null);
  }

  /** What another process opens anew. */
  private void closeOwn() {
    closesLink.run();
    streamPorts.closeAll();
  }

  private void close(Consumer<Shard> datagrams) {
    listeners.shutdown();
    closeOwn();
    for (Shard shard : shards) {
      shard.loop().eventLoop().submit(() -> datagrams.accept(shard)).awaitUninterruptibly();
    }
    shards.clear();
    streamPorts.shutdown();
  }

  private static <T> T on(EventLoops.Loop loop, Callable<T> work) throws BindFailure {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.eventLoop()
        .execute(
            () -> {
              try {
                result.complete(work.call());
              } catch (Exception failure) {
                result.completeExceptionally(failure);
              }
            });
    return await(result);
  }

  static <T> T await(CompletableFuture<T> result) throws BindFailure {
    try {
      return result.join();
    } catch (CompletionException failure) {
      if (failure.getCause() instanceof BindFailure bindFailure) {
        throw bindFailure;
      }
      throw failure;
    }
  }
}
