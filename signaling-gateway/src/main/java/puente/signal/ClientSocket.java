package puente.signal;

import io.netty.handler.codec.http.websocketx.CorruptedWebSocketFrameException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * One WebSocket (RFC 6455) with bounds both ways: what comes in is limited in size and rate, what
 * goes out waits in a bounded queue, and a reader too slow for it is closed. Used on one loop only.
 */
public final class ClientSocket {
  /** RFC 6455 §7.4.1 and, from 4000, our own. */
  static final int NORMAL = 1000;

  static final int GOING_AWAY = 1001;
  static final int NOT_ACCEPTABLE = 1003;
  static final int NOT_UTF_8 = 1007;
  static final int TOO_BIG = 1009;
  static final int SERVICE_RESTART = 1012;
  static final int TRY_AGAIN = 1013;
  static final int HEARTBEAT_TIMEOUT = 4008;
  static final int RATE_LIMITED = 4029;

  /** Pieces of one message: browsers send one, others a few. */
  private static final int FRAGMENTS_MAX = 64;

  /** Control frames a second, and a burst: a client pings now and then. */
  private static final int CONTROLS_PER_SECOND = 5;

  private static final int CONTROLS_BURST = 50;

  /** Messages beyond the rate that are left for the listener to answer before the end. */
  private static final int REASON_LENGTH_MAX = 120;

  private static final Runnable NOTHING = () -> {};

  private static final Buffer PING = Buffer.buffer("p");

  /** What becomes of a connection. */
  public interface Listener {
    void onText(String text, long nowMs);

    /** Once, whoever closed it; nothing comes after it. */
    void onClosed(int code);
  }

  private final ServerWebSocket socket;
  private final SocketRoute.Limits limits;
  private final GatewayCounters counters;
  private final TokenBucket messages;
  private final TokenBucket controls;
  private final String source;
  private final Family family;
  private @Nullable Listener listener;
  private @Nullable Buffer partial;
  private int fragments;
  private int queuedBytes;
  private long heardMs;
  private long pingedMs;
  private int closeCode;
  private boolean isClosed;

  ClientSocket(
      ServerWebSocket socket,
      SocketRoute.Limits limits,
      GatewayCounters counters,
      Request handshake) {
    long nowMs = handshake.nowMs();
    this.socket = socket;
    this.limits = limits;
    this.counters = counters;
    source = handshake.source();
    family = handshake.family();
    messages = new TokenBucket(limits.messagesPerSecond(), limits.messagesBurst(), nowMs);
    controls = new TokenBucket(CONTROLS_PER_SECOND, CONTROLS_BURST, nowMs);
    heardMs = nowMs;
    pingedMs = nowMs;
    socket.setWriteQueueMaxSize(limits.queueBytesMax());
  }

  public void listen(Listener to) {
    listener = to;
  }

  /** The same for all connections that are limited together. */
  public String source() {
    return source;
  }

  /** What the client reaches us by. */
  Family family() {
    return family;
  }

  public boolean isOpen() {
    return !isClosed && closeCode == 0;
  }

  int queuedBytes() {
    return queuedBytes;
  }

  /** Sends a message, or closes the connection if too much waits already. */
  public void send(String text) {
    send(text, NOTHING);
  }

  /** The same, and says when the message has left this process. */
  void send(String text, Runnable left) {
    if (!isOpen()) {
      return;
    }
    // At most three bytes for a char; exact enough for a bound.
    int bytes = text.length();
    if (queuedBytes > 0 && queuedBytes + bytes > limits.queueBytesMax()) {
      counters.slowReader();
      close(TRY_AGAIN, "too slow");
      return;
    }
    queuedBytes += bytes;
    socket
        .writeFinalTextFrame(text)
        .onComplete(
            written -> {
              queuedBytes -= bytes;
              if (written.succeeded()) {
                left.run();
              }
            });
  }

  /** Says why and hangs up; what waits to be sent goes first. */
  public void close(int code, String reason) {
    if (!isOpen()) {
      return;
    }
    closeCode = code;
    counters.closed(code);
    String shown =
        reason.length() > REASON_LENGTH_MAX ? reason.substring(0, REASON_LENGTH_MAX) : reason;
    socket.close((short) code, shown);
  }

  void onFrame(WebSocketFrame frame, long nowMs) {
    heardMs = nowMs;
    if (!isOpen()) {
      return;
    }
    if (frame.isText() || frame.isBinary() || frame.isContinuation()) {
      onData(frame, nowMs);
    } else if (!frame.isClose() && (!controls.take(nowMs) || socket.writeQueueFull())) {
      // A pong of ours goes out for each ping: whoever does not read them must not have many.
      close(RATE_LIMITED, "too many pings");
    }
  }

  private void onData(WebSocketFrame frame, long nowMs) {
    if (frame.isBinary()) {
      close(NOT_ACCEPTABLE, "text only");
      return;
    }
    Buffer piece = frame.binaryData();
    Buffer whole = partial == null ? piece : partial;
    if (whole != piece) {
      whole.appendBuffer(piece);
    }
    if (whole.length() > limits.messageBytesMax() || ++fragments > FRAGMENTS_MAX) {
      partial = null;
      close(TOO_BIG, "at most " + limits.messageBytesMax() + " bytes");
      return;
    }
    if (!frame.isFinal()) {
      partial = whole == piece ? piece.copy() : whole;
      return;
    }
    partial = null;
    fragments = 0;
    onMessage(whole, nowMs);
  }

  private void onMessage(Buffer message, long nowMs) {
    if (!messages.take(nowMs)) {
      close(RATE_LIMITED, "at most " + limits.messagesPerSecond() + " messages a second");
      return;
    }
    Listener to = listener;
    String text = decode(message);
    if (text == null) {
      close(NOT_UTF_8, "not UTF-8");
    } else if (to != null) {
      to.onText(text, nowMs);
    }
  }

  private static @Nullable String decode(Buffer message) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(message.getBytes()))
          .toString();
    } catch (CharacterCodingException malformed) {
      return null;
    }
  }

  /** What is not WebSocket (RFC 6455 §5) has codes of its own; a broken connection has none. */
  void onBroken(Throwable cause) {
    if (cause instanceof CorruptedWebSocketFrameException violation) {
      close(violation.closeStatus().code(), "not WebSocket");
    }
  }

  void onClosed() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    Short status = socket.closeStatusCode();
    Listener to = listener;
    if (to != null) {
      to.onClosed(closeCode != 0 ? closeCode : status == null ? 1006 : status);
    }
  }

  /** Comes round every few seconds. */
  void onTime(long nowMs) {
    if (nowMs - heardMs > 2 * limits.heartbeatMs()) {
      close(HEARTBEAT_TIMEOUT, "no sign of life");
    } else if (isOpen() && nowMs - pingedMs >= limits.heartbeatMs()) {
      pingedMs = nowMs;
      socket.writePing(PING);
    }
  }
}
