package puente.plan;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import puente.plan.Plan.Figure;

/** The numbers of a plan, each with the formula that made it. */
final class PlanFigures {
  private PlanFigures() {}

  static String unit(String resource) {
    return switch (resource) {
      case Sizing.PORTS -> "erlangs";
      case Sizing.CPU -> "packets/s";
      case Sizing.EGRESS -> "b/s";
      default -> "bytes";
    };
  }

  static Map<String, Figure> of(
      PlanInputs in, Offered offered, Sizing sizing, Fleet fleet, double packetRate) {
    Figures figures = new Figures(in);
    demand(in, offered, figures);
    capacity(in, sizing, packetRate, figures);
    fleet(sizing, fleet, figures);
    blocking(sizing, fleet, figures);
    int nodes =
        (int)
            (in.has(PlanField.NODES_RUNNING)
                ? in.value(PlanField.NODES_RUNNING)
                : fleet.recommended());
    joins("joins", Joins.inBusyHour(in, offered, nodes), "κ · calls/s · participants / n", figures);
    joins(
        "reconnects",
        Joins.afterALoss(in, offered, nodes),
        "joins of n-1 nodes + κ · A · participants / n / (n-1) / reconnectSeconds",
        figures);
    return figures.byPath();
  }

  /** A queue of people, where ports and bandwidth only refuse. */
  private static void joins(String name, Joins joins, String rate, Figures figures) {
    boolean isLoss = name.equals("reconnects");
    figures.add(
        name + ".perSecond",
        joins.perSecond(),
        "people/s",
        rate,
        "at the busiest node, each once a call; n is nodesRunning, else the nodes recommended",
        "offered.callErlangs",
        PlanField.PARTICIPANTS,
        PlanField.SKEW,
        isLoss ? PlanField.RECONNECT_SECONDS : PlanField.HOLD_SECONDS);
    figures.add(
        name + ".waiting",
        joins.waiting(),
        "",
        "C = N·B / (N - a(1 - B)), a = people/s · joinMillis, N = joinLoops",
        "A. K. Erlang 1917: the share that finds all loops busy and waits",
        name + ".perSecond",
        PlanField.JOIN_LOOPS,
        PlanField.JOIN_MS);
    figures.add(
        name + ".noticed",
        joins.noticed(),
        "",
        "C · e^(-(N - a) · joinWaitMs / joinMillis)",
        "the share that waits longer than is noticed",
        name + ".waiting",
        PlanField.JOIN_WAIT_MS);
    figures.add(
        name + ".lastWaitsSeconds",
        joins.lastWaitsSeconds(),
        "s",
        isLoss
            ? "C · joinMillis / (N - a); reconnectSeconds · (a/N - 1) when more come than are taken in"
            : "C · joinMillis / (N - a)",
        isLoss ? "the mean wait, or that of the last in a line that grows" : "the mean wait",
        name + ".waiting",
        PlanField.JOIN_LOOPS,
        PlanField.JOIN_MS);
  }

  private static void demand(PlanInputs in, Offered offered, Figures figures) {
    if (in.has(PlanField.CONCURRENT_CALLS)) {
      figures.add(
          "offered.callErlangs",
          offered.callErlangs(),
          "erlangs",
          "A = calls at once",
          "Little's law",
          PlanField.CONCURRENT_CALLS);
    } else {
      figures.add(
          "offered.callErlangs",
          offered.callErlangs(),
          "erlangs",
          "A = λh = bhca / 3600 · holdSeconds",
          "Little's law",
          PlanField.BHCA,
          PlanField.HOLD_SECONDS);
    }
    if (in.has(PlanField.ALLOCATIONS)) {
      figures.add(
          "offered.allocationErlangs",
          offered.allocationErlangs(),
          "erlangs",
          "as given",
          "demand.allocations",
          PlanField.ALLOCATIONS);
    } else {
      figures.add(
          "offered.allocationErlangs",
          offered.allocationErlangs(),
          "erlangs",
          "A · participants · URLs · interfaces",
          "each client allocates on every URL from every interface, relayed or not (RFC 8445 §5.1.1)",
          "offered.callErlangs",
          PlanField.PARTICIPANTS,
          PlanField.TURN_URLS,
          PlanField.INTERFACES);
    }
    figures.add(
        "offered.relayedErlangs",
        offered.relayedErlangs(),
        "erlangs",
        "ρ · A",
        "share of calls whose media need the relay",
        "offered.callErlangs",
        PlanField.RELAY_RATIO);
    mix(in, figures);
    traffic(offered, figures);
  }

