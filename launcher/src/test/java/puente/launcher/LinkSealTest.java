package puente.launcher;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LinkSealTest {
  private static final String SECRET = "a secret of a cluster";

  @Test
  void bothWaysGetThrough() throws GeneralSecurityException {
    Link link = Link.between(SECRET, SECRET);
    assertArrayEquals(text("ping"), Link.pass(link.caller, link.called, text("ping")));
    assertArrayEquals(text("pong"), Link.pass(link.called, link.caller, text("pong")));
  }

  @Test
  void longTextsGetThroughInParts() throws GeneralSecurityException {
    Link link = Link.between(SECRET, SECRET);
    byte[] longText = new byte[100_000];
    new Random(1).nextBytes(longText);
    assertArrayEquals(longText, Link.pass(link.caller, link.called, longText));
  }

  @Test
  void anotherSecretOpensNothing() throws GeneralSecurityException {
    Link link = Link.between(SECRET, "a secret of a cluster too");
    assertThrows(
        GeneralSecurityException.class,
        () -> Link.pass(link.caller, link.called, text("let me in")));
  }

  @Test
  void changedBytesDoNotOpen() throws GeneralSecurityException {
    Random random = new Random(2);
    for (int round = 0; round < 200; round++) {
      Link link = Link.between(SECRET, SECRET);
      ByteBuffer sealed = Link.sealed(link.caller, text("a record"));
      int at = 4 + random.nextInt(sealed.remaining() - 4);
      sealed.put(at, (byte) (sealed.get(at) ^ 1 << random.nextInt(8)));
      assertThrows(
          GeneralSecurityException.class,
          () -> link.called.open(sealed, ByteBuffer.allocate(LinkSeal.RECORD_TEXT_MAX)));
    }
  }

  @Test
  void aRecordOpensOnce() throws GeneralSecurityException {
    Link link = Link.between(SECRET, SECRET);
    ByteBuffer sealed = Link.sealed(link.caller, text("once"));
    ByteBuffer out = ByteBuffer.allocate(LinkSeal.RECORD_TEXT_MAX);
    assertTrue(link.called.open(sealed.duplicate(), out));
    assertThrows(
        GeneralSecurityException.class, () -> link.called.open(sealed.duplicate(), out.clear()));
  }

  @Test
  void aRecordDoesNotOpenWhereItCameFrom() throws GeneralSecurityException {
    Link link = Link.between(SECRET, SECRET);
    ByteBuffer sealed = Link.sealed(link.caller, text("mirror"));
    assertThrows(
        GeneralSecurityException.class,
        () -> link.caller.open(sealed, ByteBuffer.allocate(LinkSeal.RECORD_TEXT_MAX)));
  }

  @Test
  void ourOwnHelloIsNoPeer() throws GeneralSecurityException {
    LinkSeal caller = new LinkSeal(SECRET, LinkSeal.End.CALLER);
    assertThrows(GeneralSecurityException.class, () -> caller.accept(caller.hello()));
    assertThrows(
        GeneralSecurityException.class, () -> caller.accept(new byte[LinkSeal.HELLO_BYTES]));
  }

  @Test
  void partOfARecordWaits() throws GeneralSecurityException {
    Link link = Link.between(SECRET, SECRET);
    ByteBuffer sealed = Link.sealed(link.caller, text("whole"));
    ByteBuffer out = ByteBuffer.allocate(LinkSeal.RECORD_TEXT_MAX);
    for (int length = 0; length < sealed.limit(); length++) {
      ByteBuffer part = sealed.slice(0, length);
      assertFalse(link.called.open(part, out));
      assertEquals(0, part.position());
    }
    assertTrue(link.called.open(sealed, out));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private record Link(LinkSeal caller, LinkSeal called) {
    static Link between(String callersSecret, String calledsSecret)
        throws GeneralSecurityException {
      LinkSeal caller = new LinkSeal(callersSecret, LinkSeal.End.CALLER);
      LinkSeal called = new LinkSeal(calledsSecret, LinkSeal.End.CALLED);
      caller.accept(called.hello());
      called.accept(caller.hello());
      return new Link(caller, called);
    }

    static ByteBuffer sealed(LinkSeal from, byte[] text) throws GeneralSecurityException {
      ByteBuffer out = ByteBuffer.allocate(text.length * 2 + 100);
      from.seal(ByteBuffer.wrap(text), out);
      return out.flip();
    }

    static byte[] pass(LinkSeal from, LinkSeal to, byte[] text) throws GeneralSecurityException {
      ByteBuffer in = sealed(from, text);
      ByteBuffer out = ByteBuffer.allocate(text.length + LinkSeal.RECORD_TEXT_MAX);
      while (in.hasRemaining()) {
        assertTrue(to.open(in, out));
      }
      byte[] got = new byte[out.flip().remaining()];
      out.get(got);
      return got;
    }
  }
}
