package puente.signal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The gateways of the other nodes: what is true on each of them, and words to and from them. Pure:
 * bodies, the names of the living nodes and time come in, bodies go out by {@link Wire}.
 */
final class Fleet {
  /** Longer than a client may stay away, so that its session is not given up before it is. */
  private static final long HOMELESS_EXTRA_MS = 5_000;

  /** Gives a body to a messenger that may lose it; false if it could not take it. */
  interface Wire {
    boolean send(String node, byte[] body);

    /** Something was said: {@link #flush} is wanted. */
    void soon();
  }

  /** What is counted. */
  enum Event {
    LINK_OPENED,
    LINK_OVERFULL,
    BODY_REFUSED,
    ADOPTED,
    NOT_ADOPTED,
    HANDED_OVER,
    TAKEN_OVER,
    CONFLICT,
    REDIRECTED,
    UNDELIVERABLE
  }

  /** A part of the gateway whose facts and words go across nodes. */
  interface Part {
    /** A fact of another node is new or has changed; {@code before} is what was known of its key. */
    void onFact(String node, Fact fact, Directory.@Nullable Entry before, long now);

    /** Nobody says a fact any more. */
    void onGone(Fact fact, Signal.Reason reason, long now);

    void onWord(String from, Word word, long now);

    /** What was said to a node that is gone, and may not have come there. */
    default void onUndelivered(Word word, String node, long now) {}

    /** A node, or the way to it, is new: it knows nothing of what it was told before. */
    default void onForgetful(String node) {}

    /** Who is alive, or what a node says, is other than before. */
    default void onNodes(long now) {}

    default void onTime(long now) {}
  }

  private final String own;
  private final long homelessMs;
  private final Wire wire;
  private final Map<Fact.Key, Fact> ownFacts = new LinkedHashMap<>();
  private final Map<String, Link> linkByNode = new TreeMap<>();
  private final Set<String> begun = new HashSet<>();
  private final Map<String, Set<Fact.Key>> doubtfulByNode = new HashMap<>();
  private final Map<Fact.Kind, Part> partByKind = new EnumMap<>(Fact.Kind.class);
  private final Map<Event, Long> counts = new EnumMap<>(Event.class);
  final Directory directory = new Directory();
  private long lives;

  /**
   * @param born a number that grows with every start of this node, as the time does
   */
  Fleet(String own, long born, long resumeWindowMs, Wire wire) {
    this.own = own;
    this.wire = wire;
    lives = born;
    homelessMs = resumeWindowMs + HOMELESS_EXTRA_MS;
  }

  void serve(Part part, Fact.Kind... kinds) {
    for (Fact.Kind kind : kinds) {
      partByKind.put(kind, part);
    }
  }

  String own() {
    return own;
  }

  Set<String> others() {
    return linkByNode.keySet();
  }

  /** Whether every other node has said what it knows. */
  boolean isComplete() {
    return begun.containsAll(linkByNode.keySet());
  }

  boolean hasBegun(String node) {
    return begun.contains(node);
  }

  void put(Fact fact) {
    if (!fact.equals(ownFacts.put(fact.key(), fact))) {
      sayToAll(new Word.Put(fact));
    }
  }

  /**
   * @param reason null if it is about to hold on another node
   */
  void remove(Fact.Key key, Signal.@Nullable Reason reason) {
    if (ownFacts.remove(key) != null) {
      sayToAll(new Word.Gone(key, reason));
    }
  }

  void say(String node, Word word) {
    Link link = linkByNode.get(node);
    if (link != null && link.isOpen()) {
      link.say(word);
      wire.soon();
    }
  }

  void sayToAll(Word word) {
    linkByNode.keySet().forEach(node -> say(node, word));
  }

  void count(Event event) {
    counts.merge(event, 1L, Long::sum);
  }

  Map<Event, Long> counts() {
    return counts;
  }

  /** These are the other nodes that live. */
  void onNodes(Set<String> living, long now) {
    Set<String> others = new TreeSet<>(living);
    others.remove(own);
    for (String node : List.copyOf(linkByNode.keySet())) {
      if (!others.contains(node)) {
        Link link = linkByNode.remove(node);
        die(node, link, now);
      }
    }
    boolean isNew = false;
    for (String node : others) {
      if (!linkByNode.containsKey(node)) {
        linkByNode.put(node, new Link(++lives));
        isNew = true;
      }
    }
    parts().forEach(part -> part.onNodes(now));
    if (isNew) {
      flush(now);
    }
  }

  private void die(String node, @Nullable Link link, long now) {
    begun.remove(node);
    doubtfulByNode.remove(node);
    for (Fact.Key key : directory.keysOf(node)) {
      lose(node, key, now);
    }
    if (link != null) {
      undelivered(node, link, now);
    }
  }

  /** Sessions may be adopted by another node, which says so soon; the rest is over. */
  private void lose(String node, Fact.Key key, long now) {
    Fact fact = directory.remove(node, key);
    if (fact == null) {
      return;
    }
    if (key.kind() == Fact.Kind.PRESENT || key.kind() == Fact.Kind.MEMBER) {
      directory.leaveHomeless(fact, now);
    } else {
      part(key.kind()).onGone(fact, Signal.Reason.TIMEOUT, now);
    }
  }

