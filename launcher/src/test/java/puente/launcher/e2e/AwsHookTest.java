package puente.launcher.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code deploy/hooks/aws-private-ip} with programs in place of the AWS command line and of iproute2
 * that record what they are asked, and an API that grants or refuses.
 */
@Tag("e2e")
@Timeout(120)
class AwsHookTest {
  private static final int LIMIT_S = 60;
  private static final String RECORD =
      """
      #!/bin/sh
      echo "$(basename "$0") $*" >> "$RECORD"
      """;
  private static final String ASSIGN =
      "aws ec2 assign-private-ip-addresses --allow-reassignment"
          + " --network-interface-id eni-0abc --private-ip-addresses 10.0.0.7";

  @TempDir Path folder;

  private Path hook;
  private Path record;

  @BeforeEach
  void programs() throws IOException {
    Assumptions.assumeTrue(File.pathSeparatorChar == ':', "no POSIX shell");
    hook =
        Path.of(System.getProperty("puente.root", ".."))
            .toRealPath()
            .resolve("deploy/hooks/aws-private-ip");
    record = Files.createFile(folder.resolve("record"));
    program("ip", RECORD);
    api(0);
  }

  @Test
  void takesTheAddressFromTheCloudAndThenPutsItOn() throws Exception {
    assertEquals(0, calls("n1", "10.0.0.7", "take"));
    assertEquals(List.of(ASSIGN, "ip addr replace 10.0.0.7/32 dev ens5"), recorded());
  }

  /** As UnauthorizedOperation, say: then the address is not on this machine, and the hook failed. */
  @Test
  void whatTheApiRefusesIsNotPutOn() throws Exception {
    api(254);
    assertEquals(254, calls("n1", "10.0.0.7", "take"));
    assertEquals(List.of(ASSIGN), recorded());
  }

  @Test
  void putsDownWhatAnotherKeepsAndDoesNotAskForIt() throws Exception {
    assertEquals(0, calls("n2", "10.0.0.7", "release"));
    assertEquals(List.of("ip addr flush dev ens5 to 10.0.0.7"), recorded());
  }

  @Test
  void whatCannotBeDoneIsRefusedInOneLine() throws Exception {
    assertTrue(calls("n1", "2001:db8:0:0:0:0:0:7", "take") != 0);
    assertTrue(said().contains("is an IPv6 address"), said());
    assertEquals(List.of(), recorded());
    assertTrue(calls(Map.of(), "n1", "10.0.0.7", "take") != 0);
    assertTrue(said().contains("HOOK_ENI"), said());
    assertEquals(List.of(), recorded());
  }

  /** Answers from now on with this exit code, those of the command line itself. */
  private void api(int code) throws IOException {
    program("aws", RECORD + "exit " + code + "\n");
  }

  private void program(String name, String script) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, script);
    assertTrue(file.toFile().setExecutable(true));
  }

  private int calls(String... arguments) throws Exception {
    return calls(Map.of("HOOK_ENI", "eni-0abc"), arguments);
  }

  private int calls(Map<String, String> settings, String... arguments) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(hook.toString());
    builder.command().addAll(List.of(arguments));
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("HOOK_"));
    environment.putAll(settings);
    environment.put("PATH", folder + ":/usr/bin:/bin");
    environment.put("RECORD", record.toString());
    builder.redirectErrorStream(true).redirectOutput(folder.resolve("said").toFile());
    Process process = builder.start();
    if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("it hangs");
    }
    return process.exitValue();
  }

  private List<String> recorded() throws IOException {
    return Files.readAllLines(record);
  }

  private String said() throws IOException {
    return Files.readString(folder.resolve("said"));
  }
}
