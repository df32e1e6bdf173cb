package puente.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import puente.plan.PricePreset.Tier;

/** The prices that plans are made with. */
public record PriceList(List<PricePreset> presets) {
  /** A GiB in GB. */
  private static final double GIB = 1.073_741_824;

  private static final Set<String> FIELDS =
      Set.of(
          "id",
          "name",
          "currency",
          "asOf",
          "source",
          "note",
          "verified",
          "unit",
          "egress",
          "publicIpHour",
          "interZonePerGB");

  public PriceList {
    if (presets.isEmpty()) {
      throw new BadInput("prices", "there is none");
    }
    presets = List.copyOf(presets);
  }

  /** From parsed JSON: a list of presets under {@code presets}. */
  public static PriceList read(Map<String, @Nullable Object> json) {
    Tree root = new Tree("prices", json).only(Set.of("about", "presets"));
    return new PriceList(root.at("presets").list(200).stream().map(PriceList::preset).toList());
  }

  public PricePreset preset(String id) {
    return presets.stream()
        .filter(one -> one.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new BadInput(
                    "price.preset",
                    "is none of " + presets.stream().map(PricePreset::id).toList()));
  }

  private static PricePreset preset(Tree tree) {
    tree.only(FIELDS);
    double unit =
        switch (tree.at("unit").text("GB")) {
          case "GB" -> 1;
          case "GiB" -> GIB;
          default -> throw new BadInput(tree.at("unit").path(), "is GB or GiB");
        };
    List<Tier> tiers = new ArrayList<>();
    for (Tree tier : tree.at("egress").list(50)) {
      tier.only(Set.of("gb", "per"));
      double gb = tier.at("gb").number(Double.POSITIVE_INFINITY);
      tiers.add(new Tier(gb * unit, tier.at("per").number() / unit));
    }
    return new PricePreset(
        tree.at("id").text(),
        tree.at("name").text(),
        tree.at("currency").text(),
        tree.at("asOf").date(),
        tree.at("source").text(),
        tree.at("note").text(""),
        tree.at("verified").bool(false),
        tiers,
        BadInput.notNegative(tree.at("publicIpHour").path(), tree.at("publicIpHour").number(0)),
        BadInput.notNegative(
            tree.at("interZonePerGB").path(), tree.at("interZonePerGB").number(0)));
  }
}
