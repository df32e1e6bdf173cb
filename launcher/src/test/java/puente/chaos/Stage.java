package puente.chaos;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A lab with people in it, for one scenario. */
final class Stage implements AutoCloseable {

  static final Duration READY = Duration.ofSeconds(60);
  static final Duration BACK = Duration.ofSeconds(60);

  /** How many more than the load the user may have. */
  static final int SPARE = 30;

  private final Path folder;
  private final boolean brief;
  private boolean supervised;
  private boolean ipv6;
  private @Nullable Lab lab;
  private @Nullable Load load;

  /**
   * @param brief the short form, for every build
   */
  Stage(Path folder, boolean brief) {
    this.folder = folder;
    this.brief = brief;
    supervised = !brief;
  }

  Path folder() {
    return folder;
  }

  boolean supervised() {
    return supervised;
  }

  boolean brief() {
    return brief;
  }

  /** Allocations, over all nodes. */
  int flows() {
    return brief ? 60 : 150;
  }

  /** Between two packets of a flow one way. */
  Duration pace() {
    return Duration.ofMillis(50);
  }

  Lab lab() {
    Lab there = lab;
    if (there == null) {
      throw new IllegalStateException("the lab is not set up");
    }
    return there;
  }

  Load load() {
    Load there = load;
    if (there == null) {
      throw new IllegalStateException("there is no load");
    }
    return there;
  }

  /** As {@link #setUpWithPeople}, with supervisors even in the short form. */
  Lab setUpSupervised() {
    supervised = true;
    return setUpWithPeople();
  }

  /** Whoever talks does so by IPv6. */
  Stage byIpv6() {
    ipv6 = true;
    return this;
  }

  /** Three nodes with these settings, and nobody yet. */
  Lab setUp(String... settings) {
    Lab.Shape shape = Lab.Shape.of(supervised, settings);
    Lab made = Lab.start(folder, ipv6 ? shape.byIpv6() : shape);
    lab = made;
    load = made.load(pace());
    return made;
  }

  /** Three nodes, and people talking through each of them. */
  Lab setUpWithPeople(String... settings) {
    String[] all = Arrays.copyOf(settings, settings.length + 1);
    all[settings.length] = "user-quota=" + (flows() + SPARE);
    Lab made = setUp(all);
    load().add(flows(), true, Lab.accounts(made.nodes()));
    if (!load().await(READY, any -> true, Flow::ready)) {
      throw new IllegalStateException(
          "only %d clients have a channel; told: %s"
              .formatted(load().count(Flow::ready), load().told()));
    }
    load().mark(any -> true);
    if (!load().await(READY, any -> true, Stage::flowing)) {
      throw new IllegalStateException("not everybody can talk");
    }
    for (LabNode node : made.nodes()) {
      if (!node.awaitSafe(READY)) {
        throw new IllegalStateException(node.id() + " has no copies of what it keeps");
      }
    }
    Load.runFor(Duration.ofSeconds(1));
    return made;
  }

  static boolean flowing(Flow flow) {
    return flow.up.flowsSinceMark() && flow.down.flowsSinceMark();
  }

  static Predicate<Flow> at(List<LabNode> nodes) {
    return flow -> nodes.stream().anyMatch(node -> node.address().equals(flow.server()));
  }

  static Predicate<Flow> at(LabNode node) {
    return at(List.of(node));
  }

  @Override
  public void close() {
    Lab made = lab;
    if (made != null) {
      made.close();
    }
  }
}
