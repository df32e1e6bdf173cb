package puente.house;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameStartingWith;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;

/** What no class of Puente may ever do; docs/ARCHITECTURE.md says why. */
final class Architecture {

  /** The protocol: functions of bytes, time and answers. */
  private static final DescribedPredicate<JavaClass> PURE =
      describe(
          "are pure",
          type ->
              resideInAnyPackage("puente.stun..", "puente.turn").test(type)
                  || Set.of(
                          "Rooms",
                          "Members",
                          "Session",
                          "Signal",
                          "Rendezvous",
                          "PeerBroker",
                          "YTopics")
                      .contains(outermost(type).getSimpleName())
                  || type.getPackageName().equals("puente.plan"));

  private static final DescribedPredicate<JavaClass> CONCURRENCY =
      describe(
          "locks, threads or executors",
          type ->
              type.getPackageName().equals("java.util.concurrent.locks")
                  || type.getPackageName().equals("java.util.concurrent")
                      && type.getSimpleName().matches(".*(Execut|Future|Latch|Semaphore|Queue).*")
                  || type.getName().equals("java.lang.Thread"));

  private static final DescribedPredicate<JavaClass> SOCKETS =
      resideInAnyPackage(
              "io.netty.channel..", "io.vertx..", "java.nio.channels..", "java.net.http..")
          .or(
              describe(
                  "sockets",
                  type -> type.getName().matches("java\\.net\\.(\\w*Socket|URL\\w*|Http\\w*)")));

  private static final Set<String> CLOCK =
      Set.of("currentTimeMillis", "nanoTime", "now", "systemUTC", "systemDefaultZone", "system");

  private static final Set<String> DNS =
      Set.of("getByName", "getAllByName", "getLocalHost", "getHostName", "getCanonicalHostName");

  /** Makers of chance, and those of their members that need no seed. */
  private static final String CHANCE =
      "java\\.(util\\.(concurrent\\.)?\\w*Random|security\\.SecureRandom)\\.(<init>|current|getInstance\\w*)"
          + "|java\\.util\\.random\\.\\w+\\.(getDefault|of)"
          + "|java\\.lang\\.(Strict)?Math\\.random|java\\.util\\.UUID\\.randomUUID";

  static final ArchRule PURE_HAS_NO_SOCKETS =
      noClasses().that(PURE).should().dependOnClassesThat(SOCKETS);

  static final ArchRule PURE_HAS_NO_THREADS =
      noClasses().that(PURE).should().dependOnClassesThat(CONCURRENCY);

  static final ArchRule PURE_READS_NO_CLOCK =
      noClasses()
          .that(PURE)
          .should()
          .accessTargetWhere(
              describe(
                  "reads a clock",
                  access ->
                      owner(access).matches("java\\.lang\\.System|java\\.time\\.\\w+")
                              && CLOCK.contains(access.getName())
                          || owner(access).equals("java.util.Date")));

  static final ArchRule PURE_ASKS_NO_DNS =
      noClasses()
          .that(PURE)
          .should()
          .accessTargetWhere(
              describe(
                  "asks DNS",
                  access ->
                      owner(access).startsWith("java.net.Inet") && DNS.contains(access.getName())
                          || owner(access).equals("java.net.InetSocketAddress")
                              && access.getDescription().contains("<init>(java.lang.String")));

  /** Randomness is an argument: a test passes a seed. */
  static final ArchRule PURE_ROLLS_NO_DICE =
      noClasses()
          .that(PURE)
          .should()
          .accessTargetWhere(
              describe(
                  "makes its own randomness",
                  access ->
                      (owner(access) + "." + access.getName()).matches(CHANCE)
                          // Seeded with an argument, it rolls what it is told.
                          && !access.getDescription().contains("SplittableRandom.<init>(long)")));

  /** The planner is arithmetic: whoever embeds it brings nothing along. */
  static final ArchRule PLAN_NEEDS_ONLY_JAVA =
      noClasses()
          .that()
          .resideInAPackage("puente.plan")
          .should()
          .dependOnClassesThat()
          .resideOutsideOfPackages(
              "puente.plan",
              "java.lang..",
              "java.math",
              "java.time..",
              "java.util",
              "java.util.function",
              "java.util.stream",
              "org.jspecify..");

  static final ArchRule FOREIGN_MEMORY_ONLY_IN_NET =
      noClasses()
          .that()
          .resideOutsideOfPackage("puente.net")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.lang.foreign");

  static final ArchRule HAZELCAST_ONLY_IN_ITS_CLUSTER =
      noClasses()
          .that(
              describe("are not HazelcastCluster", type -> !outermostStartsWith(type, "Hazelcast")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.hazelcast..");

  static final ArchRule MICROMETER_ONLY_IN_NODE_AND_ADMIN =
      noClasses()
          .that(
              describe(
                  "are neither the node nor the admin server",
                  type ->
                      !type.getPackageName().equals("puente.admin")
                          && !(type.getPackageName().equals("puente.launcher")
                              && outermostStartsWith(type, "Node"))))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.micrometer..");

  static final ArchRule BOUNCY_CASTLE_ONLY_FOR_CERTIFICATES_DTLS_AND_PASSWORDS =
      noClasses()
          .that(
              describe(
                  "handle neither certificates, nor DTLS, nor passwords",
                  type ->
                      !outermost(type).getSimpleName().matches(".*(Certificate|Dtls|Passwords).*")))
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.bouncycastle..");

  static final ArchRule CONSOLE_AND_SIGNALING_KNOW_NO_TURN =
      noClasses()
          .that()
          .resideInAnyPackage("puente.admin..", "puente.signal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("puente.turn..", "puente.launcher..");

  static final ArchRule TURN_KNOWS_NEITHER =
      noClasses()
          .that()
          .resideInAPackage("puente.turn..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("puente.admin..", "puente.signal..", "puente.launcher..");

  static final ArchRule STUN_STANDS_ALONE =
      noClasses()
          .that()
          .resideInAPackage("puente.stun..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("puente..").and(describe("elsewhere", t -> !isStun(t))));

  static final ArchRule NET_KNOWS_ONLY_STUN =
      noClasses()
          .that()
          .resideInAPackage("puente.net..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "puente.turn..", "puente.admin..", "puente.signal..", "puente.launcher..");

  /** Inside the TURN server: relay, then turn, then store. */
  static final ArchRule TURN_KNOWS_NO_RELAY =
      noClasses()
          .that()
          .resideInAnyPackage("puente.turn", "puente.turn.store")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("puente.turn.relay", "puente.net");

  static final ArchRule STORE_KNOWS_NO_TURN =
      noClasses()
          .that()
          .resideInAPackage("puente.turn.store")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("puente.turn");

  static final ArchRule NO_SHARED_MAPS_WHERE_PACKETS_RUN =
      noClasses()
          .that()
          .resideInAnyPackage("puente.stun", "puente.net", "puente.turn", "puente.turn.relay")
          .should()
          .dependOnClassesThat(simpleNameStartingWith("ConcurrentHashMap"));

  static final ArchRule NO_CYCLES = slices().matching("puente.(**)").should().beFreeOfCycles();

  private Architecture() {}

  private static boolean isStun(JavaClass type) {
    return type.getPackageName().startsWith("puente.stun");
  }

  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(Architecture::outermost).orElse(type);
  }

  private static boolean outermostStartsWith(JavaClass type, String name) {
    return outermost(type).getSimpleName().startsWith(name);
  }

  private static String owner(JavaAccess<?> access) {
    return access.getTargetOwner().getName();
  }
}
