package puente.turn.relay;

import puente.net.Datagrams;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.Relay;

/** What comes in on a relay's socket. */
record PeerSide(Shard shard, Relay relay) implements Datagrams.Receiver {

  @Override
  public void onPacket(Packet packet) {
    shard.onPeerPacket(relay, packet);
  }

  @Override
  public void onIcmp(TransportAddress peer, int type, int code, int data) {
    shard.onPeerIcmp(relay, peer, type, code, data);
  }
}
