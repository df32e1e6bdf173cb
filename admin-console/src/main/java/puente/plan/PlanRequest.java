package puente.plan;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@code POST /api/v1/capacity/plan} takes and {@code puente plan --file} holds.
 * docs/CAPACITY.md describes it.
 */
public final class PlanRequest {
  private static final int MIX_MAX = 50;
  private static final int POINTS_MAX = 1000;

  /** Fields that are no numbers. */
  private static final Set<String> OTHERS =
      Set.of(
          "asOf",
          "mode",
          "demand.mix",
          "demand.growth",
          "node.usl",
          "node.fitFrom",
          "history",
          "price.preset",
          "price.egress");

  private static final Set<String> GROUPS =
      Set.of("demand", "node", "policy", "policy.survive", "price");

  private PlanRequest() {}

  /**
   * @param json a parsed object: maps, lists, texts, numbers
   * @param today for requests that do not say when they are made
   * @throws BadInput which names the field
   */
  public static PlanInputs read(
      Map<String, @Nullable Object> json, LocalDate today, PriceList prices) {
    Tree root = new Tree("", json);
    Map<PlanField, Quantity> given = new EnumMap<>(PlanField.class);
    numbers(root, given);
    Tree demand = root.at("demand");
    Tree price = root.at("price");
    List<CallClass> mix = demand.at("mix").list(MIX_MAX).stream().map(PlanRequest::part).toList();
    return new PlanInputs(
        root.at("asOf").isGiven() ? root.at("asOf").date() : today,
        given,
        mix.isEmpty() ? CallClass.DEFAULT_MIX : mix,
        !mix.isEmpty(),
        growth(demand.at("growth")),
        usl(root.at("node").at("usl")),
        history(root.at("history")),
        preset(price, prices),
        prices.presets());
  }

  /** All numbers stand where {@link PlanField} says; what stands elsewhere is a mistake. */
  private static void numbers(Tree tree, Map<PlanField, Quantity> given) {
    for (String name : new TreeSet<>(tree.object().keySet())) {
      Tree part = tree.at(name);
      Optional<PlanField> field = PlanField.at(part.path());
      if (OTHERS.contains(part.path()) || !part.isGiven()) {
        continue;
      }
      if (field.isPresent()) {
        given.put(field.get(), quantity(part));
      } else if (GROUPS.contains(part.path())) {
        numbers(part, given);
      } else {
        throw new BadInput(Tree.shown(part.path()), "is not a known field");
      }
    }
  }

  /** A number, or a number that says where it comes from. */
  private static Quantity quantity(Tree tree) {
    if (!(tree.value() instanceof Map)) {
      return Quantity.assumed(tree.number());
    }
    tree.only(Set.of("value", "origin", "from"));
    Origin origin = Origin.of(tree.path() + ".origin", tree.at("origin").text("assumed"));
    return new Quantity(tree.at("value").number(), origin, tree.at("from").text(""));
  }

  private static CallClass part(Tree tree) {
    tree.only(Set.of("class", "share", "kbps", "pps", "oneWay"));
    String name = tree.at("class").text();
    double share = tree.at("share").number();
    if (tree.at("kbps").isGiven() || tree.at("pps").isGiven()) {
      return new CallClass(
          Tree.shown(name),
          share,
          tree.at("kbps").number(),
          tree.at("pps").number(),
          tree.at("oneWay").bool(false));
    }
    return CallClass.preset(name)
        .orElseThrow(
            () ->
                new BadInput(
                    tree.path() + ".class",
                    "is none of "
                        + CallClass.PRESETS.stream().map(CallClass::name).toList()
                        + ": give kbps and pps"))
        .times(share);
  }

  private static Growth growth(Tree tree) {
    if (!tree.isGiven()) {
      return Growth.FROM_HISTORY;
    }
    tree.only(Set.of("kind", "value"));
    return Growth.of(tree.at("kind").text(), tree.at("value").number(0));
  }

  private static List<Usl.Point> usl(Tree tree) {
    List<Usl.Point> points = new ArrayList<>();
    for (Tree point : tree.list(POINTS_MAX)) {
      point.only(Set.of("n", "x"));
      points.add(new Usl.Point(point.at("n").number(), point.at("x").number()));
    }
    return points;
  }

  private static Map<String, double[]> history(Tree tree) {
    tree.only(Set.of("from", "source", "daily"));
    Map<String, double[]> daily = new LinkedHashMap<>();
    for (String resource : tree.at("daily").object().keySet()) {
      List<Tree> days = tree.at("daily").at(resource).list(Forecast.HISTORY_DAYS_MAX);
      daily.put(Tree.shown(resource), days.stream().mapToDouble(Tree::number).toArray());
    }
    return daily;
  }

  /** A preset, or the staircase of a contract of one's own. */
  private static PricePreset preset(Tree price, PriceList prices) {
    String id = price.at("preset").text(prices.presets().getFirst().id());
    PricePreset preset = prices.preset(id);
    List<PricePreset.Tier> tiers = new ArrayList<>();
    for (Tree tier : price.at("egress").list(MIX_MAX)) {
      tier.only(Set.of("gb", "per"));
      tiers.add(
          new PricePreset.Tier(
              tier.at("gb").number(Double.POSITIVE_INFINITY), tier.at("per").number()));
    }
    return tiers.isEmpty()
        ? preset
        : new PricePreset(
            id + " with own egress",
            preset.name(),
            preset.currency(),
            preset.asOf(),
            "price.egress of the request",
            "",
            true,
            tiers,
            preset.publicIpHour(),
            preset.interZonePerGb());
  }
}
