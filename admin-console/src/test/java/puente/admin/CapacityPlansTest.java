package puente.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.LocalDate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import puente.plan.BadInput;

/** Requests to answers, JSON to JSON: the worked example of docs/CAPACITY.md to the cent. */
class CapacityPlansTest {
  private static final LocalDate TODAY = LocalDate.parse("2026-11-20");
  private static final String EXAMPLE =
      """
      {"demand":{"bhca":60000,"holdSeconds":300,"participantsPerCall":2,"turnUrls":3,
         "interfaces":1,"relayRatio":0.20,"mix":[{"class":"mine","share":1,"kbps":1300,"pps":186}],
         "busyHourShare":0.12,"activeDays":30},
       "node":{"ports":16384,"relayIps":1,"egressCapBps":5e9,"ppsCapacity":120000,
         "memoryBytes":4294967296},
       "policy":{"blocking":0.001,"cpuTarget":0.7,"bwTarget":0.8,"survive":{"nodes":1,"zones":1},
         "zones":3,"skew":1.0,"recall":0.0},
       "price":{"preset":"aws-us-east-1","nodeHour":0.2268,"publicIpHour":0}}
      """;

  private final CapacityPlans plans = CapacityPlans.withKnownPrices();

  @Test
  void workedExample() {
    JsonObject plan = plan(EXAMPLE);
    assertEquals(1, plan.getInteger("schemaVersion"));
    JsonObject offered = plan.getJsonObject("offered");
    assertEquals(5000, offered.getDouble("callErlangs"), 1e-9);
    assertEquals(30_000, offered.getDouble("allocationErlangs"), 1e-9);
    assertEquals(1000, offered.getDouble("relayedErlangs"), 1e-9);
    assertEquals(2.6e9, offered.getDouble("egressBps"), 1e-3);
    assertEquals(372_000, offered.getDouble("forwardPps"), 1e-6);
    assertEquals(292_500, offered.getDouble("egressGbPerMonth"), 1e-6);
    assertEquals(16186.6008, resource(plan, "ports").getDouble("nodeCapacity"), 5e-5);
    assertEquals(2, resource(plan, "ports").getInteger("nodes"));
    assertEquals(84_000, resource(plan, "cpu").getDouble("nodeCapacity"), 1e-6);
    assertEquals(5, resource(plan, "cpu").getInteger("nodes"));
    assertTrue(resource(plan, "cpu").getBoolean("binding"));
    assertFalse(resource(plan, "ports").getBoolean("binding"));
    assertEquals(1, resource(plan, "egress").getInteger("nodes"));
    assertEquals(1, resource(plan, "memory").getInteger("nodes"));
    assertNodes(plan, 5, 6, 9, 3, 9);
    JsonObject cost = plan.getJsonObject("cost");
    assertEquals("18511.20", cost.getValue("egress").toString());
    assertEquals("1490.08", cost.getValue("nodes").toString());
    assertEquals("20001.28", cost.getValue("total").toString());
    assertEquals(0.080, cost.getDouble("perRelayedCallHour"), 5e-4);
    assertEquals("2925.00", alternative(cost, "do"));
    assertEquals("14575.00", alternative(cost, "cloudflare-turn"));
    assertEquals("292.50", alternative(cost, "hetzner"));
  }

  @Test
  void workedExampleWithSkewAndFewerPorts() {
    assertNodes(plan(EXAMPLE.replace("\"skew\":1.0", "\"skew\":1.15")), 6, 7, 9, 3, 9);
    JsonObject fewer = plan(EXAMPLE.replace("\"ports\":16384", "\"ports\":10000"));
    assertEquals(4, resource(fewer, "ports").getInteger("nodes"));
    assertEquals(9831.87, resource(fewer, "ports").getDouble("nodeCapacity"), 5e-3);
  }

  @Test
  void everyNumberSaysWhereItIsFrom() {
    JsonObject plan =
        plan(
            """
            {"demand":{"bhca":{"value":60000,"origin":"measured","from":"28-d p95"},
             "holdSeconds":{"value":300,"origin":"measured"}}}""");
    JsonObject inputs = plan.getJsonObject("inputs");
    assertEquals("measured", inputs.getJsonObject("demand.bhca").getString("origin"));
    assertEquals("28-d p95", inputs.getJsonObject("demand.bhca").getString("from"));
    assertEquals("default", inputs.getJsonObject("policy.skew").getString("origin"));
    assertNull(inputs.getJsonObject("policy.nodesRunning").getValue("value"));
    JsonObject explain = plan.getJsonObject("explain");
    JsonObject calls = explain.getJsonObject("offered.callErlangs");
    assertEquals("measured", calls.getString("origin"));
    assertEquals(
        "60,000 calls/h (measured)", calls.getJsonObject("inputs").getString("demand.bhca"));
    assertEquals("default", explain.getJsonObject("nodes.recommended").getString("origin"));
    for (String path : explain.fieldNames()) {
      assertFalse(explain.getJsonObject(path).getString("formula").isEmpty(), path);
      assertFalse(explain.getJsonObject(path).getString("source").isEmpty(), path);
    }
  }

