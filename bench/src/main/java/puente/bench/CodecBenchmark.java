package puente.bench;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import puente.stun.AttributeType;
import puente.stun.Integrity;
import puente.stun.IntegrityKey;
import puente.stun.Message;
import puente.stun.MessageBuilder;
import puente.stun.MessageClass;
import puente.stun.Method;
import puente.stun.PasswordAlgorithm;
import puente.stun.TransportAddress;

/** The codec: reading, checking and writing one message. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CodecBenchmark {

  private static final byte[] TRANSACTION = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

  private final IntegrityKey key =
      IntegrityKey.longTerm(PasswordAlgorithm.MD5, "user", "bench.local", "pass");
  private final IntegrityKey other =
      IntegrityKey.longTerm(PasswordAlgorithm.MD5, "other", "bench.local", "pass");
  private final Integrity integrity = new Integrity();
  private final Message message = new Message();
  private final MessageBuilder builder = new MessageBuilder();
  private final TransportAddress address = TransportAddress.ipv4(0xc0000201, 50_000);
  private final byte[] request;

  public CodecBenchmark() {
    MessageBuilder written = allocate(new MessageBuilder(), key);
    request = Arrays.copyOf(written.bytes(), written.length());
  }

  private MessageBuilder allocate(MessageBuilder into, IntegrityKey with) {
    return into.message(MessageClass.REQUEST, Method.ALLOCATE, TRANSACTION)
        .i32(AttributeType.REQUESTED_TRANSPORT, 17 << 24)
        .bytes(AttributeType.USERNAME, "user".getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.REALM, "bench.local".getBytes(StandardCharsets.UTF_8))
        .bytes(AttributeType.NONCE, TRANSACTION)
        .integrity(integrity.hmacSha1(with));
  }

  /** An authenticated Allocate, its attributes indexed. */
  @Benchmark
  public Message.Shape parse() {
    return message.parse(request, request.length);
  }

  /** The same with its MESSAGE-INTEGRITY, by a key that was used before. */
  @Benchmark
  public boolean verify() {
    message.parse(request, request.length);
    return integrity.verify(message, key);
  }

  /** The same after another user's key: the HMAC is keyed anew. */
  @Benchmark
  public boolean verifyOfAnotherUser() {
    integrity.hmacSha1(other);
    message.parse(request, request.length);
    return integrity.verify(message, key);
  }

  /** A Binding success response with FINGERPRINT. */
  @Benchmark
  public int bindingResponse() {
    return builder
        .message(MessageClass.SUCCESS, Method.BINDING, TRANSACTION)
        .xorAddress(AttributeType.XOR_MAPPED_ADDRESS, address)
        .fingerprint()
        .length();
  }
}
