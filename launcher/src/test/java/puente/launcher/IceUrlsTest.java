package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import puente.stun.Family;

/** Where clients of each address family are sent (RFC 7064, RFC 7065). */
class IceUrlsTest {
  @Test
  void eachFamilyIsSentToItsOwnAddressAndHearsOfTheOtherByStun() throws StartFailure {
    IceUrls four = urls(Family.IPV4, "203.0.113.5", "2001:db8::5");
    IceUrls six = urls(Family.IPV6, "203.0.113.5", "2001:db8::5");
    assertEquals(List.of("stun:203.0.113.5:3478", "stun:[2001:db8::5]:3478"), four.stun());
    assertEquals(List.of("stun:[2001:db8::5]:3478", "stun:203.0.113.5:3478"), six.stun());
    assertEquals("turn:203.0.113.5:3478?transport=udp", four.turn().getFirst());
    assertEquals("turn:[2001:db8::5]:3478?transport=udp", six.turn().getFirst());
  }

  @Test
  void whoComesByAFamilyThatIsNotServedIsSentToTheOther() throws StartFailure {
    IceUrls six = urls(Family.IPV6, "203.0.113.5");
    assertEquals(List.of("stun:203.0.113.5:3478"), six.stun());
  }

  /** RFC 4193: nobody elsewhere reaches it. */
  @Test
  void anAddressOfThisNetworkAloneIsNotToldToOthers() throws StartFailure {
    assertEquals(
        List.of("stun:203.0.113.5:3478"), urls(Family.IPV4, "203.0.113.5", "fd00::5").stun());
    assertEquals(
        "turn:[fd00::5]:3478?transport=udp",
        urls(Family.IPV6, "203.0.113.5", "fd00::5").turn().getFirst());
  }

  private static IceUrls urls(Family family, String... outside) throws StartFailure {
    List<ConfigLoader.Flag> flags = new ArrayList<>();
    flags.add(new ConfigLoader.Flag("listening-ip", "127.0.0.1"));
    for (String address : outside) {
      flags.add(new ConfigLoader.Flag("external-ip", address));
    }
    Config config =
        ConfigLoader.load(
            new ConfigLoader.Sources(Optional.empty(), false, Map.of(), flags, Path.of("")));
    return IceUrls.towards(family, config, List.of());
  }
}
