package puente.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How many nodes each resource takes, and what is used of it on so many nodes. */
final class Sizing {
  static final String PORTS = "ports";
  static final String CPU = "cpu";
  static final String EGRESS = "egress";
  static final String MEMORY = "memory";

  static final List<String> RESOURCES = List.of(PORTS, CPU, EGRESS, MEMORY);

  /** Whoever needs more has made a mistake, or has people for this. */
  static final int NODES_MAX = 1_000_000;

  /** Rounding must not buy a node. */
  private static final double SLACK = 1e-9;

  /** Egress is cut into units of 50 kb/s, coarser where a node has very many. */
  private static final double UNIT_BPS = 50_000;

  private static final int UNITS_MAX = 200_000;

  private final PlanInputs in;
  private final Offered offered;
  private final int portsPerNode;
  private final double packetRate;

  /** Found by halving; NaN until somebody asks. */
  private double usablePorts = Double.NaN;

  Sizing(PlanInputs in, Offered offered, double packetRate) {
    this.in = in;
    this.offered = offered;
    this.packetRate = packetRate;
    portsPerNode = (int) (in.value(PlanField.PORTS) * Math.rint(in.value(PlanField.RELAY_IPS)));
  }

  /** What a resource is asked for on all nodes. */
  double demand(String resource) {
    return switch (resource) {
      case PORTS -> offered.allocationErlangs();
      case CPU -> offered.forwardPps();
      case EGRESS -> offered.egressBps();
      default -> offered.allocationErlangs() * in.value(PlanField.ALLOCATION_BYTES);
    };
  }

  /** What a node has of it. */
  double whole(String resource) {
    return switch (resource) {
      case PORTS -> portsPerNode;
      case CPU -> packetRate;
      case EGRESS -> in.value(PlanField.EGRESS_CAP);
      default -> in.value(PlanField.MEMORY) - in.value(PlanField.MEMORY_BASE);
    };
  }

  /** What a node may be asked for. */
  double usable(String resource) {
    return switch (resource) {
      case PORTS -> usablePorts();
      case CPU -> in.value(PlanField.CPU_TARGET) * whole(resource);
      case EGRESS -> in.value(PlanField.BANDWIDTH_TARGET) * whole(resource);
      default -> in.value(PlanField.MEMORY_TARGET) * whole(resource);
    };
  }

  private double usablePorts() {
    if (Double.isNaN(usablePorts)) {
      usablePorts = ErlangB.load(portsPerNode, in.value(PlanField.BLOCKING));
    }
    return usablePorts;
  }

  /** The fewest nodes whose busiest stays within what it may be asked for. */
  int nodes(String resource) {
    if (resource.equals(PORTS)) {
      return nodesForPorts();
    }
    double nodes =
        Math.ceil(in.value(PlanField.SKEW) * demand(resource) / usable(resource) - SLACK);
    if (nodes > NODES_MAX) {
      throw tooMany(resource);
    }
    return Math.max(1, (int) nodes);
  }

  private int nodesForPorts() {
    int enough = 1;
    while (blocking(enough) > in.value(PlanField.BLOCKING)) {
      enough *= 2;
      if (enough > NODES_MAX) {
        throw tooMany(PORTS);
      }
    }
    int tooFew = enough / 2;
    while (enough - tooFew > 1) {
      int middle = (enough + tooFew) / 2;
      if (blocking(middle) > in.value(PlanField.BLOCKING)) {
        tooFew = middle;
      } else {
        enough = middle;
      }
    }
    return enough;
  }

  private static BadInput tooMany(String resource) {
    return new BadInput("demand", "needs more than " + NODES_MAX + " nodes for " + resource);
  }

  /** The share of allocations that find no port on the busiest of so many nodes. */
  double blocking(int nodes) {
    if (nodes == 0) {
      return 1;
    }
    double erlangs = in.value(PlanField.SKEW) * offered.allocationErlangs() / nodes;
    return ErlangB.blocking(erlangs, portsPerNode, in.value(PlanField.RECALL));
  }

  /** What the busiest of so many nodes uses of what it has. */
  double utilisation(String resource, int nodes) {
    return in.value(PlanField.SKEW) * demand(resource) / nodes / whole(resource);
  }

  Map<String, Double> utilisation(int nodes) {
    Map<String, Double> all = new LinkedHashMap<>();
    RESOURCES.forEach(resource -> all.put(resource, utilisation(resource, nodes)));
    return all;
  }

  /** Whether so many nodes carry the busy hour. */
  boolean isEnough(int nodes) {
    return nodes > 0
        && blocking(nodes) <= in.value(PlanField.BLOCKING)
        && RESOURCES.stream()
            .filter(resource -> !resource.equals(PORTS))
            .allMatch(
                resource ->
                    in.value(PlanField.SKEW) * demand(resource) / nodes
                        <= usable(resource) * (1 + SLACK));
  }

  /**
   * The share of relayed calls that would not fit beside the others on the busiest node, by class:
   * how often its egress is all in use.
   */
  Map<String, Double> squeezed(int nodes) {
    double cap = usable(EGRESS);
    double unit = Math.max(UNIT_BPS, cap / UNITS_MAX);
    double relayed = in.value(PlanField.SKEW) * offered.relayedErlangs() / nodes;
    List<KaufmanRoberts.TrafficClass> classes = new ArrayList<>();
    for (CallClass one : in.mix()) {
      double bps = one.directions() * one.kbps() * 1000;
      int units = (int) Math.clamp(Math.ceil(bps / unit), 1, KaufmanRoberts.CAPACITY_MAX);
      classes.add(new KaufmanRoberts.TrafficClass(relayed * one.share(), units));
    }
    KaufmanRoberts pipe = new KaufmanRoberts((int) (cap / unit), classes);
    Map<String, Double> squeezed = new LinkedHashMap<>();
    for (int i = 0; i < classes.size(); i++) {
      squeezed.put(in.mix().get(i).name(), pipe.blocking(i));
    }
    return squeezed;
  }
}
