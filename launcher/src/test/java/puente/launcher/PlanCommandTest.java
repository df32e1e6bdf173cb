package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.plan.PlanField;

/** The planner as a person or a script meets it. */
class PlanCommandTest {
  private static final String EXAMPLE =
      "plan --bhca 60000 --hold-seconds 300 --mix mine=100:1300/186 --egress-cap-bps 5G"
          + " --pps-capacity 120k --skew 1 --zones 3 --survive-zones 1 --node-hour 0.2268";

  @TempDir private Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void tellsAPerson() {
    assertEquals(0, run(EXAMPLE + " --growth 10% --nodes-running 6 --horizon-days 365"));
    for (String part :
        new String[] {
          "9 nodes (3 per zone)    binding: cpu",
          "base 5  N+k 6  zone loss 9",
          "6 run: add 3",
          "2,600,000,000 b/s",
          "16,186.6",
          "18511.20",
          "lose a zone",
          "cloudflare-turn",
          "hetzner",
          "2026-11-20",
          "demand.bhca",
        }) {
      assertTrue(text().contains(part), () -> part + " in\n" + text());
    }
    assertTrue(text().lines().allMatch(line -> line.length() <= 120), this::text);
    assertEquals("", err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void explainsEachNumber() {
    assertEquals(0, run(EXAMPLE + " --explain"));
    assertTrue(text().contains("offered.callErlangs = 5,000 erlangs, assumed\n"), this::text);
    assertTrue(text().contains("    demand.bhca: 60,000 calls/h (assumed)\n"), this::text);
    assertTrue(text().contains("    from: Little's law\n"), this::text);
  }

  @Test
  void tellsAScript() {
    assertEquals(0, run(EXAMPLE + " --json"));
    JsonObject plan = new JsonObject(text());
    assertEquals(1, plan.getInteger("schemaVersion"));
    assertEquals("2026-11-20", plan.getString("asOf"));
    assertEquals(9, plan.getJsonObject("nodes").getInteger("recommended"));
    assertEquals("18511.2", plan.getJsonObject("cost").getValue("egress").toString());
  }

  @Test
  void takesARequestFromAFileAndOptionsWin() throws IOException {
    Files.writeString(
        directory.resolve("plan.json"),
        """
        {"demand":{"concurrentCalls":5000,"relayRatio":0.4,"mix":[{"class":"voice","share":1}]}}""");
    assertEquals(0, run("plan -f plan.json --relay-ratio 20% --json"));
    JsonObject offered = new JsonObject(text()).getJsonObject("offered");
    assertEquals(1000, offered.getInteger("relayedErlangs"));
    assertEquals(108_000_000, offered.getInteger("egressBps"));
  }

  @Test
  void takesPricesOfItsUser() throws IOException {
    Files.writeString(
        directory.resolve("prices.json"),
        """
        {"presets":[{"id":"ours","name":"Ours","currency":"EUR","asOf":"2026-11-01",
          "source":"contract","verified":true,"egress":[{"gb":1000,"per":0},{"per":0.002}]}]}""");
    assertEquals(0, run(EXAMPLE + " --prices prices.json --json"));
    JsonObject cost = new JsonObject(text()).getJsonObject("cost");
    assertEquals("583.0", cost.getValue("egress").toString());
    assertEquals("EUR", cost.getString("currency"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "plan | demand.bhca: say how many calls: bhca or concurrentCalls",
        "plan --bhca NaN | --bhca: \"NaN\" is not a number",
        "plan --bhca=-3 | demand.bhca: -3 is not a number from 0 to 1000000000",
        "plan --bcha 5 | unknown option --bcha",
        "plan --bhca 5 --mix voice | --mix: \"voice\" is not CLASS=PERCENT[:KBPS/PPS]",
        "plan --bhca 5 --mix voice=50 | demand.mix: the shares add up to 0.5, not 1",
        "plan --bhca 5 --file none.json | none.json: cannot be read as text",
        "plan --bhca 5 --preset moon | price.preset: is none of [aws-us-east-1",
      })
  void mistakesAreNamed(String line, String complaint) {
    assertEquals(2, run(line));
    String said = err.toString(StandardCharsets.UTF_8);
    assertTrue(said.startsWith("puente: " + complaint), said);
    assertEquals("", text());
  }

  @Test
  void everyNumberIsAnOption() {
    assertEquals(0, run("plan --help"));
    for (PlanField field : PlanField.values()) {
      assertTrue(text().contains("--" + field.option() + "=N"), field.option());
    }
  }

  private int run(String line) {
    Surroundings surroundings =
        new Surroundings(
            Map.of(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Clock.fixed(Instant.parse("2026-11-20T12:00:00Z"), ZoneOffset.UTC));
    return Puente.run(
        surroundings,
        (config, state, holder) -> {
          throw new IllegalStateException("a plan starts no node");
        },
        line.split(" "));
  }

  private String text() {
    return out.toString(StandardCharsets.UTF_8);
  }
}
