package puente.peer;

import java.util.Locale;

/** How a path to another peer is sought. */
enum Way {
  /** By ICE, but at least one end is a relay's. */
  RELAY,
  /** By ICE, and no relay. */
  UDP,
  /** By TCP, both sides opening at once. */
  TCP;

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Way of(String word) {
    return switch (word) {
      case "relay" -> RELAY;
      case "tcp" -> TCP;
      default -> UDP;
    };
  }

  boolean isDirect() {
    return this != RELAY;
  }
}