  @Test
  void whatIf() {
    JsonArray scenarios = plan(EXAMPLE).getJsonArray("scenarios");
    assertEquals(
        "[as planned true 9, lose a node true 8, lose a zone true 6, traffic x2 true 9,"
            + " relay ratio 40 % true 9]",
        IntStream.range(0, scenarios.size())
            .mapToObj(scenarios::getJsonObject)
            .map(s -> s.getString("name") + " " + s.getValue("ok") + " " + s.getValue("nodes"))
            .toList()
            .toString());
    String two = EXAMPLE.replace("\"zones\":3", "\"zones\":3,\"nodesRunning\":2");
    JsonObject lost = plan(two).getJsonArray("scenarios").getJsonObject(1);
    assertFalse(lost.getBoolean("ok"));
    assertEquals(0.4539, lost.getDouble("blocking"), 5e-5);
    assertEquals(5, lost.getInteger("nodesNeeded"));
  }

  @Test
  void historyRunsOut() {
    JsonArray days = new JsonArray();
    IntStream.range(0, 20).forEach(day -> days.add(3e9 + 1e8 * day));
    JsonObject request = new JsonObject(EXAMPLE);
    request.getJsonObject("policy").put("nodesRunning", 1);
    request.put("history", new JsonObject().put("daily", new JsonObject().put("egress", days)));
    JsonObject forecast = document(request).getJsonArray("forecast").getJsonObject(0);
    // One node may send 4 Gb/s; 4.9 Gb/s were sent yesterday.
    assertEquals(4e9, forecast.getDouble("limit"), 1);
    assertEquals("2026-11-20", forecast.getString("p50"));
    request.getJsonObject("policy").put("nodesRunning", 2);
    forecast = document(request).getJsonArray("forecast").getJsonObject(0);
    // 4.9 + 0.1 per day reaches 8 on the 31st day.
    assertEquals("2026-12-21", forecast.getString("p50"));
    assertEquals("theil-sen", forecast.getString("model"));
  }

  @Test
  void saidGrowthRunsOut() {
    String grows =
        EXAMPLE.replace(
            "\"activeDays\":30",
            "\"activeDays\":30,\"growth\":{\"kind\":\"percentPerMonth\",\"value\":10}");
    JsonArray forecasts = plan(grows).getJsonArray("forecast");
    JsonObject cpu =
        IntStream.range(0, forecasts.size())
            .mapToObj(forecasts::getJsonObject)
            .filter(one -> one.getString("resource").equals("cpu"))
            .findFirst()
            .orElseThrow();
    // 756 000 / 372 000 = 1.1^7.44 months = 226.5 days: beyond 180.
    assertNull(cpu.getValue("p50"));
    JsonObject longer = new JsonObject(grows).put("horizonDays", 365);
    assertTrue(document(longer).encode().contains("\"p50\":\"" + TODAY.plusDays(227) + "\""));
  }

