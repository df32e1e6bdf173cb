package puente.signal;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A WebSocket by hand, to do what libraries do not. */
final class RawSocket implements AutoCloseable {
  static final int TEXT = 0x81;
  static final int TEXT_PART = 0x01;
  static final int MORE_PART = 0x00;
  static final int BINARY = 0x82;
  static final int PING = 0x89;

  /** The connection ended without a close frame. */
  static final int ABORTED = 1006;

  private final Socket socket;
  final OutputStream out;
  final DataInputStream in;
  final String status;

  RawSocket(int port, String path, String... headers) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(15_000);
    socket.setReceiveBufferSize(8192);
    out = socket.getOutputStream();
    in = new DataInputStream(socket.getInputStream());
    StringBuilder request = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n");
    request.append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    request.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    out.write(request.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
    status = line();
    while (!line().isEmpty()) {}
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  RawSocket sends(int head, byte[] payload) throws IOException {
    out.write(frame(head, payload, true));
    return this;
  }

  RawSocket says(String text) throws IOException {
    return sends(TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] frame(int head, byte[] payload, boolean masked) throws IOException {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    int mask = masked ? 0x80 : 0;
    frame.write(head);
    if (payload.length < 126) {
      frame.write(mask | payload.length);
    } else if (payload.length < 0x1_0000) {
      frame.write(mask | 126);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
    } else {
      frame.write(mask | 127);
      for (int shift = 56; shift >= 0; shift -= 8) {
        frame.write((int) ((long) payload.length >> shift));
      }
    }
    if (masked) {
      frame.write(new byte[4]);
    }
    frame.write(payload);
    return frame.toByteArray();
  }

  /** The next text, or null at the end. */
  @org.jspecify.annotations.Nullable
  String hears() throws IOException {
    while (true) {
      int head = in.read();
      if (head < 0) {
        return null;
      }
      byte[] payload = payload();
      if (head == TEXT) {
        return new String(payload, StandardCharsets.UTF_8);
      }
      if ((head & 0xf) == 8) {
        return null;
      }
    }
  }

  /** Reads on until the server closes, and says with which code. */
  int closeCode() {
    try {
      while (true) {
        int head = in.read();
        if (head < 0) {
          return ABORTED;
        }
        byte[] payload = payload();
        if ((head & 0xf) == 8) {
          return payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        }
      }
    } catch (java.net.SocketTimeoutException still) {
      return 0;
    } catch (IOException reset) {
      return ABORTED;
    }
  }

  private byte[] payload() throws IOException {
    int length = in.read() & 0x7f;
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = (int) in.readLong();
    }
    byte[] payload = new byte[length];
    in.readFully(payload);
    return payload;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
