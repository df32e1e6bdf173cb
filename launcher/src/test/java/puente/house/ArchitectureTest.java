package puente.house;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.StandardLocation;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/** Puente's classes keep every rule of {@link Architecture}; and each rule can say no. */
class ArchitectureTest {

  private static final JavaClasses PUENTE = puente();
  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  /** One for all sins: it remembers what is in the jars. */
  private static final StandardJavaFileManager FILES =
      COMPILER.getStandardFileManager(null, null, null);

  /** For each rule a class that breaks it: its package, its name, its body. */
  private static final List<Sin> SINS =
      List.of(
          new Sin("PURE_HAS_NO_SOCKETS", "puente.stun", "X", "java.nio.channels.Selector s;"),
          new Sin("PURE_HAS_NO_SOCKETS", "puente.turn", "X", "io.netty.channel.Channel c;"),
          new Sin("PURE_HAS_NO_SOCKETS", "puente.stun", "X", "java.net.DatagramSocket s;"),
          new Sin("PURE_HAS_NO_SOCKETS", "puente.signal", "Rooms", "io.vertx.core.Vertx v;"),
          new Sin("PURE_HAS_NO_THREADS", "puente.turn", "X", "java.util.concurrent.locks.Lock l;"),
          new Sin("PURE_HAS_NO_THREADS", "puente.turn", "X", "java.util.concurrent.Executor e;"),
          new Sin("PURE_HAS_NO_THREADS", "puente.turn", "X", "Thread t;"),
          new Sin("PURE_READS_NO_CLOCK", "puente.turn", "X", "long t = System.nanoTime();"),
          new Sin("PURE_READS_NO_CLOCK", "puente.stun", "X", "Object t = java.time.Instant.now();"),
          new Sin(
              "PURE_READS_NO_CLOCK", "puente.stun", "X", "long t = System.currentTimeMillis();"),
          new Sin(
              "PURE_ASKS_NO_DNS",
              "puente.stun",
              "X",
              "Object a() throws Exception { return java.net.InetAddress.getByName(\"a\"); }"),
          new Sin(
              "PURE_ASKS_NO_DNS",
              "puente.stun",
              "X",
              "Object a = new java.net.InetSocketAddress(\"a\", 1);"),
          new Sin(
              "PURE_ROLLS_NO_DICE",
              "puente.turn",
              "X",
              "Object r = new java.security.SecureRandom();"),
          new Sin("PURE_ROLLS_NO_DICE", "puente.turn", "X", "double r = Math.random();"),
          new Sin(
              "PURE_ROLLS_NO_DICE", "puente.turn", "X", "Object r = java.util.UUID.randomUUID();"),
          new Sin(
              "PURE_ROLLS_NO_DICE",
              "puente.turn",
              "X",
              "Object r = java.util.random.RandomGenerator.getDefault();"),
          new Sin(
              "PURE_ROLLS_NO_DICE",
              "puente.turn",
              "X",
              "Object r = java.util.concurrent.ThreadLocalRandom.current();"),
          new Sin("PLAN_NEEDS_ONLY_JAVA", "puente.plan", "X", "java.nio.file.Path p;"),
          new Sin(
              "PURE_READS_NO_CLOCK", "puente.plan", "X", "Object t = java.time.LocalDate.now();"),
          new Sin(
              "FOREIGN_MEMORY_ONLY_IN_NET", "puente.turn.relay", "X", "java.lang.foreign.Arena a;"),
          new Sin(
              "HAZELCAST_ONLY_IN_ITS_CLUSTER", "puente.launcher", "X", "com.hazelcast.Instance i;"),
          new Sin(
              "MICROMETER_ONLY_IN_NODE_AND_ADMIN",
              "puente.launcher",
              "X",
              "io.micrometer.core.instrument.Counter c;"),
          new Sin(
              "BOUNCY_CASTLE_ONLY_FOR_CERTIFICATES_DTLS_AND_PASSWORDS",
              "puente.launcher",
              "X",
              "org.bouncycastle.cert.X509CertificateHolder h;"),
          new Sin("CONSOLE_AND_SIGNALING_KNOW_NO_TURN", "puente.admin", "X", "puente.turn.Y y;"),
          new Sin("TURN_KNOWS_NEITHER", "puente.turn.relay", "X", "puente.admin.Y y;"),
          new Sin("STUN_STANDS_ALONE", "puente.stun", "X", "puente.net.Y y;"),
          new Sin("NET_KNOWS_ONLY_STUN", "puente.net", "X", "puente.turn.Y y;"),
          new Sin("TURN_KNOWS_NO_RELAY", "puente.turn", "X", "puente.turn.relay.Y y;"),
          new Sin("STORE_KNOWS_NO_TURN", "puente.turn.store", "X", "puente.turn.Y y;"),
          new Sin(
              "NO_SHARED_MAPS_WHERE_PACKETS_RUN",
              "puente.net",
              "X",
              "java.util.concurrent.ConcurrentHashMap<String, String> m;"),
          new Sin("NO_CYCLES", "puente.turn", "X", "puente.turn.store.Y y;"));

