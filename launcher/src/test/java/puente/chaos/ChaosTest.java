package puente.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The short forms of the quickest scenarios; {@code ./puente chaos} plays all of them in full. */
@Tag("e2e")
@Timeout(180)
class ChaosTest {

  @BeforeAll
  static void laboratory() {
    List<String> missing = Lab.missing();
    if (!missing.isEmpty()) {
      System.err.println("LEFT OUT: the laboratory of namespaces needs " + missing);
      Assumptions.abort("no network namespaces: " + missing + " missing");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"KILL", "QUOTA"})
  void theClusterForgetsNoCall(Scenario scenario) {
    Outcome outcome = scenario.play(Path.of("target", "chaos"), true);
    System.out.print(Outcome.head() + outcome.row() + outcome.details());
    assertEquals(List.of(), outcome.failures(), outcome::details);
  }
}
