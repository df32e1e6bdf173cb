package puente.bench;

import org.jspecify.annotations.Nullable;
import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.Allocation;
import puente.turn.Effects;
import puente.turn.Relay;
import puente.turn.store.AllocationStore;

/** A world in which nothing happens but counting. */
final class NoEffects implements Effects {

  int packets;
  @Nullable Relay bound;

  @Override
  public void toClient(FiveTuple client, byte[] message, int length) {}

  @Override
  public void toClient(FiveTuple client, int channel, Packet packet, int offset, int length) {
    packets++;
  }

  @Override
  public void toClientFrom(
      TransportAddress from, FiveTuple client, TransportAddress to, byte[] bytes, int length) {}

  @Override
  public void toPeer(
      Relay relay, TransportAddress peer, Packet packet, int offset, int length, boolean df) {
    packets++;
  }

  @Override
  public void bind(Relay relay) {
    bound = relay;
  }

  @Override
  public void unbind(Relay relay) {}

  @Override
  public void ask(AllocationStore.Question question) {}

  @Override
  public Whereabouts elsewhere(Packet packet, boolean byTicket) {
    return Whereabouts.NOWHERE;
  }

  @Override
  public void keep(Allocation allocation) {}

  @Override
  public void forget(FiveTuple client) {}

  @Override
  public void closeClient(FiveTuple client) {}
}