  /** What the sins refer to and no class path holds. */
  private static final List<JavaFileObject> STAGE =
      Stream.of(
              "puente.net.Y",
              "puente.turn.Y",
              "puente.turn.relay.Y",
              "puente.admin.Y",
              "com.hazelcast.Instance")
          .map(name -> source(name, ""))
          .toList();

  @BeforeAll
  static void everyRuleHasASin() {
    Set<String> sinned = new TreeSet<>(SINS.stream().map(Sin::rule).toList());
    Set<String> rules = new TreeSet<>();
    for (Field field : Architecture.class.getDeclaredFields()) {
      if (field.getType() == ArchRule.class) {
        rules.add(field.getName());
      }
    }
    assertTrue(sinned.equals(rules), () -> "rules " + rules + " but sins against " + sinned);
  }

  @Test
  void puenteWasFound() {
    assertTrue(PUENTE.contain("puente.stun.Message"));
    assertTrue(PUENTE.contain("puente.turn.TurnServer"));
  }

  static Stream<String> rules() {
    return Arrays.stream(Architecture.class.getDeclaredFields())
        .filter(
            field -> field.getType() == ArchRule.class && !Modifier.isPrivate(field.getModifiers()))
        .map(Field::getName);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void puenteKeeps(String rule) throws ReflectiveOperationException {
    rule(rule).allowEmptyShould(true).check(PUENTE);
  }

  static Stream<Arguments> sins() {
    return SINS.stream().map(Arguments::of);
  }

  @ParameterizedTest
  @MethodSource("sins")
  void sinIsSeen(Sin sin, @TempDir Path classes) throws Exception {
    List<JavaFileObject> sources = new ArrayList<>(STAGE);
    sources.add(source(sin.inPackage + "." + sin.name, sin.body));
    sources.add(source("puente.turn.store.Y", "puente.turn.X back;"));
    if (!(sin.inPackage + sin.name).equals("puente.turnX")) {
      sources.add(source("puente.turn.X", ""));
    }
    compile(sources, classes);
    JavaClasses sinful = new ClassFileImporter().importPath(classes);
    assertTrue(rule(sin.rule).evaluate(sinful).hasViolation(), "the rule saw nothing wrong");
  }

  @Test
  void innocenceIsSeen(@TempDir Path classes) throws Exception {
    compile(
        List.of(
            source("puente.stun.X", "java.nio.ByteBuffer b; java.util.HashMap<String, X> m;"),
            source("puente.turn.X", "puente.stun.X x; long now(long now) { return now; }"),
            source(
                "puente.turn.Z",
                "java.util.random.RandomGenerator random; int next() { return random.nextInt(); }"),
            source(
                "puente.plan.Dice",
                "Object dice(long seed) { return new java.util.SplittableRandom(seed); }"),
            source("puente.launcher.NodeMetrics", "io.micrometer.core.instrument.Counter c;")),
        classes);
    JavaClasses innocent = new ClassFileImporter().importPath(classes);
    for (String name : rules().toList()) {
      assertFalse(rule(name).allowEmptyShould(true).evaluate(innocent).hasViolation(), name);
    }
  }

  private static ArchRule rule(String name) throws ReflectiveOperationException {
    return (ArchRule) Architecture.class.getDeclaredField(name).get(null);
  }

  private static JavaFileObject source(String name, String body) {
    int dot = name.lastIndexOf('.');
    String type = name.substring(dot + 1);
    return JavaSource.inMemory(
        name.replace('.', '/') + ".java",
        "package " + name.substring(0, dot) + "; public class " + type + " {" + body + "}");
  }

  private static void compile(List<JavaFileObject> sources, Path classes) throws IOException {
    FILES.setLocationFromPaths(StandardLocation.CLASS_OUTPUT, List.of(classes));
    var options = List.of("-proc:none");
    assertTrue(COMPILER.getTask(null, FILES, null, options, null, sources).call(), "compiles");
  }

  private static JavaClasses puente() {
    // It tells at length how it reads each class.
    ((Logger) LoggerFactory.getLogger("com.tngtech.archunit")).setLevel(Level.WARN);
    return new ClassFileImporter()
        .withImportOption(new ImportOption.DoNotIncludeTests())
        .importPackages("puente");
  }

  /** A class that breaks a rule. */
  record Sin(String rule, String inPackage, String name, String body) {}
}
