package puente.launcher;

import puente.signal.RendezvousDesk;
import puente.stun.TransportAddress;
import puente.turn.relay.Guests;

/** The rendezvous as a guest on the sockets of STUN and TURN. */
record NodeRendezvous(RendezvousDesk desk) implements Guests {
  @Override
  public int firstByte() {
    return RendezvousDesk.FIRST_BYTE;
  }

  @Override
  public int lengthMax() {
    return RendezvousDesk.LENGTH_MAX;
  }

  @Override
  public void onDatagram(byte[] datagram, TransportAddress from, Way way) {
    desk.onDatagram(datagram, from, way::send);
  }
}
