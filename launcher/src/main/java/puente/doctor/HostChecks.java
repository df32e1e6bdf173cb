package puente.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import puente.doctor.Finding.Part;

/** Looks at the host that a server runs on: what the kernel allows, and what is in the way. */
public final class HostChecks {

  /**
   * What the server needs.
   *
   * @param process whose limits count; "self" for this one
   * @param bufferBytes that a listening socket asks for
   */
  public record Needs(String process, int portMin, int portMax, int bufferBytes) {}

  private static final long DESCRIPTORS_GOOD = 65_536;
  private static final String PERSIST = " (and in /etc/sysctl.d/90-puente.conf)";
  private static final Pattern VERSION = Pattern.compile("^(\\d+)\\.(\\d+)");

  private final Path root;
  private final Needs needs;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * @param root where /proc is; / on a real host
   */
  public HostChecks(Path root, Needs needs) {
    this.root = root;
    this.needs = needs;
  }

  public List<Finding> findings() {
    if (!Files.isDirectory(root.resolve("proc/sys"))) {
      findings.add(Finding.skipped(Part.HOST, "kernel", "this is no Linux, or /proc is hidden"));
      return findings;
    }
    descriptors();
    buffers();
    ephemeralPorts();
    conntrack();
    kernelDrops();
    segmentation();
    return findings;
  }

  private void descriptors() {
    Optional<String> limits = text("proc/" + needs.process() + "/limits");
    Matcher found =
        Pattern.compile("Max open files\\s+(\\d+|unlimited)").matcher(limits.orElse(""));
    if (!found.find()) {
      findings.add(
          Finding.skipped(
              Part.HOST, "open files", "/proc/" + needs.process() + "/limits cannot be read"));
      return;
    }
    String text = found.group(1);
    long allowed = text.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(text);
    long wanted = Math.min(DESCRIPTORS_GOOD, needs.portMax() - needs.portMin() + 1 + 4096L);
    findings.add(
        allowed >= wanted
            ? Finding.good(Part.HOST, "open files", "at most " + text)
            : Finding.problem(
                Part.HOST,
                "open files",
                "at most " + text + ", and each allocation takes one",
                "LimitNOFILE=1048576 in the systemd unit, or ulimit -n 1048576 before the start."));
  }

  private void buffers() {
    for (String name : List.of("rmem_max", "wmem_max")) {
      number("proc/sys/net/core/" + name).ifPresent(bytes -> buffer("net.core." + name, bytes));
    }
  }

  private void buffer(String name, long bytes) {
    findings.add(
        bytes >= needs.bufferBytes()
            ? Finding.good(Part.HOST, name, bytes + " bytes")
            : Finding.problem(
                Part.HOST,
                name,
                bytes + " bytes, less than sock-buf-size " + needs.bufferBytes() + ": bursts drop",
                "sudo sysctl -w " + name + "=16777216" + PERSIST));
  }

  /** A port that the kernel lends to any program is not there when an allocation wants it. */
  private void ephemeralPorts() {
    String lent = text("proc/sys/net/ipv4/ip_local_port_range").orElse("").strip();
    String[] range = lent.split("\\s+");
    if (range.length != 2) {
      return;
    }
    int from = Math.max(Integer.parseInt(range[0]), needs.portMin());
    int to = Math.min(Integer.parseInt(range[1]), needs.portMax());
    String relay = needs.portMin() + "-" + needs.portMax();
    String reserved = text("proc/sys/net/ipv4/ip_local_reserved_ports").orElse("").strip();
    if (from > to) {
      findings.add(
          Finding.good(Part.HOST, "relay ports", relay + " apart from the kernel's " + lent));
    } else if (isReserved(reserved, from, to)) {
      findings.add(Finding.good(Part.HOST, "relay ports", relay + " are reserved"));
    } else {
      findings.add(
          Finding.warning(
              Part.HOST,
              "relay ports",
              "the kernel lends "
                  + from
                  + "-"
                  + to
                  + " of them to other programs (ip_local_port_range)",
              "sudo sysctl -w net.ipv4.ip_local_reserved_ports=" + relay + PERSIST));
    }
  }