  private void undelivered(String node, Link link, long now) {
    for (byte[] bytes : link.undelivered()) {
      for (Word word : words(bytes)) {
        Part part = part(word);
        if (part != null) {
          part.onUndelivered(word, node, now);
        }
      }
    }
  }

  /** Another node's body came. */
  void onBody(String from, byte[] body, long now) {
    Link link = linkByNode.get(from);
    if (link == null) {
      // It lives for whoever hears it, but here that is decided elsewhere, and soon.
      return;
    }
    List<byte[]> delivered = new ArrayList<>();
    if (link.onBody(body, delivered) == Link.Heard.NEW_LIFE) {
      count(Event.LINK_OPENED);
      doubtfulByNode.put(from, directory.keysOf(from));
      begun.remove(from);
      undelivered(from, link, now);
      introduce(link);
      parts().forEach(part -> part.onForgetful(from));
      wire.soon();
    }
    for (byte[] bytes : delivered) {
      for (Word word : words(bytes)) {
        onWord(from, word, now);
      }
    }
  }

  private void introduce(Link link) {
    link.say(new Word.Begin());
    ownFacts.values().forEach(fact -> link.say(new Word.Put(fact)));
    link.say(new Word.Ready());
  }

  private List<Word> words(byte[] bytes) {
    try {
      return WordCodec.decode(bytes);
    } catch (IOException unknown) {
      count(Event.BODY_REFUSED);
      return List.of();
    }
  }

  private void onWord(String from, Word word, long now) {
    switch (word) {
      case Word.Begin begin -> {}
      case Word.Put put -> {
        Fact fact = put.fact();
        Set<Fact.Key> doubtful = doubtfulByNode.get(from);
        if (doubtful != null) {
          doubtful.remove(fact.key());
        }
        part(fact.key().kind()).onFact(from, fact, directory.put(from, fact), now);
      }
      case Word.Gone gone -> gone(from, gone, now);
      case Word.Ready ready -> {
        Set<Fact.Key> doubtful = doubtfulByNode.remove(from);
        if (doubtful != null) {
          doubtful.forEach(key -> lose(from, key, now));
        }
        begun.add(from);
        parts().forEach(part -> part.onNodes(now));
      }
      default -> {
        Part part = part(word);
        if (part != null) {
          part.onWord(from, word, now);
        }
      }
    }
  }

  private void gone(String from, Word.Gone gone, long now) {
    Fact fact = directory.remove(from, gone.key());
    if (fact == null) {
      return;
    }
    if (gone.reason() == null) {
      directory.leaveHomeless(fact, now);
    } else {
      part(gone.key().kind()).onGone(fact, gone.reason(), now);
    }
  }

  private Part part(Fact.Kind kind) {
    Part part = partByKind.get(kind);
    return part == null ? NOBODY : part;
  }

  private @Nullable Part part(Word word) {
    return switch (word) {
      case Word.PeerFrame frame -> part(Fact.Kind.PEER_JS);
      case Word.PeerMoved moved -> part(Fact.Kind.PEER_JS);
      case Word.Published published -> part(Fact.Kind.TOPIC);
      case Word.Begin begin -> null;
      case Word.Ready ready -> null;
      case Word.Put put -> null;
      case Word.Gone gone -> null;
      case Word.Told told -> part(Fact.Kind.MEMBER);
      case Word.Sent sent -> part(Fact.Kind.MEMBER);
      case Word.Banned banned -> part(Fact.Kind.MEMBER);
      case Word.Keep keep -> part(Fact.Kind.MEMBER);
      case Word.More more -> part(Fact.Kind.MEMBER);
      case Word.Unkeep unkeep -> part(Fact.Kind.MEMBER);
      case Word.Take take -> part(Fact.Kind.MEMBER);
      case Word.Taken taken -> part(Fact.Kind.MEMBER);
    };
  }

  private Set<Part> parts() {
    return new LinkedHashSet<>(partByKind.values());
  }

  /** Sends what was said; as often as something may have been. */
  void flush(long now) {
    linkByNode.forEach((node, link) -> link.flush(now, body -> wire.send(node, body)));
  }

  /** Comes round about ten times a second. */
  void onTime(long now) {
    parts().forEach(part -> part.onTime(now));
    for (Fact fact : directory.expired(now - homelessMs)) {
      part(fact.key().kind()).onGone(fact, Signal.Reason.TIMEOUT, now);
    }
    for (Map.Entry<String, Link> entry : linkByNode.entrySet()) {
      if (entry.getValue().isOverfull()) {
        count(Event.LINK_OVERFULL);
        entry.setValue(new Link(++lives));
      }
      entry.getValue().onTime(now, body -> wire.send(entry.getKey(), body));
    }
  }

  private static final Part NOBODY =
      new Part() {
        @Override
        public void onFact(String node, Fact fact, Directory.@Nullable Entry before, long now) {}

        @Override
        public void onGone(Fact fact, Signal.Reason reason, long now) {}

        @Override
        public void onWord(String from, Word word, long now) {}
      };
}
