package puente.chaos;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import puente.launcher.e2e.Stun;

/**
 * The requests of one client, one at a time: repeated until they are answered (RFC 8489 §6.2.1),
 * and asked again with the realm and the nonce that a 401 or 438 brings (RFC 8489 §9.2.5). For one
 * thread.
 */
final class Dialog {

  private static final long FIRST_WAIT_NANOS = 300_000_000;
  private static final long LONGEST_WAIT_NANOS = 1_000_000_000;

  /** Half a minute: longer than any gap that a scenario allows. */
  private static final int ATTEMPTS = 32;

  private static final int CHALLENGES = 3;

  private static final class Question {
    final int method;
    final Consumer<Stun> attributes;
    final Consumer<byte @Nullable []> done;
    byte[] bytes = {};
    String transaction = "";
    int attempts;
    int challenges;
    long nextNanos;

    Question(int method, Consumer<Stun> attributes, Consumer<byte @Nullable []> done) {
      this.method = method;
      this.attributes = attributes;
      this.done = done;
    }
  }

  private final String user;
  private final String password;
  private final Consumer<byte[]> wire;
  private final Tally tally;
  private final Queue<Question> waiting = new ArrayDeque<>();
  private @Nullable Question asked;
  private byte[] realm = {};
  private byte[] nonce = {};
  private byte[] key = {};

  Dialog(String user, String password, Consumer<byte[]> wire, Tally tally) {
    this.user = user;
    this.password = password;
    this.wire = wire;
    this.tally = tally;
  }

  /**
   * Asks when what was asked before is answered.
   *
   * @param done gets the answer, a success or an error; null when there was none
   */
  void ask(int method, Consumer<Stun> attributes, Consumer<byte @Nullable []> done) {
    waiting.add(new Question(method, attributes, done));
  }

  /** Another server, which has nonces of its own. */
  void startAgain() {
    nonce = new byte[0];
  }

  void onTime(long now) {
    Question question = asked;
    if (question == null) {
      question = waiting.poll();
      asked = question;
      if (question == null) {
        return;
      }
      sign(question);
    }
    if (now < question.nextNanos) {
      return;
    }
    if (question.attempts++ == ATTEMPTS) {
      tally.count("unanswered");
      asked = null;
      question.done.accept(null);
      return;
    }
    long wait = FIRST_WAIT_NANOS << Math.min(question.attempts - 1, 2);
    question.nextNanos = now + Math.min(wait, LONGEST_WAIT_NANOS);
    wire.accept(question.bytes);
  }

  private void sign(Question question) {
    Stun message = Stun.request(question.method);
    question.attributes.accept(message);
    if (nonce.length == 0) {
      question.bytes = message.bytes();
    } else {
      question.bytes =
          message
              .with(Stun.USERNAME, user)
              .with(Stun.REALM, realm)
              .with(Stun.NONCE, nonce)
              .signed(key);
    }
    question.transaction = Stun.transaction(question.bytes);
    question.attempts = 0;
    question.nextNanos = Long.MIN_VALUE;
  }

  void onMessage(byte[] message, long now) {
    Question question = asked;
    if (question == null || !question.transaction.equals(Stun.transaction(message))) {
      return;
    }
    int code = Stun.errorCode(message);
    byte[] newNonce = Stun.attribute(message, Stun.NONCE);
    byte[] newRealm = Stun.attribute(message, Stun.REALM);
    boolean challenged = code == 438 || code == 401 && nonce.length == 0;
    if (challenged && newNonce != null && newRealm != null && question.challenges++ < CHALLENGES) {
      if (code == 438) {
        tally.count("438");
      }
      nonce = newNonce;
      realm = newRealm;
      key = Stun.key(user, new String(realm, StandardCharsets.UTF_8), password);
      sign(question);
      onTime(now);
      return;
    }
    if (code != 0) {
      tally.count("" + code);
    }
    asked = null;
    question.done.accept(message);
    onTime(now);
  }
}
