package puente.supervisor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import puente.net.UnixSocket;

/** Whoever dies, at whatever step of a planned restart: one serves afterwards, and no more than one. */
@Tag("e2e")
@Timeout(120)
class RestartStepsTest {
  private static final int LIMIT_S = 60;
  private static final String PLAIN_READY = Words.READY;
  private static final String READY = Words.READY + " " + Words.AHEAD;
  private static final String SERVING = Words.SERVING + " " + Words.STANDBY;

  /** One of the supervisor's processes, as {@link FakeServer} tells of it. */
  private record Server(
      ProcessHandle process, String name, boolean warm, BufferedReader heard, PrintWriter words) {

    void says(String word) {
      words.println(word);
    }

    void hears(String word) throws IOException {
      assertEquals(word, heard.readLine());
    }

    void hearsToServe(Turn.How how) throws IOException {
      String word = String.valueOf(heard.readLine());
      assertTrue(word.startsWith(Words.SERVE + " " + how + " "), word);
    }

    void dies() {
      assertTrue(process.destroyForcibly());
    }
  }

  private ServerSocket test;
  private Process supervisor;
  private @Nullable UnixSocket operator;

  @BeforeEach
  void start() throws IOException {
    Assumptions.assumeTrue(UnixSocket.isUsable());
    test = new ServerSocket(0, 16, InetAddress.getLoopbackAddress());
    test.setSoTimeout(LIMIT_S * 1000);
    List<String> java =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx16m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>(java);
    command.add(Supervisor.class.getName());
    command.addAll(java);
    command.addAll(List.of(FakeServer.class.getName(), "" + test.getLocalPort()));
    supervisor = new ProcessBuilder(command).inheritIO().start();
  }

  @AfterEach
  void end() throws IOException, InterruptedException {
    if (supervisor != null) {
      supervisor.destroyForcibly();
      assertTrue(supervisor.waitFor(LIMIT_S, TimeUnit.SECONDS));
      // Its processes hear the end of it, and of this.
      test.close();
    }
    if (operator != null) {
      operator.close();
    }
  }

  @Test
  void theOldOneYieldsWhenTheNewOneIsPrepared() throws Exception {
    Server old = first();
    Server next = prepared(old);
    old.says(Words.YIELDED);
    next.hearsToServe(Turn.How.TAKEN_OVER);
    next.says(SERVING);
    old.hears(Words.SUCCEEDED);
    answered(Words.DONE);
    assertTrue(started().warm);
  }

  @Test
  void theNewOneDiesWhileItLooksAhead() throws Exception {
    Server old = first();
    Server next = ahead(old);
    next.dies();
    answered(Words.FAILED);
    assertTrue(started().warm, "a standby in place of the one that was ended");
    hangUp();
    old.hears("SIGNAL HUP");
  }

  /** It is too late to tell the old one. */
  @Test
  void theNewOneDiesWhenItIsPrepared() throws Exception {
    Server old = first();
    Server next = prepared(old);
    next.dies();
    answered(Words.FAILED);
    Server another = started();
    old.says(Words.YIELDED);
    another.hears(Words.HURRY);
    another.says(READY);
    another.hearsToServe(Turn.How.TAKEN_OVER);
    another.says(SERVING);
    old.hears(Words.SUCCEEDED);
  }

  @Test
  void theOldOneDiesWhileTheNewOneLooksAhead() throws Exception {
    Server old = first();
    Server next = ahead(old);
    old.dies();
    next.hearsToServe(Turn.How.RESPAWNED);
    next.says(Words.PREPARED);
    next.says(SERVING);
    answered(Words.DONE);
    assertTrue(started().warm);
    hangUp();
    next.hears("SIGNAL HUP");
  }

  @Test
  void theOldOneDiesWhileItYields() throws Exception {
    Server old = first();
    Server next = prepared(old);
    old.dies();
    next.hearsToServe(Turn.How.RESPAWNED);
    next.says(SERVING);
    answered(Words.DONE);
  }

  @Test
  void allEndWhileTheNewOneLooksAhead() throws Exception {
    Server old = first();
    Server next = ahead(old);
    supervisor.destroy();
    old.hears("SIGNAL TERM");
    next.hears("SIGTERM");
    old.says("exit");
    ends();
  }

  /** Nobody is given the turn any more. */
  @Test
  void allEndWhileTheOldOneYields() throws Exception {
    Server old = first();
    Server next = prepared(old);
    supervisor.destroy();
    old.hears("SIGNAL TERM");
    next.hears("SIGTERM");
    old.says(Words.YIELDED);
    old.says("exit");
    ends();
  }

  /** After an upgrade, or back: one of the two knows less. */
  @Test
  void anOlderVersionHearsNothingNew() throws Exception {
    Server old = started();
    old.hears(Words.HURRY);
    old.says(PLAIN_READY);
    old.hearsToServe(Turn.How.FIRST);
    old.says(SERVING);
    started();
    Server next = restart(old);
    next.says(PLAIN_READY);
    old.hears(Words.YIELD);
    old.says(Words.YIELDED);
    next.hearsToServe(Turn.How.TAKEN_OVER);
    next.says(SERVING);
    answered(Words.DONE);
    supervisor.destroy();
    old.hears("SIGTERM");
    next.hears("SIGNAL TERM");
  }

  /** One that serves, and its standby. */
  private Server first() throws IOException {
    Server server = started();
    server.hears(Words.HURRY);
    server.says(READY);
    server.hearsToServe(Turn.How.FIRST);
    server.says(SERVING);
    assertTrue(started().warm);
    return server;
  }

  private Server started() throws IOException {
    Socket socket = test.accept();
    socket.setSoTimeout(LIMIT_S * 1000);
    BufferedReader heard =
        new BufferedReader(
            new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
    String[] words = heard.readLine().split(" ");
    return new Server(
        ProcessHandle.of(Long.parseLong(words[0])).orElseThrow(),
        words[1],
        words.length > 2,
        heard,
        new PrintWriter(socket.getOutputStream(), true, StandardCharsets.US_ASCII));
  }

  /** Asks for a restart; the new process. */
  private Server restart(Server serving) throws IOException {
    UnixSocket asking = UnixSocket.connect(serving.name);
    operator = asking;
    asking.send(Words.RESTART);
    Server next = started();
    assertTrue(next.warm);
    return next;
  }

  /** The new process, which looks ahead. */
  private Server ahead(Server old) throws Exception {
    Server next = restart(old);
    next.says(READY);
    next.hears(Words.SOON);
    return next;
  }

  /** The new process, for which the old one has been asked to yield. */
  private Server prepared(Server old) throws Exception {
    Server next = ahead(old);
    next.says(Words.PREPARED);
    old.hears(Words.YIELD);
    return next;
  }

  private void answered(String word) throws IOException {
    UnixSocket.Delivery answer = Objects.requireNonNull(operator).receive();
    assertTrue(answer != null && answer.text().startsWith(word + " "), String.valueOf(answer));
  }

  private void hangUp() throws Exception {
    Process kill = new ProcessBuilder("kill", "-HUP", "" + supervisor.pid()).inheritIO().start();
    assertEquals(0, kill.waitFor());
  }

  private void ends() throws InterruptedException {
    assertTrue(supervisor.waitFor(LIMIT_S, TimeUnit.SECONDS));
    assertEquals(0, supervisor.exitValue());
  }
}