  @Test
  void loadTestGivesThePacketRate() {
    JsonObject request = new JsonObject(EXAMPLE);
    JsonArray points = new JsonArray();
    double[][] measured = {
      {1, 64_900},
      {18, 995_900},
      {36, 1_652_400},
      {72, 1_853_200},
      {108, 1_828_900},
      {144, 1_775_000},
      {216, 1_702_200}
    };
    for (double[] point : measured) {
      points.add(new JsonObject().put("n", point[0]).put("x", point[1]));
    }
    request.getJsonObject("node").put("usl", points);
    JsonObject plan = document(request);
    assertEquals(0.7 * 1_884_000, resource(plan, "cpu").getDouble("nodeCapacity"), 700);
    assertEquals(1, resource(plan, "cpu").getInteger("nodes"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | demand.bhca: say how many calls: bhca or concurrentCalls",
        "{'demand':{'bhca':-1}} | demand.bhca: -1 is not a number from 0 to 1000000000",
        "{'demand':{'bhca':'many'}} | demand.bhca: must be a number",
        "{'demand':{'bhcaa':1}} | demand.bhcaa: is not a known field",
        "{'demand':7} | demand: must be an object",
        "{'demand':{'bhca':1,'relayRatio':2}} | demand.relayRatio: 2 is not a number from 0 to 1",
        "{'demand':{'bhca':1,'mix':[{'class':'voice','share':0.5}]}}"
            + " | demand.mix: the shares add up to 0.5, not 1",
        "{'demand':{'bhca':1,'mix':[{'class':'mine','share':1,'kbps':9}]}}"
            + " | demand.mix[0].pps: is missing",
        "{'demand':{'bhca':1},'asOf':'soon'} | asOf: must be a date such as 2026-11-20",
        "{'demand':{'bhca':1},'policy':{'survive':{'zones':1}}}"
            + " | policy.zones: to survive zones there must be more than are lost",
        "{'demand':{'bhca':1},'history':{'daily':{'egress':[1,'x']}}}"
            + " | history.daily.egress[1]: must be a number",
        "{'demand':{'bhca':1},'history':{'daily':{'beer':[1]}}}"
            + " | history.daily.beer: is none of [ports, cpu, egress, memory]",
        "{'demand':{'bhca':1},'node':{'usl':[{'n':1,'x':1}]}}"
            + " | usl.points: 1 is not a number from 6 to 10000",
        "{'demand':{'bhca':1,'growth':{'kind':'fast'}}}"
            + " | demand.growth.kind: is history, percentPerMonth or target",
        "{'demand':{'bhca':1e9,'holdSeconds':1e5}} | demand: needs more than 1000000 nodes for ports",
      })
  void mistakesAreNamed(String request, String complaint) {
    String json = request.replace('\'', '"');
    assertEquals(complaint, assertThrows(BadInput.class, () -> plan(json)).getMessage());
  }

  @Test
  void unknownPriceNamesThoseThereAre() {
    BadInput refusal =
        assertThrows(
            BadInput.class, () -> plan(EXAMPLE.replace("aws-us-east-1", "moon-base-alpha")));
    assertTrue(refusal.toString().contains("price.preset: is none of [aws-us-east-1, azure,"));
    assertEquals(
        "request: is not a JSON object",
        assertThrows(BadInput.class, () -> CapacityPlans.object("request", "[1]")).getMessage());
  }

  /** Of processor time: what else the machine does is not the planner's. */
  @Test
  void answersInTheBlinkOfAnEye() {
    JsonObject request = new JsonObject(EXAMPLE);
    JsonArray days = new JsonArray();
    IntStream.range(0, 180).forEach(day -> days.add(1e9 + 1e7 * day + 1e8 * (day % 7)));
    request.put("history", new JsonObject().put("daily", new JsonObject().put("egress", days)));
    String json = request.encode();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20; i++) {
      long before = threads.getCurrentThreadCpuTime();
      plan(json);
      least = Math.min(least, threads.getCurrentThreadCpuTime() - before);
    }
    assertTrue(least < 50_000_000, "took " + least / 1000 + " us");
  }

  @Test
  void nobodyCallingTakesOneNode() {
    JsonObject plan = plan("{\"demand\":{\"bhca\":0}}");
    assertNodes(plan, 1, 2, 1, 0, 2);
    assertEquals("0.00", plan.getJsonObject("cost").getValue("egress").toString());
  }

  @Test
  void moreOfAnythingNeverTakesFewerNodes() {
    int before = 0;
    for (int calls = 0; calls < 3_000_000; calls = calls * 2 + 1000) {
      JsonObject nodes =
          plan("{\"demand\":{\"concurrentCalls\":" + calls + "}}").getJsonObject("nodes");
      assertTrue(nodes.getInteger("base") >= before);
      before = nodes.getInteger("base");
    }
    assertTrue(before > 100);
  }

  private JsonObject plan(String json) {
    return CapacityPlans.document(plans.plan(CapacityPlans.object("request", json), TODAY));
  }

  /** Through text, as it comes from a client. */
  private JsonObject document(JsonObject request) {
    return plan(request.encode());
  }

  private static JsonObject resource(JsonObject plan, String name) {
    JsonArray all = plan.getJsonArray("perResource");
    return IntStream.range(0, all.size())
        .mapToObj(all::getJsonObject)
        .filter(one -> one.getString("resource").equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String alternative(JsonObject cost, String preset) {
    JsonArray all = cost.getJsonArray("alternatives");
    return IntStream.range(0, all.size())
        .mapToObj(all::getJsonObject)
        .filter(one -> one.getString("preset").equals(preset))
        .map(one -> one.getValue("egress").toString())
        .findFirst()
        .orElseThrow();
  }

  private static void assertNodes(JsonObject plan, int... expected) {
    JsonObject nodes = plan.getJsonObject("nodes");
    assertEquals(expected[0], nodes.getInteger("base"));
    assertEquals(expected[1], nodes.getInteger("withNPlus"));
    assertEquals(expected[2], nodes.getInteger("withZoneLoss"));
    assertEquals(expected[3], nodes.getInteger("perZone"));
    assertEquals(expected[4], nodes.getInteger("recommended"));
  }
}
