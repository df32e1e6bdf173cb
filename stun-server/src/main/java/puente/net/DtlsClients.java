package puente.net;

import io.netty.channel.EventLoop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.bouncycastle.tls.DTLSRequest;
import org.bouncycastle.tls.DTLSVerifier;
import org.bouncycastle.tls.DatagramSender;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;
import puente.stun.AddressMap;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.PacketKind;
import puente.stun.Transport;

/**
 * The DTLS clients of one loop (RFC 7350, DTLS 1.2 of RFC 6347), on the same sockets as plain
 * clients. Nothing is kept of a client before it has sent its cookie back (RFC 6347 §4.2.1).
 */
public final class DtlsClients {

  /** What is worth counting beside what happens to every connection. */
  public enum Fact {
    /** Answered with a cookie: HelloVerifyRequest. */
    GREETED,
    /** No room for one more handshake. */
    HALF_OPEN_FULL,
    /** Of no association, or more than a handshake may have waiting. */
    STRAY
  }

  /**
   * What sets listener numbers of DTLS apart from those of plain datagrams on the same socket: the
   * same client in clear is another five-tuple.
   */
  public static final int NUMBER = 0x4000;

  /** Records of one epoch and no more: a ClientHello without a cookie comes in one datagram. */
  private static final int HELLO_MAX = 4096;

  // A record's header, a handshake message's header, the version; then the client's random.
  private static final int CONTENT_TYPE = 0;
  private static final int MAJOR_VERSION = 1;
  private static final int EPOCH = 3;
  private static final int MESSAGE_TYPE = 13;
  private static final int RANDOM = 27;
  private static final int RANDOM_LENGTH = 32;
  private static final int HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;

  /** RFC 6347 §4.2.1: the cookie's secret changes; the one before it is still good. */
  private static final long COOKIE_MS = 300_000;

  /** RFC 6347 §4.1: application data of one record. */
  private static final int RECORD_MAX = 1 << 14;

  private static final int STAGING_SIZE = 16 * RECORD_MAX;

