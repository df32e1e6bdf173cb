package puente.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import puente.outside.OutsideAddress;

/**
 * Puts what the world calls this host in the place of {@code external-ip=auto}. What was found is
 * remembered, so that a server that comes back after a crash asks nobody before it serves.
 */
final class ExternalDetection {
  private static final String FILE = "external-address";
  private static final long AGAIN_SECONDS = 60;

  /** A cloud may start a machine before its network is whole. */
  private static final int ATTEMPTS = 10;

  private final String metadata;
  private final int attempts;
  private final CountDownLatch over = new CountDownLatch(1);
  private boolean isAsked;

  ExternalDetection() {
    this(OutsideAddress.METADATA, ATTEMPTS);
  }

  /**
   * @param metadata where clouds answer
   * @param attempts before it gives up, a second apart
   */
  ExternalDetection(String metadata, int attempts) {
    this.metadata = metadata;
    this.attempts = attempts;
  }

  /**
   * The configuration with addresses.
   *
   * @throws StartFailure if nobody knows: private addresses are never given out instead
   */
  Config resolved(Config config) throws StartFailure, InterruptedException {
    if (config.all(Settings.EXTERNAL_IP).stream().noneMatch(ExternalAddress::isAuto)) {
      return config;
    }
    isAsked = true;
    Map<InetAddress, String> known = remembered(config.value(Settings.STATE_DIR));
    if (known.isEmpty()) {
      known = ask(config);
      remember(known, StateDirectory.open(config));
    }
    return with(config, known);
  }

  /**
   * Looks again from time to time: a reserved address may move while the server runs.
   *
   * @param onChange what {@link #resolved} finds then is another address
   */
  void watch(Config config, StateDirectory state, Runnable onChange) {
    if (isAsked) {
      Thread.ofVirtual().name("external-address").start(() -> look(config, state, onChange));
    }
  }

  /** Looks no more. */
  void end() {
    over.countDown();
  }

  /** For commands beside the server: what it found out, if it did. */
  static Config known(Config config) {
    return with(config, remembered(config.value(Settings.STATE_DIR)));
  }

  private static Config with(Config config, Map<InetAddress, String> known) {
    List<Config.Value<ExternalAddress>> values = new ArrayList<>();
    for (Config.Value<ExternalAddress> value : config.values(Settings.EXTERNAL_IP)) {
      if (!value.value().isAuto()) {
        values.add(value);
        continue;
      }
      known.forEach(
          (address, source) -> {
            Origin origin = new Origin(value.origin().source(), "auto: " + source);
            values.add(new Config.Value<>(external(address), origin));
          });
    }
    return config.with(Settings.EXTERNAL_IP, values);
  }

  /** Of several local addresses the one that packets leave from is the one that is mapped. */
  private static ExternalAddress external(InetAddress address) {
    Optional<InetAddress> inside =
        NodeAddresses.usual().stream()
            .filter(local -> local.getClass() == address.getClass())
            .filter(local -> !local.equals(address))
            .findFirst();
    return new ExternalAddress(address, inside);
  }

  private Map<InetAddress, String> ask(Config config) throws StartFailure, InterruptedException {
    List<String> asked = List.of();
    for (int attempt = 0; attempt < attempts; attempt++) {
      OutsideAddress.Answer answer = find(config);
      if (!answer.addresses().isEmpty()) {
        Map<InetAddress, String> known = byAddress(answer);
        known.forEach(
            (address, source) ->
                Events.info(
                    "external-address",
                    "address",
                    address.getHostAddress(),
                    "source",
                    source,
                    "disagreement",
                    String.join("; ", answer.disagreements())));
        return known;
      }
      asked = answer.asked();
      over.await(1, TimeUnit.SECONDS);
    }
    throw StartFailure.configuration(
        "external-ip=auto: nobody knows this host's address ("
            + SafeText.excerpt(String.join("; ", asked), 500)
            + "); give external-ip=ADDRESS");
  }

  /** What the cloud and STUN servers say now. */
  OutsideAddress.Answer find(Config config) {
    List<String> servers =
        config.all(StateSettings.DETECT_STUN_SERVER).stream()
            .filter(server -> !server.equals("none"))
            .toList();
    return OutsideAddress.find(metadata, servers);
  }

  private static Map<InetAddress, String> byAddress(OutsideAddress.Answer answer) {
    Map<InetAddress, String> known = new LinkedHashMap<>();
    answer.addresses().forEach(found -> known.put(found.address(), found.source()));
    return known;
  }

  private void look(Config config, StateDirectory state, Runnable onChange) {
    Map<InetAddress, String> last = remembered(state.directory());
    try {
      while (!over.await(AGAIN_SECONDS, TimeUnit.SECONDS)) {
        Map<InetAddress, String> now = byAddress(find(config));
        if (now.isEmpty() || now.keySet().equals(last.keySet())) {
          continue;
        }
        remember(now, state);
        Events.warn(
            "external-address-changed",
            "from",
            text(last),
            "to",
            text(now),
            "meaning",
            "new allocations have the new one; clients with older ones must allocate again");
        last = now;
        onChange.run();
      }
    } catch (InterruptedException | StartFailure stop) {
      // The process ends, or its state cannot be written, which others say.
    }
  }

  private static String text(Map<InetAddress, String> known) {
    return String.join(" ", known.keySet().stream().map(InetAddress::getHostAddress).toList());
  }

  private static void remember(Map<InetAddress, String> known, StateDirectory state)
      throws StartFailure {
    StringBuilder lines = new StringBuilder(boot()).append('\n');
    known.forEach(
        (address, source) ->
            lines.append(address.getHostAddress()).append(' ').append(source).append('\n'));
    state.note(FILE, lines.toString());
  }

  /** A machine that was started again, or copied, may have another address. */
  private static String boot() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException notLinux) {
      return "unknown";
    }
  }

  private static Map<InetAddress, String> remembered(Path directory) {
    Map<InetAddress, String> known = new LinkedHashMap<>();
    try {
      List<String> lines = Files.readAllLines(directory.resolve(FILE));
      if (!lines.isEmpty() && lines.getFirst().equals(boot())) {
        for (String line : lines.subList(1, lines.size())) {
          String[] words = line.split(" ", 2);
          known.put(InetAddress.ofLiteral(words[0]), words.length > 1 ? words[1] : "before");
        }
      }
      return known;
    } catch (IOException | IllegalArgumentException absentOrDamaged) {
      return Map.of();
    }
  }
}
