package puente.signal;

/** Something that a node tells all others, and that holds until it takes it back or dies. */
sealed interface Fact {
  /** What facts are about; each kind belongs to one {@link Fleet.Part}. */
  enum Kind {
    PRESENT,
    MEMBER,
    PEER_JS,
    TOPIC
  }

  /**
   * What a fact is about: of each node there is one fact of a key.
   *
   * @param group what is looked up together: the members of one room, the sessions of one peer
   */
  record Key(Kind kind, String group, String name) {}

  Key key();

  /** A session of {@code puente.v1} and whether its client is connected. */
  record Present(String peerId, String sid, boolean isConnected) implements Fact {
    @Override
    public Key key() {
      return new Key(Kind.PRESENT, peerId, sid);
    }
  }

  /** Somebody in a room. */
  record Member(String room, String sid, Signal.Peer peer) implements Fact {
    @Override
    public Key key() {
      return new Key(Kind.MEMBER, room, peer.id());
    }
  }

  /** A client of PeerJS, and the token with which it may come back. */
  record PeerJs(String realm, String id, String token) implements Fact {
    @Override
    public Key key() {
      return new Key(Kind.PEER_JS, realm, id);
    }

    /** Without the token. */
    @Override
    public String toString() {
      return "PeerJs[" + id + "]";
    }
  }

  /** So many subscribers of a topic of y-webrtc. */
  record Topic(String name, int subscribers) implements Fact {
    @Override
    public Key key() {
      return new Key(Kind.TOPIC, name, "");
    }
  }
}
