package puente.stun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The enums and the IANA registries say the same, in both directions. */
class RegistryTest {

  /** One code point, a name without quotes, references. Ranges are unassigned or reserved. */
  private static final Pattern ROW = Pattern.compile("(?m)^(0x[0-9A-F]+|\\d+),([^\",]*),(.*)$");

  private static final Pattern FORMER = Pattern.compile("Reserved; was (\\S+) prior to .*");

  /** Of drafts that never became an RFC: the registry must not give their numbers to others. */
  private static final Set<AttributeType> DRAFTED = Set.of(AttributeType.ORIGIN);

  /** Registered by our RFCs or near them, and left out for a reason. */
  private static final Map<String, String> LEFT_OUT =
      Map.ofEntries(
          Map.entry("PASSWORD", "RFC 3489 shared secrets, gone since RFC 5389"),
          Map.entry("REFLECTED-FROM", "answers RESPONSE-ADDRESS, which is refused"),
          Map.entry("CACHE-TIMEOUT", "RFC 5780 registers it and defines no use"),
          Map.entry("TRANSACTION_TRANSMIT_COUNTER", "RFC 7982 is not spoken; optional"),
          Map.entry("ECN-CHECK STUN", "RFC 6679 belongs to RTP sessions"),
          Map.entry("Role Conflict", "ICE agents send it, servers do not (RFC 8445 §7.3.1.1)"));

  /** RFC 8489 §18.2, RFC 8656 §17, RFC 6062 §6.1: the methods of the registry. */
  @Test
  void methods() {
    Map<Integer, String> registry = registry("stun-parameters-2.csv");
    for (Method method : Method.values()) {
      assertEquals(method.registeredName(), registry.get(method.code()));
      assertSame(method, Method.of(method.code()));
    }
    assertEquals(
        Arrays.stream(Method.values()).map(Method::registeredName).collect(Collectors.toSet()),
        assigned(registry));
    assertNull(Method.of(0));
    assertNull(Method.of(0x100));
  }

  /** RFC 8489 §18.3, RFC 8656 §17, RFC 5780 §9.1: the attributes of the registry. */
  @Test
  void attributes() {
    Map<Integer, String> registry = registry("stun-parameters-4.csv");
    Set<String> known = new TreeSet<>();
    for (AttributeType type : AttributeType.values()) {
      Matcher former = FORMER.matcher(String.valueOf(registry.get(type.code())));
      String name = former.matches() ? former.group(1) : registry.get(type.code());
      assertEquals(DRAFTED.contains(type) ? "Unassigned" : type.registeredName(), name);
      assertSame(type, AttributeType.of(type.code()));
      known.add(type.registeredName());
    }
    for (Map.Entry<Integer, String> row : registry.entrySet()) {
      Matcher former = FORMER.matcher(row.getValue());
      String name = former.matches() ? former.group(1) : row.getValue();
      boolean vendor = row.getKey() >= 0xc000;
      boolean reserved = name.startsWith("Reserved") || name.equals("Unassigned");
      if (!vendor && !reserved) {
        assertTrue(known.contains(name) != LEFT_OUT.containsKey(name), name);
      }
    }
  }

  /** RFC 8489 §18.3: every other code point is no attribute of ours. */
  @Test
  void noOtherCodePoints() {
    Set<Integer> codes =
        Arrays.stream(AttributeType.values()).map(AttributeType::code).collect(Collectors.toSet());
    for (int code = 0; code <= 0xffff; code++) {
      assertEquals(codes.contains(code), AttributeType.of(code) != null);
    }
  }

  /** RFC 8489 §14.8 and RFC 8656 §19: the error codes of the registry. */
  @Test
  void errorCodes() {
    Map<Integer, String> registry = registry("stun-parameters-6.csv");
    Set<String> known = new TreeSet<>();
    for (ErrorCode error : ErrorCode.values()) {
      assertEquals(error.reason(), registry.get(error.code()));
      known.add(error.reason());
    }
    for (String name : assigned(registry)) {
      assertTrue(known.contains(name) != LEFT_OUT.containsKey(name), name);
    }
  }

  /** RFC 8489 §5, figure 3: class and method bits interleave, and come apart again. */
  @Test
  void messageTypes() {
    assertEquals(0x0001, MessageClass.REQUEST.typeOf(1));
    assertEquals(0x0011, MessageClass.INDICATION.typeOf(1));
    assertEquals(0x0101, MessageClass.SUCCESS.typeOf(1));
    assertEquals(0x0111, MessageClass.ERROR.typeOf(1));
    assertEquals(0x0117, MessageClass.ERROR.typeOf(7));
    for (int type = 0; type < 0x4000; type++) {
      assertEquals(type, MessageClass.ofType(type).typeOf(MessageClass.methodOfType(type)));
    }
  }

  /** RFC 8489 §18.5: the password algorithms. */
  @Test
  void passwordAlgorithms() {
    for (PasswordAlgorithm algorithm : PasswordAlgorithm.values()) {
      assertSame(algorithm, PasswordAlgorithm.of(algorithm.code()));
    }
    assertEquals(1, PasswordAlgorithm.MD5.code());
    assertEquals(2, PasswordAlgorithm.SHA_256.code());
    assertNull(PasswordAlgorithm.of(0));
    assertNull(PasswordAlgorithm.of(3));
  }

  private static Set<String> assigned(Map<Integer, String> registry) {
    return registry.values().stream()
        .filter(name -> !name.startsWith("Reserved") && !name.equals("Unassigned"))
        .collect(Collectors.toSet());
  }

  private static Map<Integer, String> registry(String file) {
    Map<Integer, String> names = new TreeMap<>();
    Matcher rows = ROW.matcher(Hex.text(file));
    while (rows.find()) {
      names.put(Integer.decode(rows.group(1)), rows.group(2));
    }
    assertFalse(names.isEmpty());
    assertNotNull(names);
    return names;
  }
}
