package puente.plan;

/**
 * How many nodes to run.
 *
 * @param base carry the busy hour when none is lost
 * @param withNPlus carry it after the loss of k nodes
 * @param perZone so many in each zone carry it after the loss of zones; 0 without zones
 */
public record Fleet(int base, int withNPlus, int withZoneLoss, int perZone, int recommended) {

  static Fleet of(int base, int spareNodes, int zones, int zonesLost) {
    int withNPlus = base + spareNodes;
    if (zonesLost == 0) {
      return new Fleet(base, withNPlus, base, 0, withNPlus);
    }
    int perZone = Math.ceilDiv(base, zones - zonesLost);
    int withZoneLoss = zones * perZone;
    return new Fleet(base, withNPlus, withZoneLoss, perZone, Math.max(withNPlus, withZoneLoss));
  }
}