  private final EventLoop loop;
  private final Datagrams datagrams;
  private final ClientConnection.Receiver receiver;
  private final DtlsHandshakes handshakes;
  private final Consumer<Fact> facts;
  private final JcaTlsCrypto crypto;
  private final AddressMap<DtlsSession> byClient;
  private final Packet inner = new Packet();
  private final byte[] plain = new byte[RECORD_MAX];
  private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_SIZE);
  private DTLSVerifier verifier;
  private @Nullable DTLSVerifier formerVerifier;
  private long cookiesSince;
  private int stagedBatch;
  private int staged;

  public DtlsClients(
      EventLoops.Loop loop,
      ClientConnection.Receiver receiver,
      DtlsHandshakes handshakes,
      Consumer<Fact> facts) {
    crypto = newCrypto();
    verifier = new DTLSVerifier(crypto);
    this.loop = loop.eventLoop();
    this.datagrams = loop.datagrams();
    this.receiver = receiver;
    this.handshakes = handshakes;
    this.facts = facts;
    byClient = new AddressMap<>(new SecureRandom().nextLong());
    inner.buffer = staging;
    inner.address = MemorySegment.ofBuffer(staging).address();
    cookiesSince = receiver.now();
  }

  /** Loads what this is made of, on a thread that may take long, so that a loop need not. */
  public static void load() {
    var unused = new DTLSVerifier(newCrypto());
  }

  private static JcaTlsCrypto newCrypto() {
    return new JcaTlsCryptoProvider().create(new SecureRandom());
  }

  /** Whether this could be DTLS at all (RFC 7983 §7). */
  public static boolean isDtls(Packet packet) {
    return packet.length > 0 && PacketKind.of(packet.u8(0)) == PacketKind.DTLS;
  }

  /** Associations, whether their handshake is done or not. */
  public int size() {
    return byClient.size();
  }

  /**
   * A datagram of a client, by this socket.
   *
   * @param greets whether somebody new is served there
   */
  public void onDatagram(Packet packet, UdpSocket socket, boolean greets) {
    int number = packet.listener | NUMBER;
    DtlsSession known = byClient.find(packet.sourceHi, packet.sourceLo, key(packet, number));
    byte[] random = helloRandom(packet);
    if (greets && random != null && (known == null || !known.hasRandom(random))) {
      greet(packet, socket, random, known);
    } else if (known == null || !known.deliver(packet)) {
      facts.accept(Fact.STRAY);
    }
  }

  /** Ends every association; the clients are told. */
  public void closeAll() {
    List<DtlsSession> all = new ArrayList<>();
    byClient.forEach(all::add);
    closeAll(all);
  }

  /** Ends those that came by this listener; the clients are told. */
  public void closeAll(int listener) {
    List<DtlsSession> all = new ArrayList<>();
    byClient.forEach(
        session -> {
          if (session.tuple().listener() == (listener | NUMBER)) {
            all.add(session);
          }
        });
    closeAll(all);
  }

  private void closeAll(List<DtlsSession> sessions) {
    sessions.forEach(DtlsSession::close);
    datagrams.flush();
  }

  /** The random of a ClientHello of epoch 0; null if this is none. */
  private static byte @Nullable [] helloRandom(Packet packet) {
    if (packet.length < RANDOM + RANDOM_LENGTH
        || packet.u8(CONTENT_TYPE) != HANDSHAKE
        || packet.u8(MAJOR_VERSION) != 0xfe
        || packet.u16(EPOCH) != 0
        || packet.u8(MESSAGE_TYPE) != CLIENT_HELLO) {
      return null;
    }
    byte[] random = new byte[RANDOM_LENGTH];
    packet.buffer.get(packet.offset + RANDOM, random);
    return random;
  }

  /**
   * A ClientHello: without our cookie it is answered with one and forgotten. With it the client is
   * reachable, and a former association gives way (RFC 6347 §4.2.8).
   */
  private void greet(Packet packet, UdpSocket socket, byte[] random, @Nullable DtlsSession former) {
    if (packet.length > HELLO_MAX) {
      facts.accept(Fact.STRAY);
      return;
    }
    DTLSRequest request = verified(packet, socket);
    if (request == null) {
      return;
    }
    if (!handshakes.begin()) {
      facts.accept(Fact.HALF_OPEN_FULL);
      return;
    }
    if (former != null) {
      former.close();
    }
    int number = packet.listener | NUMBER;
    DtlsLine line = new DtlsLine(handshakes, loop, datagrams, socket, packet.source());
    FiveTuple way = new FiveTuple(Transport.DTLS, packet.source(), socket.local(), number, null);
    DtlsSession session = new DtlsSession(this, line, way, random);
    if (!receiver.onOpen(session)) {
      handshakes.ended();
      return;
    }
    byClient.put(packet.sourceHi, packet.sourceLo, key(packet, number), session);
    Thread.ofVirtual().name("puente-dtls").start(() -> session.shakeHands(crypto, request));
  }

  /** The request if its cookie is one of ours for this client; else the answer is on its way. */
  private @Nullable DTLSRequest verified(Packet packet, UdpSocket socket) {
    rotateCookies();
    byte[] hello = new byte[packet.length];
    packet.copyTo(hello, packet.length);
    byte[] client = clientId(packet);
    Greeting greeting = new Greeting();
    DTLSRequest request = verifier.verifyRequest(client, hello, 0, hello.length, greeting);
    if (request == null && formerVerifier != null) {
      request = formerVerifier.verifyRequest(client, hello, 0, hello.length, new Greeting());
    }
    byte[] answer = greeting.message;
    if (request == null && answer != null && answer.length <= hello.length) {
      facts.accept(Fact.GREETED);
      socket.send(packet.source(), 0, answer, answer.length);
    } else if (request == null) {
      facts.accept(Fact.STRAY);
    }
    return request;
  }

  private void rotateCookies() {
    long now = receiver.now();
    if (now - cookiesSince >= COOKIE_MS) {
      cookiesSince = now;
      formerVerifier = verifier;
      verifier = new DTLSVerifier(crypto);
    }
  }

  private static byte[] clientId(Packet packet) {
    return ByteBuffer.allocate(8 + 8 + 4 + 4)
        .putLong(packet.sourceHi)
        .putLong(packet.sourceLo)
        .putInt(packet.sourcePort)
        .putInt(packet.listener)
        .array();
  }

  private static int key(Packet packet, int number) {
    return packet.sourcePort | number << 16;
  }

  // ---- for the sessions

  ClientConnection.Receiver receiver() {
    return receiver;
  }

  DtlsHandshakes handshakes() {
    return handshakes;
  }

  /** Room for the application data of one record, either way, for a moment. */
  byte[] plain() {
    return plain;
  }

  void execute(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException over) {
      // The loop has ended, and the association with it.
    }
  }

  /** What a client sent lies in {@link #plain}; it has to stay until it has been sent on. */
  void show(DtlsSession session, int length, int trafficClass) {
    if (stagedBatch != datagrams.batch()) {
      stagedBatch = datagrams.batch();
      staged = 0;
    }
    if (staged + length > STAGING_SIZE) {
      receiver.onReadEnd();
      stagedBatch = datagrams.batch();
      staged = 0;
    }
    staging.put(staged, plain, 0, length);
    FiveTuple tuple = session.tuple();
    inner.offset = staged;
    inner.length = length;
    inner.connection = tuple;
    inner.listener = tuple.listener();
    inner.sourceFamily = tuple.client().family();
    inner.sourceHi = tuple.client().hi();
    inner.sourceLo = tuple.client().lo();
    inner.sourcePort = tuple.client().port();
    inner.trafficClass = trafficClass;
    staged += length;
    receiver.onFrame(session, inner);
  }

  void closed(DtlsSession session) {
    FiveTuple tuple = session.tuple();
    int key = tuple.client().port() | tuple.listener() << 16;
    if (byClient.find(tuple.client().hi(), tuple.client().lo(), key) == session) {
      byClient.remove(tuple.client().hi(), tuple.client().lo(), key);
    }
    receiver.onClosed(session);
  }

  /** Takes what the verifier says, to be sent only if nobody else knows the cookie. */
  private static final class Greeting implements DatagramSender {
    private byte @Nullable [] message;

    @Override
    public int getSendLimit() {
      return HELLO_MAX;
    }

    @Override
    public void send(byte[] buffer, int offset, int length) throws IOException {
      message = java.util.Arrays.copyOfRange(buffer, offset, offset + length);
    }
  }
}
