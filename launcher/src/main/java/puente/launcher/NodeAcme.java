package puente.launcher;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import org.slf4j.event.Level;
import puente.acme.AcmeOrder;
import puente.acme.AcmeOrder.Issued;
import puente.acme.AcmeOrder.Kind;
import puente.acme.AcmeOrder.Refused;
import puente.acme.Authority;
import puente.acme.Proof;
import puente.signal.GatewayServer;
import puente.signal.Reply;

/**
 * Gets the certificate of {@code acme-domain} and renews it in time. In a cluster the living node
 * with the first name orders, and shares proofs and certificate over the sealed links; on a thread
 * of its own. Whatever fails, the certificate in force stays in force.
 */
final class NodeAcme implements AcmeOrder.Stage {
  private static final String SUBJECT = "acme";
  private static final String PATH = "/.well-known/acme-challenge/";
  private static final long LOOK_MS = 60_000;

  /** Nodes that start together see each other before one orders; who stays alone so long does. */
  private static final Duration SETTLED = Duration.ofMinutes(2);

  /** What another node needs to take a proof. */
  private static final Duration TOLD = Duration.ofSeconds(5);

  private static final Duration BACK_OFF_MIN = Duration.ofMinutes(1);
  private static final Duration BACK_OFF_MAX = Duration.ofHours(6);
  private static final int PROOFS_MAX = 100;

  /** What came of the orders. */
  enum Fact {
    ISSUED,
    FAILED,
    /** From another node. */
    TAKEN
  }

