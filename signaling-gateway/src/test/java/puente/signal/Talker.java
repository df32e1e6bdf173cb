package puente.signal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A WebSocket client of the JDK that remembers what it hears. */
final class Talker implements WebSocket.Listener, AutoCloseable {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final long LIMIT_SECONDS = 10;

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final StringBuilder partial = new StringBuilder();
  private final WebSocket socket;

  private Talker(int port, String path, String... origin) {
    var builder = CLIENT.newWebSocketBuilder();
    if (origin.length > 0) {
      builder.header("Origin", origin[0]);
    }
    socket = builder.buildAsync(URI.create("ws://127.0.0.1:" + port + path), this).join();
  }

  static Talker to(int port, String path, String... origin) {
    return new Talker(port, path, origin);
  }

  void says(String text) {
    socket.sendText(text, true).join();
  }

  void saysBytes(byte[] bytes) {
    socket.sendBinary(java.nio.ByteBuffer.wrap(bytes), true).join();
  }

  void hears(String expected) {
    assertEquals(expected, next());
  }

  String next() {
    try {
      String text = heard.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      assertNotNull(text, "nothing came");
      return text;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
    partial.append(data);
    if (last) {
      heard.add(partial.toString());
      partial.setLength(0);
    }
    return WebSocket.Listener.super.onText(from, data, last);
  }

  @Override
  public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    heard.add("closed " + code);
    return WebSocket.Listener.super.onClose(from, code, reason);
  }

  @Override
  public void onError(WebSocket from, Throwable error) {
    heard.add("broken");
  }

  @Override
  public void close() {
    socket.abort();
  }
}