  private static void mix(PlanInputs in, Figures figures) {
    double bps = 0;
    double pps = 0;
    for (CallClass one : in.mix()) {
      bps += one.share() * one.directions() * one.kbps() * 1000;
      pps += one.share() * one.directions() * one.pps();
    }
    Origin origin = in.isMixGiven() ? Origin.ASSUMED : Origin.DEFAULT;
    Map<String, String> parts = new LinkedHashMap<>();
    for (CallClass one : in.mix()) {
      parts.put(
          one.name(),
          String.format(
              Locale.ROOT,
              "%s of calls, %s kb/s and %s packets/s %s (%s)",
              Text.number(one.share()),
              Text.number(one.kbps()),
              Text.number(one.pps()),
              one.isOneWay() ? "one way" : "each way",
              origin.word()));
    }
    String source = "wire rates with RTP, SRTP, ChannelData, UDP and IPv4 headers";
    figures
        .byPath()
        .put(
            "offered.bpsPerRelayedCall",
            new Figure(bps, "b/s", origin, "Σ share · directions · kbps", parts, source));
    figures
        .byPath()
        .put(
            "offered.ppsPerRelayedCall",
            new Figure(pps, "packets/s", origin, "Σ share · directions · pps", parts, source));
  }

  private static void traffic(Offered offered, Figures figures) {
    figures.add(
        "offered.egressBps",
        offered.egressBps(),
        "b/s",
        "relayed · bits per call · (1 + hairpins)",
        "a relay sends on what it gets: 2R for a call of R each way",
        "offered.relayedErlangs",
        "offered.bpsPerRelayedCall",
        PlanField.HAIRPIN_SHARE);
    figures.add(
        "offered.forwardPps",
        offered.forwardPps(),
        "packets/s",
        "relayed · packets per call · (1 + hairpins)",
        "each packet is received once and sent once",
        "offered.relayedErlangs",
        "offered.ppsPerRelayedCall",
        PlanField.HAIRPIN_SHARE);
    figures.add(
        "offered.egressGbPerMonth",
        offered.egressGbPerMonth(),
        "GB",
        "relayed · bits per call · 3600 s / 8e9 / busyHourShare · activeDays",
        "decimal GB; hairpins stay inside and are not billed as egress",
        "offered.relayedErlangs",
        "offered.bpsPerRelayedCall",
        PlanField.BUSY_HOUR_SHARE,
        PlanField.ACTIVE_DAYS);
  }

  private static void capacity(PlanInputs in, Sizing sizing, double packetRate, Figures figures) {
    if (in.usl().isEmpty()) {
      figures.add(
          "node.packetRate",
          packetRate,
          "packets/s",
          "as given",
          "node.ppsCapacity",
          PlanField.PPS_CAPACITY);
    } else {
      figures.add(
          "node.packetRate",
          packetRate,
          "packets/s",
          "peak of X(N) = γN / (1 + α(N-1) + βN(N-1)), fitted to " + in.usl().size() + " points",
          "Universal Scalability Law, N. J. Gunther 2007");
    }
    figures.add(
        "node.ports",
        sizing.usable(Sizing.PORTS),
        "erlangs",
        "the A whose Erlang B(A, ports · relayIps) is the blocking",
        "A. K. Erlang 1917; ITU-T E.501",
        PlanField.PORTS,
        PlanField.RELAY_IPS,
        PlanField.BLOCKING);
    figures.add(
        "node.cpu",
        sizing.usable(Sizing.CPU),
        "packets/s",
        "cpuTarget · packet rate",
        "above it, queues and latency grow fast",
        PlanField.CPU_TARGET,
        "node.packetRate");
    figures.add(
        "node.egress",
        sizing.usable(Sizing.EGRESS),
        "b/s",
        "bwTarget · egressCapBps",
        "room for bursts inside the second",
        PlanField.BANDWIDTH_TARGET,
        PlanField.EGRESS_CAP);
    figures.add(
        "node.memory",
        sizing.usable(Sizing.MEMORY),
        "bytes",
        "memTarget · (memoryBytes - memoryBaseBytes)",
        "linear in allocations",
        PlanField.MEMORY_TARGET,
        PlanField.MEMORY,
        PlanField.MEMORY_BASE);
  }

