package puente.peer;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.TransportAddress;

/**
 * Whether the other end of a TCP connection is the peer whom signaling described: a Binding request
 * with USE-CANDIDATE under its password (RFC 8445 §7.2, RFC 6544 §7), and the answer.
 */
final class TcpCheck {
  private static final int MESSAGE_MAX = 548;
  private static final int WAIT_MS = 3_000;

  private final String ownName;
  private final String ownPassword;
  private final String theirName;
  private final String theirPassword;

  TcpCheck(String ownName, String ownPassword, String theirName, String theirPassword) {
    this.ownName = ownName;
    this.ownPassword = ownPassword;
    this.theirName = theirName;
    this.theirPassword = theirPassword;
  }

  /** Where a STUN server sees this connection come from; no framing (RFC 8489 §6.2.2). */
  static InetSocketAddress reflexive(Socket toServer) throws IOException {
    byte[] transaction = transaction();
    send(
        toServer.getOutputStream(),
        new MessageBuilder().message(MessageClass.REQUEST, Method.BINDING, transaction),
        false);
    DataInputStream in = new DataInputStream(toServer.getInputStream());
    byte[] head = in.readNBytes(Message.HEADER_LENGTH);
    int rest = ByteBuffer.wrap(head).getShort(2);
    if (head.length < Message.HEADER_LENGTH || rest < 0 || rest > MESSAGE_MAX) {
      throw new IOException("no answer of a STUN server");
    }
    Message answer = parse(ByteBuffer.allocate(head.length + rest).put(head), in);
    int at = answer.find(AttributeType.XOR_MAPPED_ADDRESS);
    TransportAddress seen = at < 0 ? null : answer.xorAddressAt(at);
    if (seen == null || !answer.hasTransactionId(transaction)) {
      throw new IOException("the server did not say how it sees us");
    }
    return new InetSocketAddress(InetAddress.getByName(seen.ip()), seen.port());
  }

  /** The offerer's part; true if the peer answered. */
  boolean ask(Socket socket) throws IOException {
    socket.setSoTimeout(WAIT_MS);
    byte[] transaction = transaction();
    String user = theirName + ":" + ownName;
    MessageBuilder request =
        new MessageBuilder()
            .message(MessageClass.REQUEST, Method.BINDING, transaction)
            .bytes(AttributeType.USERNAME, user.getBytes(StandardCharsets.UTF_8))
            .flag(AttributeType.USE_CANDIDATE);
    send(socket.getOutputStream(), request.integrity(mac(theirPassword)), true);
    Message answer = receive(socket);
    return answer.messageClass() == MessageClass.SUCCESS
        && answer.hasTransactionId(transaction)
        && isSealedBy(answer, theirPassword);
  }

  /** The other's part; true if it was asked by the peer. */
  boolean answer(Socket socket) throws IOException {
    socket.setSoTimeout(WAIT_MS);
    Message request = receive(socket);
    int user = request.find(AttributeType.USERNAME);
    boolean isPeer =
        request.messageClass() == MessageClass.REQUEST
            && request.has(AttributeType.USE_CANDIDATE)
            && user >= 0
            && request.textAt(user).equals(ownName + ":" + theirName)
            && isSealedBy(request, ownPassword);
    if (!isPeer) {
      return false;
    }
    MessageBuilder answer = new MessageBuilder().answer(MessageClass.SUCCESS, request);
    send(socket.getOutputStream(), answer.integrity(mac(ownPassword)), true);
    return true;
  }

  private static Message receive(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    int length = in.readUnsignedShort();
    if (length < Message.HEADER_LENGTH || length > MESSAGE_MAX) {
      throw new IOException("no check");
    }
    return parse(ByteBuffer.allocate(length), in);
  }

  private static Message parse(ByteBuffer into, DataInputStream in) throws IOException {
    in.readFully(into.array(), into.position(), into.remaining());
    Message message = new Message();
    if (message.parse(into.array(), into.capacity()) != Message.Shape.WELL_FORMED) {
      throw new IOException("no STUN message");
    }
    return message;
  }

  private static void send(OutputStream out, MessageBuilder message, boolean isFramed)
      throws IOException {
    int length = message.length();
    byte[] bytes = Arrays.copyOf(message.bytes(), length);
    out.write(
        isFramed
            ? ByteBuffer.allocate(2 + length).putShort((short) length).put(bytes).array()
            : bytes);
    out.flush();
  }

  private static boolean isSealedBy(Message message, String password) {
    return new Integrity().verify(message, IntegrityKey.shortTerm(password));
  }

  private static Mac mac(String password) {
    try {
      Mac mac = Mac.getInstance("HmacSHA1");
      mac.init(new SecretKeySpec(password.getBytes(StandardCharsets.UTF_8), "HMAC"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] transaction() {
    byte[] random = new byte[Message.TRANSACTION_ID_LENGTH];
    new SecureRandom().nextBytes(random);
    return random;
  }
}
