package puente.admin;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.Objects;
import puente.plan.BadInput;
import puente.plan.Forecast;
import puente.plan.Plan;
import puente.plan.PlanDocument;
import puente.plan.PlanRequest;
import puente.plan.Planner;
import puente.plan.PriceList;

/** Plans from JSON, the same for the API and for the command line. */
public final class CapacityPlans {
  private final PriceList prices;
  private final KnownOutlooks outlooks = new KnownOutlooks();

  private CapacityPlans(PriceList prices) {
    this.prices = prices;
  }

  /** With the prices that Puente knows. */
  public static CapacityPlans withKnownPrices() {
    try (InputStream in =
        Objects.requireNonNull(CapacityPlans.class.getResourceAsStream("prices.json"))) {
      return withPrices(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  /**
   * @param json a file like prices.json
   */
  public static CapacityPlans withPrices(String json) {
    return new CapacityPlans(PriceList.read(object("prices", json).getMap()));
  }

  /**
   * @throws BadInput which names the field
   */
  public Plan plan(JsonObject request, LocalDate today) {
    return Planner.plan(PlanRequest.read(request.getMap(), today, prices), outlooks);
  }

  /** When a resource runs out; what has been worked out for a plan is known here, too. */
  Forecast forecast(Forecast.Question question) {
    return Forecast.of(question, outlooks);
  }

  public static JsonObject document(Plan plan) {
    return new JsonObject(PlanDocument.write(plan));
  }

  /** What the text says, if it is one JSON object. */
  public static JsonObject object(String name, String json) {
    try {
      return new JsonObject(json);
    } catch (DecodeException | ClassCastException notOne) {
      throw new BadInput(name, "is not a JSON object");
    }
  }
}
