package puente.doctor;

import java.util.ArrayList;
import java.util.List;
import puente.doctor.Finding.Part;

/** What the running nodes say: whether all are there, and which ports they reach of each other. */
public final class ClusterChecks {

  /** A node as the asked one sees it. */
  public record Node(String id, boolean isOwn, boolean isAlive, String state) {}

  /**
   * A port that another node has knocked at.
   *
   * @param kind {@code udp}, {@code tcp}, {@code tls} or {@code relay}
   */
  public record Knock(String kind, int port, boolean isReached) {}

  /** What another node has found out. */
  public record Probe(String by, String address, List<Knock> knocks) {}

  private final List<Finding> findings = new ArrayList<>();

  public List<Finding> findings(List<Node> nodes, List<Probe> probes) {
    links(nodes);
    if (probes.isEmpty()) {
      findings.add(
          Finding.skipped(
              Part.CLUSTER,
              "firewall",
              "there is no other node to knock from; run puente doctor --server from outside"));
    }
    probes.forEach(this::probed);
    return findings;
  }

  private void links(List<Node> nodes) {
    if (nodes.size() < 2) {
      findings.add(Finding.skipped(Part.CLUSTER, "links", "this node is alone"));
      return;
    }
    List<String> gone = nodes.stream().filter(node -> !node.isAlive()).map(Node::id).toList();
    findings.add(
        gone.isEmpty()
            ? Finding.good(Part.CLUSTER, "links", nodes.size() + " nodes see each other")
            : Finding.problem(
                Part.CLUSTER,
                "links",
                "not reached: " + String.join(", ", gone),
                "Start them; open cluster-port TCP and UDP between the nodes; the same"
                    + " cluster-name and cluster-secret on all."));
    List<String> draining =
        nodes.stream()
            .filter(node -> node.isAlive() && !node.state().equals("serving"))
            .map(node -> node.id() + " (" + node.state() + ")")
            .toList();
    if (!draining.isEmpty()) {
      findings.add(
          Finding.warning(
              Part.CLUSTER,
              "draining",
              String.join(", ", draining),
              "Nothing, if that was ordered; else: puente undrain NODE."));
    }
  }

  private void probed(Probe probe) {
    List<Knock> closed = probe.knocks().stream().filter(knock -> !knock.isReached()).toList();
    String name = "firewall";
    String from = " at " + probe.address() + " from " + probe.by();
    if (closed.isEmpty()) {
      findings.add(
          Finding.good(Part.CLUSTER, name, probe.knocks().size() + " ports answer" + from));
      return;
    }
    String ports =
        String.join(", ", closed.stream().map(knock -> knock.kind() + " " + knock.port()).toList());
    boolean all = closed.size() == probe.knocks().size();
    findings.add(
        Finding.problem(
            Part.CLUSTER,
            name,
            (all ? "nothing answers" : "closed: " + ports) + from,
            all
                ? "See that this address is this node's (external-ip), and the firewall before it."
                : "Open them in the firewall or security group: relay ports are UDP, all of"
                    + " min-port to max-port."));
  }
}