  private static void fleet(Sizing sizing, Fleet fleet, Figures figures) {
    nodes(sizing, figures, Sizing.PORTS, "min n: B(κA/n) <= blocking", "offered.allocationErlangs");
    nodes(sizing, figures, Sizing.CPU, "⌈κ · demand / capacity⌉", "offered.forwardPps");
    nodes(sizing, figures, Sizing.EGRESS, "⌈κ · demand / capacity⌉", "offered.egressBps");
    nodes(
        sizing,
        figures,
        Sizing.MEMORY,
        "⌈κ · A · bytesPerAllocation / capacity⌉",
        "offered.allocationErlangs",
        PlanField.ALLOCATION_BYTES);
    figures.add(
        "nodes.base",
        fleet.base(),
        "nodes",
        "the most of all resources",
        "no resource may be short",
        "nodes.ports",
        "nodes.cpu",
        "nodes.egress",
        "nodes.memory");
    figures.add(
        "nodes.withNPlus",
        fleet.withNPlus(),
        "nodes",
        "base + k",
        "N+k: k may be lost",
        "nodes.base",
        PlanField.SURVIVE_NODES);
    figures.add(
        "nodes.withZoneLoss",
        fleet.withZoneLoss(),
        "nodes",
        "Z · ⌈base / (Z - z)⌉; base if no zone may be lost",
        "the zones that are left carry all",
        "nodes.base",
        PlanField.ZONES,
        PlanField.SURVIVE_ZONES);
    figures.add(
        "nodes.recommended",
        fleet.recommended(),
        "nodes",
        "max(N+k, zone loss)",
        "either may happen, not both at once",
        "nodes.withNPlus",
        "nodes.withZoneLoss");
  }

  private static void nodes(
      Sizing sizing, Figures figures, String resource, String formula, Object... demand) {
    Object[] from = Arrays.copyOf(demand, demand.length + 2);
    from[demand.length] = "node." + resource;
    from[demand.length + 1] = PlanField.SKEW;
    figures.add(
        "nodes." + resource, sizing.nodes(resource), "nodes", formula, "κ is policy.skew", from);
  }

  private static void blocking(Sizing sizing, Fleet fleet, Figures figures) {
    figures.add(
        "blocking.ports",
        sizing.blocking(fleet.recommended()),
        "",
        "extended Erlang B(κA/n, ports · relayIps, recall)",
        "clients that get 508 Insufficient Capacity (RFC 8656 §7.2)",
        "offered.allocationErlangs",
        "nodes.recommended",
        PlanField.PORTS,
        PlanField.RELAY_IPS,
        PlanField.SKEW,
        PlanField.RECALL);
    sizing
        .squeezed(fleet.recommended())
        .forEach(
            (name, share) ->
                figures.add(
                    "squeezed." + name,
                    share,
                    "",
                    "Σ q(C-i), j·q(j) = Σ A·b·q(j-b)",
                    "Kaufman and Roberts 1981: how often a node's egress target is all in use",
                    "offered.relayedErlangs",
                    "node.egress",
                    "nodes.recommended",
                    PlanField.SKEW));
  }
}
