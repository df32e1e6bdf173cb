package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Escaping, JSON and suggestions. */
class TextTest {
  @Test
  void escapesWhatCouldDeceive() {
    assertEquals("a\\u000d\\u000ab", SafeText.escape("a\r\nb"));
    assertEquals("\\u001b[2J\\u0000\\u007f\\u0085", SafeText.escape("\u001b[2J\u0000\u007f\u0085"));
    assertEquals(
        "\\u2028\\u202e\\u2066\\u200b\\ufeff", SafeText.escape("\u2028\u202e\u2066\u200b\ufeff"));
    assertEquals("\\ud800x", SafeText.escape("\ud800x"));
    assertEquals("a\u00f1o \ud83c\udf09", SafeText.escape("a\u00f1o \ud83c\udf09"));
    assertEquals("abc...", SafeText.excerpt("abcdef", 3));
  }

  @Test
  void json() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("a\"b", List.of(1, true, "x\n\u2028\\"));
    map.put("empty", Map.of());
    map.put("lone", "\udc00\ud83c\udf09");
    assertEquals(
        "{\"a\\\"b\":[1,true,\"x\\n\\u2028\\\\\"],\"empty\":{},\"lone\":\"\\udc00\ud83c\udf09\"}",
        Json.line(map));
    assertEquals("[\n  1,\n  null\n]", Json.pretty(Arrays.asList(1, null)));
  }

  @ParameterizedTest
  @CsvSource({
    "listening-prot, listening-port",
    "listeningport, listening-port",
    "denied-peer-ips, denied-peer-ip",
    "denied_peer_ip, denied-peer-ip",
    "static-auth-secrt, static-auth-secret",
    "relm, realm",
    "Realm, realm",
    "use-auth-secrets, use-auth-secret",
  })
  void didYouMean(String typed, String meant) {
    assertEquals(Optional.of(meant), Suggestion.nearest(typed, UnknownWord.names()));
  }

  @Test
  void noFarFetchedSuggestions() {
    assertEquals(Optional.empty(), Suggestion.nearest("qwertyuiop", UnknownWord.names()));
    assertEquals(Optional.empty(), Suggestion.nearest("x".repeat(100_000), UnknownWord.names()));
  }
}
