package puente.turn;

import puente.stun.FiveTuple;
import puente.stun.Packet;
import puente.stun.TransportAddress;
import puente.turn.store.AllocationStore;

/** A world in which nothing happens, but for what a test makes of it. */
public class NoEffects implements Effects {
  @Override
  public void toClient(FiveTuple client, byte[] message, int length) {}

  @Override
  public void toClient(FiveTuple client, int channel, Packet packet, int offset, int length) {}

  @Override
  public void toClientFrom(
      TransportAddress from, FiveTuple client, TransportAddress to, byte[] bytes, int length) {}

  @Override
  public void toPeer(
      Relay relay, TransportAddress peer, Packet packet, int offset, int length, boolean df) {}

  @Override
  public void bind(Relay relay) {}

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