  /** Whether a list as {@code 8080,49152-65535} covers a range with one of its entries. */
  private static boolean isReserved(String list, int from, int to) {
    for (String entry : list.split(",")) {
      String[] ends = entry.strip().split("-");
      if (!ends[0].matches("\\d+")) {
        continue;
      }
      int first = Integer.parseInt(ends[0]);
      int last = ends.length > 1 ? Integer.parseInt(ends[1]) : first;
      if (first <= from && to <= last) {
        return true;
      }
    }
    return false;
  }

  /** Each relayed flow takes an entry, and where the table is full new flows are dropped. */
  private void conntrack() {
    Optional<Long> count = number("proc/sys/net/netfilter/nf_conntrack_count");
    Optional<Long> max = number("proc/sys/net/netfilter/nf_conntrack_max");
    String fix =
        "Take the relay out of it: nft add table inet puente; see NOTRACK in the hardening guide."
            + " Or raise it: sudo sysctl -w net.netfilter.nf_conntrack_max=1048576"
            + PERSIST;
    if (count.isEmpty() || max.isEmpty()) {
      findings.add(Finding.good(Part.HOST, "conntrack", "not loaded"));
      return;
    }
    String detail = count.get() + " of " + max.get() + " entries";
    if (count.get() > max.get() * 8 / 10) {
      findings.add(
          Finding.problem(Part.HOST, "conntrack", detail + ": new flows will be dropped", fix));
    } else if (max.get() < 4L * (needs.portMax() - needs.portMin() + 1)) {
      findings.add(
          Finding.warning(Part.HOST, "conntrack", detail + ": few for that many relay ports", fix));
    } else {
      findings.add(Finding.good(Part.HOST, "conntrack", detail));
    }
  }

  /** What the kernel has dropped since it started, because nobody read in time. */
  private void kernelDrops() {
    List<String> lines =
        text("proc/net/snmp").orElse("").lines().filter(line -> line.startsWith("Udp:")).toList();
    if (lines.size() != 2) {
      return;
    }
    List<String> names = List.of(lines.getFirst().split("\\s+"));
    String[] values = lines.getLast().split("\\s+");
    int drops = names.indexOf("RcvbufErrors");
    int all = names.indexOf("InDatagrams");
    if (drops < 0 || all < 0 || values.length != names.size()) {
      return;
    }
    long lost = Long.parseLong(values[drops]);
    long in = Math.max(1, Long.parseLong(values[all]));
    double percent = 100.0 * lost / (in + lost);
    String detail = String.format(Locale.ROOT, "%d since the start, %.3f %%", lost, percent);
    findings.add(
        percent > 0.1
            ? Finding.warning(
                Part.HOST,
                "udp kernel drops",
                detail,
                "Raise net.core.rmem_max and sock-buf-size; if it goes on, add processors or a"
                    + " node (puente plan).")
            : Finding.good(Part.HOST, "udp kernel drops", detail));
  }

  /** UDP_SEGMENT came with Linux 4.18, UDP_GRO with 5.0. */
  private void segmentation() {
    String release = text("proc/sys/kernel/osrelease").orElse("").strip();
    Matcher found = VERSION.matcher(release);
    if (!found.find()) {
      return;
    }
    int version = Integer.parseInt(found.group(1)) * 1000 + Integer.parseInt(found.group(2));
    findings.add(
        version >= 5000
            ? Finding.good(Part.HOST, "gso and gro", "Linux " + release + " has both for UDP")
            : Finding.warning(
                Part.HOST,
                "gso and gro",
                "Linux " + release + (version >= 4018 ? " has no UDP_GRO" : " has neither for UDP"),
                "A kernel of 5.0 or newer relays about twice as much per processor."));
  }

  private Optional<String> text(String path) {
    try {
      return Optional.of(text(root.resolve(path)));
    } catch (IOException hidden) {
      return Optional.empty();
    }
  }

  /** The kernel tells a number at the first read only, and readString begins with one byte. */
  public static String text(Path file) throws IOException {
    return String.join("\n", Files.readAllLines(file));
  }

  private Optional<Long> number(String path) {
    return text(path).map(String::strip).filter(text -> text.matches("\\d+")).map(Long::parseLong);
  }
}
