package puente.signal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Words as bytes: a type, then the fields in their order. A text is its length in four bytes and
 * UTF-8; an object is JSON; nothing is called by name, so that nothing can be made to run.
 */
final class WordCodec {
  /** Raised whenever a word changes: nodes of different versions do not misread each other. */
  static final byte VERSION = 1;

  private static final int BEGIN = 1;
  private static final int READY = 2;
  private static final int PUT = 3;
  private static final int GONE = 4;
  private static final int TOLD = 5;
  private static final int SENT = 6;
  private static final int BANNED = 7;
  private static final int KEEP = 8;
  private static final int MORE = 9;
  private static final int UNKEEP = 10;
  private static final int TAKE = 11;
  private static final int TAKEN = 12;
  private static final int PEER_FRAME = 13;
  private static final int PEER_MOVED = 14;
  private static final int PUBLISHED = 15;

  private static final int LIST_MAX = 65_536;

  private WordCodec() {}

  static byte[] encode(Word word) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      new Writer(new DataOutputStream(bytes)).word(word);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  /** All words of a body, in their order. */
  static List<Word> decode(byte[] body) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    Reader reader = new Reader(in);
    List<Word> words = new ArrayList<>();
    while (in.available() > 0) {
      words.add(reader.word());
    }
    return words;
  }

  private record Writer(DataOutputStream out) {
    void word(Word word) throws IOException {
      switch (word) {
        case Word.Begin begin -> out.writeByte(BEGIN);
        case Word.Ready ready -> out.writeByte(READY);
        case Word.Put put -> type(PUT).fact(put.fact());
        case Word.Gone gone -> {
          type(GONE).key(gone.key());
          out.writeByte(gone.reason() == null ? -1 : gone.reason().ordinal());
        }
        case Word.Told told ->
            type(TOLD).number(told.id()).texts(told.room(), told.from(), told.d().text());
        case Word.Sent sent -> {
          type(SENT).number(sent.id()).texts(sent.room(), sent.to(), sent.from(), sent.d().text());
          out.writeByte(sent.hops());
        }
        case Word.Banned banned ->
            type(BANNED).number(banned.ms()).texts(banned.room(), banned.peerId());
        case Word.Keep keep -> {
          type(KEEP).session(keep.session());
          out.writeBoolean(keep.isWhole());
        }
        case Word.More more -> {
          type(MORE).texts(more.sid());
          traffic(more.traffic());
        }
        case Word.Unkeep unkeep -> type(UNKEEP).texts(unkeep.sid());
        case Word.Take take -> {
          type(TAKE).number(take.lastSeq()).texts(take.sid(), take.key());
          optional(take.subject());
        }
        case Word.Taken taken -> {
          type(TAKEN).texts(taken.sid());
          out.writeBoolean(taken.session() != null);
          if (taken.session() != null) {
            session(taken.session());
          }
        }
        case Word.PeerFrame frame -> {
          type(PEER_FRAME).texts(frame.realm(), frame.type(), frame.dst());
          optional(frame.src());
          optional(frame.payload());
        }
        case Word.PeerMoved moved -> type(PEER_MOVED).texts(moved.realm(), moved.id());
        case Word.Published published -> type(PUBLISHED).texts(published.topic(), published.text());
      }
    }

    private Writer type(int type) throws IOException {
      out.writeByte(type);
      return this;
    }

    private Writer number(long number) throws IOException {
      out.writeLong(number);
      return this;
    }

    private void texts(String... texts) throws IOException {
      for (String text : texts) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
      }
    }

    private void optional(@Nullable String text) throws IOException {
      out.writeBoolean(text != null);
      if (text != null) {
        texts(text);
      }
    }

    private void key(Fact.Key key) throws IOException {
      out.writeByte(key.kind().ordinal());
      texts(key.group(), key.name());
    }

    private void fact(Fact fact) throws IOException {
      out.writeByte(fact.key().kind().ordinal());
      switch (fact) {
        case Fact.Present present -> {
          texts(present.peerId(), present.sid());
          out.writeBoolean(present.isConnected());
        }
        case Fact.Member member -> {
          Signal.Peer peer = member.peer();
          texts(member.room(), member.sid(), peer.id(), Json.write(peer.meta()));
          texts(Json.write(peer.presence()));
        }
        case Fact.PeerJs peer -> texts(peer.realm(), peer.id(), peer.token());
        case Fact.Topic topic -> {
          texts(topic.name());
          out.writeInt(topic.subscribers());
        }
      }
    }

    private void session(SessionState state) throws IOException {
      texts(state.sid(), state.resumeKey(), state.peerId(), Json.write(state.meta()));
      Grant grant = state.grant();
      optional(grant.subject());
      out.writeBoolean(grant.mayChooseId());
      out.writeInt(grant.rooms().size());
      for (String room : grant.rooms()) {
        texts(room);
      }
      int can = 0;
      for (Grant.Can one : grant.can()) {
        can |= 1 << one.ordinal();
      }
      out.writeInt(can);
      texts(Json.write(grant.meta()));
      out.writeLong(state.grantMs());
      out.writeInt(state.rooms().size());
      for (SessionState.Membership one : state.rooms()) {
        texts(one.room(), Json.write(one.meta()), Json.write(one.presence()));
      }
      out.writeLong(state.firmSeq());
      traffic(state.traffic());
    }

    private void traffic(Word.Traffic traffic) throws IOException {
      out.writeLong(traffic.lastSeq());
      out.writeInt(traffic.messages().size());
      for (Word.Kept kept : traffic.messages()) {
        out.writeLong(kept.seq());
        texts(kept.text());
      }
      out.writeInt(traffic.answers().size());
      for (Word.Answer answer : traffic.answers()) {
        texts(answer.id());
        out.writeInt(answer.delivered());
        out.writeInt(answer.queued());
      }
      out.writeInt(traffic.heard().size());
      for (long id : traffic.heard()) {
        out.writeLong(id);
      }
    }
  }

  private record Reader(DataInputStream in) {
    Word word() throws IOException {
      int type = in.readUnsignedByte();
      return switch (type) {
        case BEGIN -> new Word.Begin();
        case READY -> new Word.Ready();
        case PUT -> new Word.Put(fact());
        case GONE -> new Word.Gone(key(), reason());
        case TOLD -> new Word.Told(in.readLong(), text(), text(), new Json.Raw(text()));
        case SENT ->
            new Word.Sent(
                in.readLong(), text(), text(), text(), new Json.Raw(text()), in.readByte());
        case BANNED -> {
          long ms = in.readLong();
          yield new Word.Banned(text(), text(), ms);
        }
        case KEEP -> new Word.Keep(session(), in.readBoolean());
        case MORE -> new Word.More(text(), traffic());
        case UNKEEP -> new Word.Unkeep(text());
        case TAKE -> {
          long lastSeq = in.readLong();
          yield new Word.Take(text(), text(), lastSeq, optional());
        }
        case TAKEN -> new Word.Taken(text(), in.readBoolean() ? session() : null);
        case PEER_FRAME -> {
          String realm = text();
          String what = text();
          String dst = text();
          yield new Word.PeerFrame(realm, what, optional(), dst, optional());
        }
        case PEER_MOVED -> new Word.PeerMoved(text(), text());
        case PUBLISHED -> new Word.Published(text(), text());
        default -> throw new IOException("a word of type " + type);
      };
    }

    private Signal.@Nullable Reason reason() throws IOException {
      int ordinal = in.readByte();
      return ordinal < 0 ? null : one(Signal.Reason.values(), ordinal);
    }

    private static <E> E one(E[] all, int ordinal) throws IOException {
      if (ordinal >= all.length) {
        throw new IOException("a constant of a later version");
      }
      return all[ordinal];
    }

    private Fact.Key key() throws IOException {
      return new Fact.Key(one(Fact.Kind.values(), in.readUnsignedByte()), text(), text());
    }

    private Fact fact() throws IOException {
      return switch (one(Fact.Kind.values(), in.readUnsignedByte())) {
        case PRESENT -> new Fact.Present(text(), text(), in.readBoolean());
        case MEMBER -> {
          String room = text();
          String sid = text();
          Signal.Peer peer = new Signal.Peer(text(), json(), json(), false);
          yield new Fact.Member(room, sid, peer);
        }
        case PEER_JS -> new Fact.PeerJs(text(), text(), text());
        case TOPIC -> new Fact.Topic(text(), in.readInt());
      };
    }

    private SessionState session() throws IOException {
      String sid = text();
      String key = text();
      String peerId = text();
      Map<String, @Nullable Object> meta = json();
      Grant grant = grant();
      long grantMs = in.readLong();
      List<SessionState.Membership> rooms = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        rooms.add(new SessionState.Membership(text(), json(), json()));
      }
      return new SessionState(
          sid, key, peerId, meta, grant, grantMs, rooms, in.readLong(), traffic());
    }

    private Grant grant() throws IOException {
      String subject = optional();
      boolean mayChooseId = in.readBoolean();
      Set<String> rooms = new LinkedHashSet<>();
      for (int left = count(); left > 0; left--) {
        rooms.add(text());
      }
      int bits = in.readInt();
      Set<Grant.Can> can = EnumSet.noneOf(Grant.Can.class);
      for (Grant.Can one : Grant.Can.values()) {
        if ((bits & 1 << one.ordinal()) != 0) {
          can.add(one);
        }
      }
      return new Grant(subject, mayChooseId, rooms, can, json(), Long.MAX_VALUE);
    }

    private Word.Traffic traffic() throws IOException {
      long lastSeq = in.readLong();
      List<Word.Kept> messages = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        messages.add(new Word.Kept(in.readLong(), text()));
      }
      List<Word.Answer> answers = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        answers.add(new Word.Answer(text(), in.readInt(), in.readInt()));
      }
      List<Long> heard = new ArrayList<>();
      for (int left = count(); left > 0; left--) {
        heard.add(in.readLong());
      }
      return new Word.Traffic(lastSeq, messages, answers, heard);
    }

    private int count() throws IOException {
      int count = in.readInt();
      if (count < 0 || count > LIST_MAX) {
        throw new IOException("a list of " + count);
      }
      return count;
    }

    private String text() throws IOException {
      int length = in.readInt();
      if (length < 0 || length > in.available()) {
        throw new EOFException("a text of " + length + " bytes");
      }
      return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    private @Nullable String optional() throws IOException {
      return in.readBoolean() ? text() : null;
    }

    private Map<String, @Nullable Object> json() throws IOException {
      try {
        return Json.object(text());
      } catch (Json.Malformed malformed) {
        throw new IOException(malformed.why());
      }
    }
  }
}
