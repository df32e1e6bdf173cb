package puente.story;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The checks that a request goes through, in their order, and by which words each says no. */
public enum Check {
  ADDRESS("The address is not banned", "", Set.of(), "the address is banned"),
  RATE("Few unproven requests from its network", "", Set.of(), "too many unproven"),
  INTEGRITY("It proves who it is", "RFC 8489 §9.2.4", Set.of(), "no message-integrity"),
  COMPLETE(
      "The proof is whole",
      "RFC 8489 §9.2.4",
      Set.of(),
      "message-integrity without",
      "password-algorithms is not"),
  REALM("The realm is this server's", "RFC 8489 §9.2.4", Set.of(), "another realm"),
  USER("The user is known", "RFC 8489 §9.2.4", Set.of(), "no such user"),
  PASSWORD("The password is right", "RFC 8489 §9.2.4", Set.of(), "wrong password"),
  EXPIRY("The credential has not expired", "", Set.of(), "the credential has expired"),
  NONCE("The nonce is fresh", "RFC 8489 §9.2.4", Set.of(), "stale nonce"),
  USER_BAN("The user is not banned", "", Set.of(), "the user is banned"),
  ATTRIBUTES("All attributes are known", "RFC 8489 §6.3.1", Set.of(), "unknown attributes"),
  ALLOCATION(
      "There is an allocation",
      "RFC 8656 §5",
      Set.of("refresh", "create-permission", "channel-bind"),
      "no allocation"),
  OWNER(
      "The allocation is this user's",
      "RFC 8656 §5",
      Set.of("refresh", "create-permission", "channel-bind"),
      "the allocation is another user's"),
  FREE_TUPLE(
      "The five-tuple has none yet",
      "RFC 8656 §7.2",
      Set.of("allocate"),
      "the five-tuple has an allocation"),
  SHAPE(
      "The request is well formed",
      "",
      Set.of("allocate", "refresh", "create-permission", "channel-bind"),
      "requested-transport",
      "an attribute of the wrong length",
      "reservation-token beside",
      "both kinds of",
      "even-port with",
      "additional-address-family",
      "xor-peer-address is",
      "channel-number is",
      "transport"),
  CHANNEL(
      "Channel and peer are free",
      "RFC 8656 §12.2",
      Set.of("channel-bind"),
      "the channel or the peer"),
  FAMILY(
      "There is a relayed address of the family",
      "RFC 8656 §7.2",
      Set.of("allocate", "refresh", "create-permission", "channel-bind"),
      "family",
      "no relayed address"),
  PEER(
      "A rule allows the peer",
      "RFC 8656 §10.2",
      Set.of("create-permission", "channel-bind"),
      "peer denied"),
  ROOM(
      "There is room for one more peer",
      "",
      Set.of("create-permission", "channel-bind"),
      "too many permissions"),
  PORT(
      "A relay port is free",
      "RFC 8656 §7.2",
      Set.of("allocate"),
      "no relay port",
      "no such reservation"),
  QUOTA("No quota is reached", "RFC 8656 §7.2", Set.of("allocate"), "quota"),
  HERE(
      "The node takes new allocations",
      "RFC 8656 §7.2",
      Set.of("allocate"),
      "draining",
      "redirected");

  /** What became of one check. */
  public enum Result {
    PASSED,
    DECIDED,
    NOT_REACHED
  }

  /** One line of a decision. */
  public record Line(Check check, Result result) {}

  private final String title;
  private final String clause;
  private final Set<String> methods;
  private final List<String> words;

  Check(String title, String clause, Set<String> methods, String... words) {
    this.title = title;
    this.clause = clause;
    this.methods = methods;
    this.words = List.of(words);
  }

  public String title() {
    return title;
  }

  /** Empty where it is this server's own. */
  public String clause() {
    return clause;
  }

  /** What would change its mind; empty where nothing simple would. */
  public String advice() {
    return switch (this) {
      case ADDRESS, USER_BAN -> "Lift the ban, or wait until it ends.";
      case RATE -> "unauthorized-ratelimit bounds answers to unproven requests of one network.";
      case INTEGRITY -> "Every client gets this first, and then comes back with its credential.";
      case USER -> "The username is none of user=, and its password none by static-auth-secret.";
      case PASSWORD ->
          "The password does not fit: the secret may have been rotated, or another server's.";
      case EXPIRY -> "The client needs a new credential: ask its application for a fresh one.";
      case NONCE -> "Clients repeat the request with the new nonce by themselves.";
      case PEER ->
          "allowed-peer-ip would allow it; private addresses are denied unless named there.";
      case QUOTA -> "user-quota, total-quota and their like set it.";
      case PORT -> "min-port and max-port set the range; another node would add as many.";
      case ROOM -> "max-permissions and max-channels of one allocation set it.";
      case HERE -> "The node drains: clients find another by themselves.";
      case COMPLETE, REALM, ATTRIBUTES, ALLOCATION, OWNER, FREE_TUPLE, SHAPE, CHANNEL, FAMILY -> "";
    };
  }

  /** All checks of this request in their order; empty if none of them decided. */
  public static List<Line> of(String method, String why) {
    String said = why.toLowerCase(Locale.ROOT);
    List<Line> lines = new ArrayList<>();
    boolean decided = false;
    for (Check check : values()) {
      if (check.methods.isEmpty() || check.methods.contains(method)) {
        boolean decides =
            !decided && check.words.stream().anyMatch(said::startsWith)
                || !decided && check == QUOTA && said.contains("quota reached");
        lines.add(
            new Line(
                check, decided ? Result.NOT_REACHED : decides ? Result.DECIDED : Result.PASSED));
        decided |= decides;
      }
    }
    return decided ? lines : List.of();
  }
}
