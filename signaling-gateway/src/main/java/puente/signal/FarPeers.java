package puente.signal;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Clients of PeerJS across nodes: who is where, and the frames between them. */
final class FarPeers implements Fleet.Part {
  /** The broker of one key on this node; {@code settle} is due after each input. */
  record Local(PeerBroker broker, PeerBroker.Effects effects, Runnable settle) {}

  private final Fleet fleet;
  private final Function<String, @Nullable Local> brokers;

  FarPeers(Fleet fleet, Function<String, @Nullable Local> brokers) {
    this.fleet = fleet;
    this.brokers = brokers;
    fleet.serve(this, Fact.Kind.PEER_JS);
  }

  /** The clients of one key on other nodes. */
  PeerBroker.Elsewhere of(String realm) {
    return new PeerBroker.Elsewhere() {
      @Override
      public @Nullable String tokenOf(String id) {
        Directory.Entry entry = fleet.directory.find(key(realm, id));
        return entry != null && entry.fact() instanceof Fact.PeerJs peer ? peer.token() : null;
      }

      @Override
      public void here(String id, String token) {
        fleet.put(new Fact.PeerJs(realm, id, token));
      }

      @Override
      public void gone(String id) {
        fleet.remove(key(realm, id), Signal.Reason.LEFT);
      }

      @Override
      public void moved(String id) {
        fleet
            .directory
            .byNode(key(realm, id))
            .keySet()
            .forEach(node -> fleet.say(node, new Word.PeerMoved(realm, id)));
      }

      @Override
      public boolean send(PeerBroker.Message message) {
        return forward(realm, message);
      }

      @Override
      public List<String> ids() {
        List<String> ids = new ArrayList<>();
        fleet
            .directory
            .all(Fact.Kind.PEER_JS, realm)
            .forEach(entry -> ids.add(entry.fact().key().name()));
        return ids;
      }
    };
  }

  private static Fact.Key key(String realm, String id) {
    return new Fact.Key(Fact.Kind.PEER_JS, realm, id);
  }

  private boolean forward(String realm, PeerBroker.Message message) {
    String dst = message.dst();
    Directory.Entry entry = dst == null ? null : fleet.directory.find(key(realm, dst));
    if (dst == null || entry == null || entry.node() == null) {
      return false;
    }
    Object payload = message.payload();
    String json = payload == null ? null : Json.write(payload);
    fleet.say(entry.node(), new Word.PeerFrame(realm, message.type(), message.src(), dst, json));
    return true;
  }

  @Override
  public void onFact(String node, Fact fact, Directory.@Nullable Entry before, long now) {
    if (fact instanceof Fact.PeerJs peer) {
      boolean isTheirs = node.compareTo(fleet.own()) < 0;
      at(peer.realm(), local -> local.broker.onElsewhere(peer.id(), isTheirs, local.effects));
    }
  }

  @Override
  public void onGone(Fact fact, Signal.Reason reason, long now) {}

  @Override
  public void onWord(String from, Word word, long now) {
    switch (word) {
      case Word.PeerFrame frame -> onFrame(frame, now);
      case Word.PeerMoved moved ->
          at(moved.realm(), local -> local.broker.onMoved(moved.id(), local.effects));
      default -> throw new IllegalStateException("not for clients of PeerJS");
    }
  }

  private void onFrame(Word.PeerFrame frame, long now) {
    String payload = frame.payload();
    Object raw = payload == null ? null : new Json.Raw(payload);
    int bytes = payload == null ? 0 : payload.length();
    PeerBroker.Message message =
        new PeerBroker.Message(frame.type(), frame.src(), frame.dst(), raw, bytes);
    at(frame.realm(), local -> local.broker.onRemote(message, now, local.effects));
  }

  private void at(String realm, Consumer<Local> action) {
    Local local = brokers.apply(realm);
    if (local != null) {
      action.accept(local);
      local.settle.run();
    }
  }

  /** Who is gone with his node may be back on another one soon: it waits as for the absent. */
  @Override
  public void onUndelivered(Word word, String node, long now) {
    if (word instanceof Word.PeerFrame frame) {
      onFrame(frame, now);
    }
  }
}
