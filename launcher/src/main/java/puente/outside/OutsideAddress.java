package puente.outside;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Asks everybody at once who may know this host's address, and believes the nearest that does. */
public final class OutsideAddress {
  /** Where the clouds answer: a link-local address that routes to nobody else. */
  public static final String METADATA = "http://169.254.169.254";

  private static final Duration EACH = Duration.ofSeconds(1);
  private static final Duration ALL = Duration.ofSeconds(2);

  /**
   * An address, and who said so.
   *
   * @param source such as {@code aws-imdsv2} or {@code stun stun.example.org}
   */
  public record Found(InetAddress address, String source) {}

  /**
   * What was found out.
   *
   * @param addresses at most one of each family
   * @param disagreements in words, for the log
   * @param asked every source with what it said
   */
  public record Answer(List<Found> addresses, List<String> disagreements, List<String> asked) {}

  private OutsideAddress() {}

  /**
   * Asks; takes two seconds at most. A cloud goes before STUN, which sees the last NAT only.
   *
   * @param metadata {@link #METADATA}, or an imitation of it
   * @param stunServers in order of preference; none asks nobody outside
   */
  public static Answer find(String metadata, List<String> stunServers) {
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(EACH)
            .followRedirects(HttpClient.Redirect.NEVER)
            .proxy(HttpClient.Builder.NO_PROXY)
            .build()) {
      List<Source> sources = new ArrayList<>(Source.clouds(new Metadata(client, metadata, EACH)));
      stunServers.forEach(server -> sources.add(new StunSource(server, EACH)));
      Answer answer = ask(sources);
      client.shutdownNow();
      return answer;
    }
  }

  private static Answer ask(List<Source> sources) {
    List<Found> found = new ArrayList<>();
    List<String> asked = new ArrayList<>();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      List<Future<List<InetAddress>>> answers =
          threads.invokeAll(
              sources.stream().map(OutsideAddress::question).toList(),
              ALL.toMillis(),
              TimeUnit.MILLISECONDS);
      for (int i = 0; i < sources.size(); i++) {
        String name = sources.get(i).name();
        Optional<List<InetAddress>> said = said(answers.get(i), name, asked);
        said.ifPresent(list -> list.forEach(ip -> found.add(new Found(ip, name))));
      }
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
    } finally {
      threads.shutdownNow();
    }
    return decide(found, asked);
  }

  private static Callable<List<InetAddress>> question(Source source) {
    return source::ask;
  }

  private static Optional<List<InetAddress>> said(
      Future<List<InetAddress>> answer, String name, List<String> asked)
      throws InterruptedException {
    try {
      List<InetAddress> addresses = answer.get();
      asked.add(name + ": " + (addresses.isEmpty() ? "knows none" : text(addresses)));
      return Optional.of(addresses);
    } catch (CancellationException late) {
      asked.add(name + ": no answer");
    } catch (ExecutionException failure) {
      Throwable cause = failure.getCause();
      String why = cause == null ? null : cause.getMessage();
      asked.add(name + ": " + (why == null ? "no answer" : why));
    }
    return Optional.empty();
  }

  private static String text(List<InetAddress> addresses) {
    return String.join(" ", addresses.stream().map(InetAddress::getHostAddress).toList());
  }

  private static Answer decide(List<Found> found, List<String> asked) {
    List<Found> chosen = new ArrayList<>();
    List<String> disagreements = new ArrayList<>();
    for (boolean ipv4 : new boolean[] {true, false}) {
      List<Found> family =
          found.stream().filter(one -> one.address() instanceof Inet4Address == ipv4).toList();
      if (family.isEmpty()) {
        continue;
      }
      Found first = family.getFirst();
      chosen.add(first);
      family.stream()
          .filter(other -> !other.address().equals(first.address()))
          .map(other -> other.source() + " says " + other.address().getHostAddress())
          .forEach(disagreements::add);
    }
    return new Answer(List.copyOf(chosen), List.copyOf(disagreements), List.copyOf(asked));
  }
}
