package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;
import puente.turn.Credentials;

/** XEP-0215 §2: what an XMPP server tells of TURN servers. */
final class ExternalServices {
  private ExternalServices() {}

  /** It is well-formed, and its credential is good at a server with that secret. */
  static void check(String text, String secret) {
    try {
      var services =
          DocumentBuilderFactory.newNSInstance()
              .newDocumentBuilder()
              .parse(new InputSource(new StringReader(text)))
              .getElementsByTagNameNS("urn:xmpp:extdisco:2", "service");
      assertEquals(4, services.getLength());
      Element turn = (Element) services.item(1);
      String username = turn.getAttribute("username");
      assertEquals(Credentials.ephemeralPassword(secret, username), turn.getAttribute("password"));
      long end = Instant.parse(turn.getAttribute("expires")).getEpochSecond();
      assertEquals(end + ":xep-0215", username);
    } catch (IOException | SAXException | ParserConfigurationException malformed) {
      throw new AssertionError(text, malformed);
    }
  }
}
