package puente.doctor;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Locale;
import puente.doctor.Finding.Part;

/** Compares this host's clock with that of a time server (RFC 5905, as a client of SNTP). */
public final class ClockCheck {
  private static final int BYTES = 48;

  /** Version 4, mode 3: a client. */
  private static final byte CLIENT = 0x23;

  private static final int MODE_SERVER = 4;
  private static final int RECEIVED_AT = 32;
  private static final int SENT_AT = 40;

  /** From 1900, where NTP begins, to 1970. */
  private static final long EPOCH_SECONDS = 2_208_988_800L;

  private static final double GOOD_SECONDS = 1;

  /** Credentials of the REST kind live for minutes to hours. */
  private static final double BAD_SECONDS = 30;

  private final InetSocketAddress server;
  private final Clock clock;
  private final int patienceMs;

  public ClockCheck(InetSocketAddress server, Clock clock, int patienceMs) {
    this.server = server;
    this.clock = clock;
    this.patienceMs = patienceMs;
  }

  public Finding finding() {
    if (server.isUnresolved()) {
      return Finding.skipped(
          Part.HOST, "clock", server.getHostString() + " has no address here; give --ntp");
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(patienceMs);
      socket.connect(server);
      byte[] request = new byte[BYTES];
      request[0] = CLIENT;
      long before = clock.millis();
      long start = System.nanoTime();
      socket.send(new DatagramPacket(request, BYTES));
      DatagramPacket answer = new DatagramPacket(new byte[BYTES], BYTES);
      socket.receive(answer);
      double trip = (System.nanoTime() - start) / 1e9;
      ByteBuffer told = ByteBuffer.wrap(answer.getData(), 0, answer.getLength());
      if (answer.getLength() < BYTES || (told.get(0) & 7) != MODE_SERVER || told.get(1) == 0) {
        return Finding.skipped(Part.HOST, "clock", "what answers is no time server in order");
      }
      double here = before / 1e3 + trip / 2;
      double there = (seconds(told, RECEIVED_AT) + seconds(told, SENT_AT)) / 2;
      return judged(here - there);
    } catch (IOException silent) {
      return Finding.skipped(
          Part.HOST,
          "clock",
          "no answer from " + server.getHostString() + ": cannot be compared; give --ntp");
    }
  }

  private static double seconds(ByteBuffer told, int at) {
    long whole = (told.getInt(at) & 0xffff_ffffL) - EPOCH_SECONDS;
    return whole + (told.getInt(at + 4) & 0xffff_ffffL) / 4_294_967_296.0;
  }

  private static Finding judged(double ahead) {
    double by = Math.abs(ahead);
    String detail = String.format(Locale.ROOT, "%.3f s %s", by, ahead < 0 ? "behind" : "ahead");
    String fix = "sudo timedatectl set-ntp true: temporary credentials carry their end as a time.";
    if (by > BAD_SECONDS) {
      return Finding.problem(Part.HOST, "clock", detail, fix);
    }
    return by > GOOD_SECONDS
        ? Finding.warning(Part.HOST, "clock", detail, fix)
        : Finding.good(Part.HOST, "clock", detail);
  }
}
