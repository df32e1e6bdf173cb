package puente.chaos;

import java.util.List;

/** What any laboratory of network namespaces asks of its machine. */
public final class Laboratory {
  private Laboratory() {}

  /** What this machine lacks; empty if nothing. */
  public static List<String> missing() {
    return Lab.missing();
  }
}