  private final Config config;
  private final Cluster cluster;
  private final NodeTls tls;
  private final StateDirectory state;
  private final CertificateStore store;
  private final Authority authority;
  private final NodeAcmeRenewal renewal;
  private final Clock clock;
  private final boolean isAlone;
  private final boolean isShared;
  private final Map<String, String> answerByToken = new ConcurrentHashMap<>();
  private final Set<String> told = new HashSet<>();
  private final AtomicLongArray counts = new AtomicLongArray(Fact.values().length);
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("puente-acme").factory());
  private Duration backOff = BACK_OFF_MIN;
  private Instant notBefore = Instant.MIN;
  private volatile Instant settled = Instant.MIN;

  NodeAcme(Config config, StateDirectory state, Cluster cluster, NodeTls tls, Clock clock)
      throws StartFailure {
    this.config = config;
    this.state = state;
    this.cluster = cluster;
    this.tls = tls;
    this.clock = clock;
    store = new CertificateStore(state);
    authority = authority(config);
    renewal = new NodeAcmeRenewal(authority, store, clock);
    Optional<ClusterConfig> several = ClusterConfig.of(config);
    isAlone = several.isEmpty();
    // A private key goes over sealed links only.
    isShared = several.flatMap(ClusterConfig::secret).isPresent();
    if (isShared) {
      cluster.messages().answer(SUBJECT, this::hear);
    }
  }

  /** Whether a certificate is to be got here. */
  static boolean isWanted(Config config) {
    return !config.all(AcmeSettings.DOMAIN).isEmpty() && config.find(Settings.CERT).isEmpty();
  }

  /** What cannot work is said at the start, not by an authority days later. */
  static void check(Config config) throws StartFailure {
    if (config.all(AcmeSettings.DOMAIN).isEmpty()) {
      return;
    }
    for (String domain : config.all(AcmeSettings.DOMAIN)) {
      if (!domain.matches("(\\*\\.)?([A-Za-z0-9-]{1,63}\\.)*[A-Za-z0-9-]{1,63}")) {
        throw wrong(
            config, AcmeSettings.DOMAIN, "\"" + SafeText.excerpt(domain, 80) + "\" is no name");
      }
    }
    Kind kind = kind(config);
    if (kind == Kind.HTTP_01 && config.value(HttpSettings.NO_HTTP)) {
      throw wrong(config, AcmeSettings.DOMAIN, "http-01 needs HTTP, which no-http switches off");
    }
    if (kind == Kind.TLS_ALPN_01 && config.value(Settings.NO_TLS)) {
      throw wrong(config, AcmeSettings.DOMAIN, "tls-alpn-01 needs TLS, which no-tls switches off");
    }
    if (kind == Kind.DNS_01 && config.find(AcmeSettings.DNS_HOOK).isEmpty()) {
      throw wrong(config, AcmeSettings.CHALLENGE, "dns-01 needs acme-dns-hook");
    }
    if (config.find(Settings.CERT).isPresent()) {
      Events.warn("configuration", "warning", "acme-domain has no effect, since cert is given");
    }
  }

  private static StartFailure wrong(Config config, Setting<?> setting, String why) {
    return StartFailure.configuration(config.origin(setting) + ": " + setting + ": " + why);
  }

  private static Kind kind(Config config) {
    return Kind.valueOf(
        config.value(AcmeSettings.CHALLENGE).toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  private static Authority authority(Config config) throws StartFailure {
    Optional<Path> roots = config.find(AcmeSettings.CA_FILE);
    return new Authority(
        URI.create(config.value(AcmeSettings.DIRECTORY)),
        roots.isPresent() ? CertificateChain.certificates(roots.get()) : List.of());
  }

  void start() {
    settled = isAlone ? Instant.MIN : clock.instant().plus(SETTLED);
    cluster.onChange(this::changed);
    thread.scheduleWithFixedDelay(this::look, 0, LOOK_MS, TimeUnit.MILLISECONDS);
    if (!isAlone && !isShared) {
      Events.warn(
          "acme", "warning", "without cluster-secret each node orders a certificate of its own");
    }
  }

  void close() {
    thread.shutdownNow();
  }

  long count(Fact fact) {
    return counts.get(fact.ordinal());
  }

  /** What http-01 asks for; from any page, since it is no secret. */
  GatewayServer.Route route() {
    return GatewayServer.Route.get(
            PATH,
            GatewayServer.Access.ANYBODY,
            request -> {
              String answer = answerByToken.get(request.path().substring(PATH.length()));
              return Future.succeededFuture(
                  answer == null
                      ? Reply.problem(404, "No such challenge.")
                      : Reply.text(200, "application/octet-stream", answer));
            })
        .andBelow();
  }

  // ---- ordering

  /** Looks whether something is to be done; also for tests, which do not wait. */
  void look() {
    try {
      if (isSettled() && isLeader() && isDue() && !clock.instant().isBefore(notBefore)) {
        order();
      }
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } catch (StartFailure | RuntimeException broken) {
      failed(String.valueOf(broken.getMessage()), Optional.empty());
    }
  }

  private boolean isSettled() {
    return clock.instant().isAfter(settled)
        || cluster.nodes().stream()
            .anyMatch(node -> node.alive() && !node.id().equals(cluster.nodeId()));
  }

  private void changed(List<NodeState> nodes) {
    try {
      thread.execute(() -> greet(nodes));
      if (store.chain().isEmpty()) {
        thread.execute(this::look);
      }
    } catch (RejectedExecutionException stopping) {
      // There is nothing to greet for any more.
    } catch (StartFailure unreadable) {
      Events.warn("acme", "warning", unreadable.line());
    }
  }

  private boolean isLeader() {
    return !isShared
        || cluster.nodes().stream()
            .filter(NodeState::alive)
            .map(NodeState::id)
            .noneMatch(id -> id.compareTo(cluster.nodeId()) < 0);
  }

  /** When it is time, or when it is for other names. */
  private boolean isDue() throws StartFailure {
    Optional<CertificateChain> chain = store.chain();
    if (chain.isEmpty()) {
      return true;
    }
    X509Certificate leaf = chain.get().leaf();
    return !names(leaf).containsAll(domains()) || renewal.isDue(leaf);
  }

  private List<String> domains() {
    return config.all(AcmeSettings.DOMAIN).stream()
        .map(domain -> domain.toLowerCase(Locale.ROOT))
        .toList();
  }

  private static Set<String> names(X509Certificate leaf) {
    Set<String> names = new HashSet<>();
    try {
      var entries = leaf.getSubjectAlternativeNames();
      for (List<?> entry : entries == null ? List.<List<?>>of() : entries) {
        names.add(String.valueOf(entry.get(1)).toLowerCase(Locale.ROOT));
      }
    } catch (java.security.cert.CertificateParsingException broken) {
      return names;
    }
    return names;
  }

  private void order() throws StartFailure, InterruptedException {
    AcmeOrder.Wish wish =
        new AcmeOrder.Wish(
            authority,
            config.find(AcmeSettings.EMAIL),
            domains(),
            kind(config),
            config.value(AcmeSettings.TIMEOUT),
            store.chain().map(CertificateChain::leaf));
    try {
      Issued issued = new AcmeOrder(wish, store.account(AcmeOrder::newKeys), this).place();
      String pem = CertificateStore.pem(issued.chain(), issued.keys().getPrivate());
      take(pem);
      counts.incrementAndGet(Fact.ISSUED.ordinal());
      backOff = BACK_OFF_MIN;
      notBefore = Instant.MIN;
      Events.info(
          "certificate-issued",
          "names",
          String.join(" ", domains()),
          "expires",
          issued.chain().getFirst().getNotAfter().toInstant());
      tellAll(new JsonObject().put("certificate", pem));
    } catch (Refused refused) {
      failed(String.valueOf(refused.getMessage()), refused.notBefore());
    }
  }

  private void failed(String why, Optional<Instant> allowed) {
    counts.incrementAndGet(Fact.FAILED.ordinal());
    Instant next = clock.instant().plus(backOff);
    notBefore = allowed.filter(next::isBefore).orElse(next);
    Duration doubled = backOff.multipliedBy(2);
    backOff = doubled.compareTo(BACK_OFF_MAX) > 0 ? BACK_OFF_MAX : doubled;
    Events.log(
        Level.ERROR,
        "certificate-not-issued",
        "names",
        String.join(" ", domains()),
        "reason",
        SafeText.excerpt(why, 500),
        "meaning",
        "the former certificate stays in force",
        "again",
        notBefore);
  }

  /** New connections get it at once; refused as a whole if it does not fit together. */
  private void take(String pem) throws StartFailure {
    store.keep(pem);
    store.chain();
    tls.reload(config, state);
  }

  // ---- proofs

  @Override
  public void show(Proof proof) throws Refused {
    switch (proof) {
      case Proof.Http http -> answerByToken.put(http.token(), http.answer());
      case Proof.TlsAlpn alpn ->
          tls.prove(
              alpn.domain(),
              new CertificateChain(List.of(alpn.certificate()), alpn.keys().getPrivate()));
      case Proof.Dns dns -> hook("present", dns);
    }
    tellAll(words(proof, true));
  }

  @Override
  public void remove(Proof proof) {
    switch (proof) {
      case Proof.Http http -> answerByToken.remove(http.token());
      case Proof.TlsAlpn alpn -> tls.forgetProof(alpn.domain());
      case Proof.Dns dns -> {
        try {
          hook("clear", dns);
        } catch (Refused left) {
          Events.warn("acme-dns-hook", "warning", String.valueOf(left.getMessage()));
        }
      }
    }
    tellAll(words(proof, false));
  }

  private void hook(String verb, Proof.Dns dns) throws Refused {
    Path program = config.value(AcmeSettings.DNS_HOOK);
    try {
      Process process =
          new ProcessBuilder(program.toString(), verb, dns.record(), dns.digest())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      Duration patience = config.value(AcmeSettings.TIMEOUT);
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new Refused(program + " " + verb + " does not end");
      }
      if (process.exitValue() != 0) {
        throw new Refused(program + " " + verb + " ends with " + process.exitValue());
      }
    } catch (IOException missing) {
      throw new Refused(program + " cannot be run: " + missing.getMessage());
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
      throw new Refused("stopping");
    }
  }

  // ---- the other nodes

  private static JsonObject words(Proof proof, boolean isShown) {
    JsonObject words = new JsonObject().put("shown", isShown).put("domain", proof.domain());
    return switch (proof) {
      case Proof.Http http -> words.put("token", http.token()).put("answer", http.answer());
      case Proof.TlsAlpn alpn ->
          words.put(
              "alpn", CertificateStore.pem(List.of(alpn.certificate()), alpn.keys().getPrivate()));
      case Proof.Dns dns -> words;
    };
  }

  /** Waits until they have it, so that the authority may meet any of them. */
  private void tellAll(JsonObject words) {
    if (!isShared) {
      return;
    }
    CompletableFuture<?>[] told =
        cluster.nodes().stream()
            .filter(node -> node.alive() && !node.id().equals(cluster.nodeId()))
            .map(node -> tell(node.id(), words).exceptionally(late -> new byte[0]))
            .toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(told).join();
  }

  private CompletableFuture<byte[]> tell(String node, JsonObject words) {
    return cluster
        .messages()
        .ask(node, SUBJECT, words.encode().getBytes(US_ASCII), TOLD)
        .toCompletableFuture();
  }

  /** A node that came has missed the certificate. */
  private void greet(List<NodeState> nodes) {
    Set<String> living = new HashSet<>();
    nodes.stream().filter(NodeState::alive).forEach(node -> living.add(node.id()));
    living.remove(cluster.nodeId());
    told.retainAll(living);
    try {
      for (String node : living) {
        if (isShared && store.chain().isPresent() && told.add(node)) {
          tell(node, new JsonObject().put("certificate", store.text()))
              .exceptionally(late -> new byte[0]);
        }
      }
    } catch (StartFailure unreadable) {
      Events.warn("acme", "warning", unreadable.line());
    }
  }

  private CompletionStage<byte[]> hear(String from, byte[] body) {
    CompletableFuture<byte[]> done = new CompletableFuture<>();
    thread.execute(
        () -> {
          try {
            heard(from, new JsonObject(new String(body, US_ASCII)));
          } catch (DecodeException | ClassCastException | StartFailure foreign) {
            Events.warn("acme", "from", from, "warning", String.valueOf(foreign.getMessage()));
          }
          done.complete(new byte[0]);
        });
    return done;
  }

  private void heard(String from, JsonObject words) throws StartFailure {
    String certificate = words.getString("certificate");
    String domain = words.getString("domain", "");
    String token = words.getString("token");
    String alpn = words.getString("alpn");
    boolean isShown = words.getBoolean("shown", false);
    if (certificate != null) {
      heardCertificate(from, certificate);
    } else if (token != null && isShown && answerByToken.size() < PROOFS_MAX) {
      answerByToken.put(token, words.getString("answer", ""));
    } else if (token != null) {
      answerByToken.remove(token);
    } else if (alpn != null && isShown) {
      prove(domain, CertificateChain.of(alpn, "proof of " + from));
    } else if (alpn != null) {
      tls.forgetProof(domain);
    }
  }

  private void prove(String domain, CertificateChain proof) {
    try {
      tls.prove(domain, proof);
    } catch (Refused unusable) {
      Events.warn("acme", "warning", String.valueOf(unusable.getMessage()));
    }
  }

  /** Of two the one that is good for longer. */
  private void heardCertificate(String from, String pem) throws StartFailure {
    CertificateChain other = CertificateChain.of(pem, "certificate of " + from);
    Optional<CertificateChain> own = store.chain();
    boolean isLater =
        own.isEmpty() || other.leaf().getNotAfter().after(own.get().leaf().getNotAfter());
    if (isLater && names(other.leaf()).containsAll(domains())) {
      take(pem);
      counts.incrementAndGet(Fact.TAKEN.ordinal());
      Events.info(
          "certificate-taken", "from", from, "expires", other.leaf().getNotAfter().toInstant());
    }
  }
}
