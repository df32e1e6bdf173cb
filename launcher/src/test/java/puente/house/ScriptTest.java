package puente.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import puente.house.FakeCheckout.Run;

/** The newcomer's script: ./puente. */
class ScriptTest {

  private static final String NOWHERE = "http://127.0.0.1:1";

  @TempDir Path base;
  private FakeCheckout checkout;
  private @Nullable HttpServer vendor;

  @BeforeEach
  void checkOut() throws Exception {
    assumeTrue(Files.exists(Path.of("/bin/sh")), "no /bin/sh here");
    checkout = new FakeCheckout(base);
  }

  @AfterEach
  void stopVendor() {
    if (vendor != null) {
      vendor.stop(0);
    }
  }

  @Test
  void buildsAndRunsWithACleanStandardOutput() throws Exception {
    Run run = checkout.run(home("25.0.1"), "version", "--json", "two words", "");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("java 25.0.1\n"), run.out());
    assertTrue(
        run.out().endsWith("<puente.launcher.Puente>\n<version>\n<--json>\n<two words>\n<>\n"),
        run.out());
    assertTrue(
        run.out().contains("<" + checkout.root + "/launcher/target/puente/lib/launcher-1.jar>"),
        run.out());
    assertTrue(run.err().contains("building"), run.err());
    assertFalse(run.err().contains("Maven is talking"), run.err());
  }

  @Test
  void becomesTheJvmSoThatSignalsReachIt() throws Exception {
    Run run = checkout.run(home("25"), "serve");
    assertTrue(run.out().contains("\npid " + run.pid() + "\n"), run.out());
  }

  /** The server's own command line is the supervisor's to run. */
  @Test
  void startsTheServerUnderItsSupervisor() throws Exception {
    assumeTrue(
        System.getProperty("os.name").equals("Linux"), "sockets are passed on on Linux only");
    Run run = checkout.run(home("25"), "serve", "--dev");
    String out = run.out();
    int supervisor = out.indexOf("<puente.supervisor.Supervisor>\n<" + base);
    assertTrue(supervisor > 0, out);
    assertTrue(out.indexOf("/bin/java>\n", supervisor) > 0, out);
    assertTrue(out.endsWith("<puente.launcher.Puente>\n<serve>\n<--dev>\n"), out);
    assertTrue(out.contains("launcher/target/puente/lib/launcher-1.jar:"), out);
  }

  @Test
  void compilesTheLaboratoryAndRunsWhatWasBuilt() throws Exception {
    Files.createDirectories(checkout.root.resolve("launcher/src/test/java"));
    Files.createDirectories(checkout.root.resolve("launcher/target/test-classes"));
    Run run = checkout.run(home("25"), "chaos", "--short", "kill");
    assertTrue(checkout.calls().getLast().contains("test-compile"), checkout.calls()::toString);
    assertTrue(
        run.out().endsWith("<puente.chaos.Chaos>\n<--short>\n<kill>\n"), run.out() + run.err());
    assertTrue(run.out().contains("/target/puente/lib/launcher-1.jar>"), run.out());
    checkout.run(home("25"), "chaos");
    assertEquals(2, checkout.calls().size(), checkout.calls()::toString);
  }

  @Test
  void buildsOnlyWhenSourcesAreNewer() throws Exception {
    checkout.run(home("25"), "version");
    checkout.run(home("25"), "version");
    assertEquals(1, checkout.calls().size(), checkout.calls()::toString);
    checkout.edit();
    checkout.run(home("25"), "version");
    assertEquals(2, checkout.calls().size(), checkout.calls()::toString);
  }

  @Test
  void givesMavenTheJdkItFound() throws Exception {
    Path jdk = checkout.jdk("25");
    checkout.run(Map.of("JAVA_HOME", jdk.toString()), "version");
    assertTrue(checkout.calls().getFirst().startsWith(jdk + ": "), checkout.calls()::toString);
  }

  @Test
  void aFailedBuildShowsWhyAndWhere() throws Exception {
    checkout.maven("echo '[ERROR] One.java:[1,2] does not compile'; exit 1");
    Run run = checkout.run(home("25"), "version");
    assertEquals(1, run.status());
    assertEquals("", run.out());
    assertTrue(run.err().contains("does not compile"), run.err());
    assertTrue(run.err().contains("launcher/target/build.log"), run.err());
    checkout.run(home("25"), "version");
    assertEquals(2, checkout.calls().size(), "tries again");
  }

  @Test
  void worksThroughALinkFromAnyDirectory() throws Exception {
    Path links = Files.createDirectories(base.resolve("links"));
    Path one = Files.createSymbolicLink(links.resolve("one"), Path.of("../a check out/puente"));
    Path two = Files.createSymbolicLink(links.resolve("two"), one);
    Run run = checkout.start(Path.of("/"), two, home("25"), "version");
    assertEquals(0, run.status(), run.err());
  }

  @Test
  void waitsForNoBuildWhoseBuilderDied() throws Exception {
    Path lock = Files.createDirectories(checkout.root.resolve("launcher/target/building"));
    Files.writeString(lock.resolve("pid"), "99999999\n");
    Run run = checkout.run(home("25"), "version");
    assertEquals(0, run.status(), run.err());
    assertFalse(Files.exists(lock));
  }

  @Test
  void takesMoreOptionsAndOneCollector() throws Exception {
    var environment =
        Map.of(
            "PUENTE_JAVA_HOME",
            checkout.jdk("25").toString(),
            "PUENTE_JAVA_OPTS",
            "-Xmx99m -XX:+UseZGC");
    Run run = checkout.run(environment, "serve");
    // Not the supervisor's, which has its own in front.
    String out = run.out().substring(Math.max(0, run.out().indexOf("puente.supervisor.")));
    assertTrue(out.contains("<-Xmx99m>\n<-XX:+UseZGC>\n"), run.out());
    assertFalse(out.contains("UseSerialGC") || out.contains("UseG1GC"), run.out());
  }

  @Test
  void passesOverAnOldJdk() throws Exception {
    checkout.jdk(checkout.root.resolve(".jdk"), "26-ea");
    Run run = checkout.run(Map.of("JAVA_HOME", checkout.jdk("17.0.15").toString()), "version");
    assertTrue(run.out().startsWith("java 26-ea\n"), run.out() + run.err());
  }

  @Test
  void refusesAnOldJdkThatIsAskedFor() throws Exception {
    Run run = checkout.run(home("17.0.15"), "version");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("PUENTE_JAVA_HOME"), run.err());
  }

  @Test
  void fetchesAJdkOnceAndVerifiesIt() throws Exception {
    byte[] archive = archive();
    String api = vendor(archive, digest(archive));
    Run run = checkout.run(Map.of("PUENTE_JDK_API", api), "version");
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("java 25.0.9\n"), run.out());
    assertTrue(run.err().contains("digest verified"), run.err());
    Run again = checkout.run(Map.of("PUENTE_JDK_API", NOWHERE), "version");
    assertEquals(0, again.status(), again.err());
    assertEquals("", again.err());
  }

  @Test
  void throwsAwayAnArchiveThatDoesNotMatch() throws Exception {
    String api = vendor(archive(), "0".repeat(64));
    Run run = checkout.run(Map.of("PUENTE_JDK_API", api), "version");
    assertEquals(1, run.status());
    assertTrue(run.err().contains("does not match"), run.err());
    assertFalse(Files.exists(checkout.root.resolve(".jdk")));
    assertFalse(Files.exists(checkout.root.resolve(".jdk.part")));
  }

  @Test
  void saysWhatToDoWhenNoJdkCanBeFetched() throws Exception {
    Run run = checkout.run(Map.of("PUENTE_JDK_API", NOWHERE), "version");
    assertEquals(1, run.status());
    assertEquals("", run.out());
    assertTrue(run.err().contains("PUENTE_JAVA_HOME=/path/to/jdk"), run.err());
  }

  @Test
  void testsEndWithASummaryAndMavensStatus() throws Exception {
    checkout.maven(
        """
        echo '[INFO] Building stun-server 0.1.0-SNAPSHOT             [2/5]'
        echo '[ERROR] Tests run: 3, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 1 s -- in puente.A'
        echo '[ERROR] Tests run: 5, Failures: 1, Errors: 0, Skipped: 2'
        echo '[INFO] BUILD FAILURE'
        mkdir -p launcher/target/surefire-reports
        echo '<testcase name="call" classname="puente.C"><skipped message="no browser"/></testcase>' \
          > launcher/target/surefire-reports/TEST-puente.C.xml
        printf '%s\\n' '<testcase name="net" classname="puente.D" time="0">' \
          '<skipped type="x"><![CDATA[x: ' 'no namespace' 'at puente.D' '</testcase>' \
          > launcher/target/surefire-reports/TEST-puente.D.xml
        exit 1""");
    Run run = checkout.run(home("25"), "test", "--fast", "-Dtest=A");
    assertEquals(1, run.status(), run.err());
    assertEquals(1, run.out().split("Tests run: 5", -1).length - 1, run.out());
    assertTrue(run.out().contains("In all: 5 run, 1 failed, 2 skipped"), run.out());
    assertTrue(run.out().contains("puente.C.call: no browser\n"), run.out());
    assertTrue(run.out().contains("puente.D.net: no namespace\n"), run.out());
    String call = checkout.calls().getFirst();
    assertTrue(call.endsWith("verify -DexcludedGroups=e2e|slow|cluster -Dtest=A"), call);
  }

  @Test
  void testsSayWhatToInstallToWhoMayNot() throws Exception {
    checkout.program("id", "echo 1000");
    checkout.program("apt-get", "exit 99");
    Run run = checkout.run(home("25"), "test");
    assertEquals(0, run.status(), run.err());
    String command = "sudo apt-get install --no-install-recommends prometheus coturn chromium ";
    assertTrue(run.err().contains(command), run.err());
    assertTrue(run.out().contains("the tests that need: prometheus coturn chromium "), run.out());
  }

  @Test
  void testsInstallWhatTheyNeedAndStartNoService() throws Exception {
    checkout.program("id", "echo 0");
    checkout.program("chromium", "");
    Path policy = checkout.bin.resolve("policy-rc.d");
    String notes = "'" + base + "/apt'";
    checkout.program(
        "apt-get", "echo \"$*\" >> " + notes + "; grep exit '" + policy + "' >> " + notes);
    Run run = checkout.run(home("25"), "test");
    assertEquals(0, run.status(), run.err());
    List<String> apt = Files.readAllLines(base.resolve("apt"));
    assertTrue(apt.getFirst().endsWith("update"), apt::toString);
    assertTrue(
        apt.get(2).contains("install --no-install-recommends prometheus coturn nodejs "),
        apt::toString);
    assertEquals("exit 101", apt.get(3));
    assertFalse(Files.exists(policy), "left behind");
    assertTrue(run.out().contains("the tests that need: prometheus coturn nodejs "), run.out());
  }

  private Map<String, String> home(String version) throws Exception {
    return Map.of("PUENTE_JAVA_HOME", checkout.jdk(version).toString());
  }

  /** A JDK as its vendor packs it: one directory in a .tar.gz. */
  private byte[] archive() throws Exception {
    checkout.jdk(base.resolve("packed/jdk-25.0.9+1"), "25.0.9");
    Path archive = base.resolve("jdk.tar.gz");
    var tar = List.of("tar", "-czf", archive.toString(), "-C", base + "/packed", "jdk-25.0.9+1");
    assertEquals(0, new ProcessBuilder(tar).inheritIO().start().waitFor());
    return Files.readAllBytes(archive);
  }

  private static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  /** Answers as Adoptium's API does (v3/assets/latest), installer and links of other things included. */
  private String vendor(byte[] archive, String digest) throws Exception {
    assumeTrue(checkout.canDownload(), "needs curl or wget");
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String api = "http://127.0.0.1:" + server.getAddress().getPort();
    String assets =
        """
        [
            {
                "binary": {
                    "architecture": "x64",
                    "image_type": "jdk",
                    "installer": {
                        "checksum": "%1$s",
                        "link": "%2$s/installer.pkg"
                    },
                    "package": {
                        "checksum": "%3$s",
                        "checksum_link": "%2$s/jdk.tar.gz.sha256.txt",
                        "download_count": 1,
                        "link": "%2$s/jdk.tar.gz",
                        "metadata_link": "%2$s/jdk.tar.gz.json",
                        "name": "OpenJDK25U-jdk.tar.gz",
                        "signature_link": "%2$s/jdk.tar.gz.sig",
                        "size": 1
                    },
                    "project": "jdk"
                },
                "release_link": "%2$s/release",
                "vendor": "eclipse"
            }
        ]
        """
            .formatted("f".repeat(64), api, digest);
    serve(server, "/v3/assets/latest/25/hotspot", assets.getBytes(StandardCharsets.UTF_8));
    serve(server, "/jdk.tar.gz", archive);
    server.start();
    vendor = server;
    return api;
  }

  private static void serve(HttpServer server, String path, byte[] body) {
    server.createContext(
        path,
        exchange -> {
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
  }
}
