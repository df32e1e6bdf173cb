package puente.turn;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import puente.stun.ErrorCode;
import puente.stun.FiveTuple;
import puente.stun.Integrity;
import puente.stun.Message;
import puente.stun.Method;
import puente.turn.store.Accounts;
import puente.turn.store.SourceLimit;

/** Who gets in: not the banned, and only with a login where logins are wanted. For one thread. */
final class Gate {

  /** Of requests that are dropped without a word: a flood of them must cost nothing but the look. */
  private static final int SILENT_NOTES_PER_SECOND = 64;

  private static final Refuse BANNED_USER = new Refuse(ErrorCode.FORBIDDEN, "the user is banned");

  private final @Nullable Authenticator authenticator;
  private final SourceLimit unauthorized;
  private final Counters counters;
  private final Inquiries inquiries = new Inquiries();
  private Bans bans = Bans.NONE;
  private ClientRules clients;
  private Accounts.@Nullable Answer told;
  private long silentSinceMs;
  private int silentNotes;

  Gate(TurnConfig config, Integrity integrity, Counters counters, RandomGenerator random) {
    this.counters = counters;
    clients = config.clients();
    unauthorized = config.limits().sources(random.nextLong());
    authenticator =
        config.authenticates() ? new Authenticator(config, integrity, counters, random) : null;
  }

  /** Null where nobody has to prove anything. */
  @Nullable Authenticator authenticator() {
    return authenticator;
  }

  void reconfigure(TurnConfig next) {
    clients = next.clients();
    if (authenticator != null) {
      authenticator.reconfigure(next);
    }
    unauthorized.limit(next.limits().unauthorizedPerSecond(), next.limits().unauthorizedBurst());
  }

  Inquiries inquiries() {
    return inquiries;
  }

  /** What others say of the user of the request that comes next; null if nobody was asked. */
  void told(Accounts.@Nullable Answer answer) {
    told = answer;
  }

  void ban(Bans newBans) {
    bans = newBans;
    counters.bans(newBans);
  }

  /** Whether nothing of this source is looked at any further. */
  boolean shuts(Message request, FiveTuple client, long now, Effects out) {
    int ban = bans.slotOf(client.client().hi(), client.client().lo());
    if (ban < 0 && clients.serves(client.client())) {
      return false;
    }
    if (ban < 0) {
      counters.count(Counter.CLIENT_DENIED);
    } else {
      counters.banned(ban);
    }
    if (isNoted(now)) {
      String why = ban < 0 ? "clients do not come from there" : "the address is banned";
      out.note(Notes.unproven(request, client, null, now, 0, why));
    }
    return true;
  }

  private boolean isNoted(long now) {
    if (now - silentSinceMs >= 1000) {
      silentSinceMs = now;
      silentNotes = 0;
    }
    return silentNotes++ < SILENT_NOTES_PER_SECOND;
  }

  /**
   * The gate before every method: a login, or null when the request has been refused.
   *
   * @param allocation the client's, if it has one
   */
  @Nullable Login login(
      Message message,
      FiveTuple client,
      @Nullable Allocation allocation,
      Answers answers,
      long now,
      Effects out) {
    if (authenticator == null) {
      return Login.NOBODY;
    }
    Login known = allocation == null ? null : allocation.login;
    boolean spoofable = !client.transport().isConnection();
    Method method = message.method();
    if (method == null) {
      throw new IllegalStateException("a request without a method");
    }
    Accounts.Answer answer = told;
    switch (authenticator.authenticate(message, client, known, answer, now)) {
      case Login login -> {
        if (spoofable || answer != null) {
          unauthorized.refund(client.client(), now);
        }
        int ban = bans.slotOf(login);
        if (ban < 0) {
          return login;
        }
        counters.banned(ban);
        Request banned = new Request(method, message.transactionId(), client, login);
        out.note(Notes.refused(banned, allocation, BANNED_USER, now));
        answers.refuse(banned, BANNED_USER, now, out);
      }
      case Authenticator.Unsure unsure -> inquire(message, client, unsure, now, out);
      case Refuse refusal -> {
        boolean limited = spoofable && answer == null && !refusal.equals(Authenticator.OLD_NONCE);
        if (refusal == Authenticator.BUSY) {
          counters.count(Counter.LOOKUP_BUSY);
        } else if (limited && !unauthorized.allows(client.client(), now)) {
          counters.count(Counter.RATE_LIMITED);
          noteLimited(message, client, allocation, refusal.why(), now, out);
        } else {
          int code = refusal.error().code();
          out.note(Notes.unproven(message, client, allocation, now, code, refusal.why()));
          Login nobody = Login.nobody(authenticator.realmFor(message, client, known, out));
          Request nobodys = new Request(method, message.transactionId(), client, nobody);
          answers.refuse(nobodys, refusal, now, out);
        }
      }
    }
    return null;
  }

  /** Asks others; an invented name costs its sender what a 401 does, over every transport. */
  private void inquire(
      Message message, FiveTuple client, Authenticator.Unsure unsure, long now, Effects out) {
    if (!unauthorized.allows(client.client(), now)) {
      counters.count(Counter.RATE_LIMITED);
      noteLimited(message, client, null, "a user that others may know", now, out);
      return;
    }
    long id = inquiries.park(message, client, now);
    if (id > 0) {
      out.ask(new Accounts.Question(id, unsure.realm(), unsure.name(), client));
    } else {
      counters.count(id == 0 ? Counter.LOOKUP_BUSY : Counter.RETRANSMISSION);
    }
  }

  private void noteLimited(
      Message message,
      FiveTuple client,
      @Nullable Allocation allocation,
      String last,
      long now,
      Effects out) {
    if (isNoted(now)) {
      String why = "too many unproven requests; the last: " + last;
      out.note(Notes.unproven(message, client, allocation, now, 0, why));
    }
  }
}
