package puente.turn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import puente.stun.Family;
import puente.stun.Transport;

/** Allocations that carry traffic, told from idle ones. */
class CensusTest {

  private static final String PEER = "192.0.2.99:5000";

  @Test
  void anAllocationIsActiveWhileItRelays() {
    Lab lab = new Lab(Lab.noAuth().build());
    Client client = lab.client("192.0.2.7:4000");
    client.allocates();
    client.sends(Sent.channelBind(0x4000, PEER)).succeeds();
    assertEquals(0, active(lab));
    client.sendsChannelData(0x4000, "x");
    assertEquals(1, active(lab));
    lab.passesSeconds(29);
    assertEquals(1, active(lab));
    lab.passesSeconds(2);
    assertEquals(0, active(lab));
  }

  private static long active(Lab lab) {
    new Census(lab.counters).take(lab.server, lab.now);
    return lab.counters.active(Transport.UDP, Family.IPV4);
  }
}
