package puente.peer;

import org.ice4j.StunException;
import org.ice4j.TransportAddress;
import org.ice4j.attribute.Attribute;
import org.ice4j.attribute.RequestedAddressFamilyAttribute;
import org.ice4j.ice.HostCandidate;
import org.ice4j.ice.harvest.TurnCandidateHarvest;
import org.ice4j.ice.harvest.TurnCandidateHarvester;
import org.ice4j.message.Message;
import org.ice4j.message.Request;
import org.ice4j.security.LongTermCredential;
import org.ice4j.socket.RelayedCandidateDatagramSocket;
import org.ice4j.stack.TransactionID;
import org.jspecify.annotations.Nullable;
import puente.stun.Family;

/**
 * Asks a TURN server for a relay's address of one family, by whichever family the server itself is
 * reached (RFC 8656 §7.1): so a peer that has IPv4 alone and one that has IPv6 alone meet.
 */
final class FamilyHarvester extends TurnCandidateHarvester {
  private final Family family;

  FamilyHarvester(TransportAddress server, LongTermCredential login, Family family) {
    super(server, login);
    this.family = family;
  }

  @Override
  protected TurnCandidateHarvest createHarvest(HostCandidate host) {
    return new Harvest(this, host, family);
  }

  private static final class Harvest extends TurnCandidateHarvest {
    private final Family family;

    Harvest(FamilyHarvester harvester, HostCandidate host, Family family) {
      super(harvester, host);
      this.family = family;
    }

    @Override
    protected Request createRequestToStartResolvingCandidate() {
      return marked(super.createRequestToStartResolvingCandidate());
    }

    /** Once the server has said its realm. */
    @Override
    protected Request createRequestToRetry(Request request) {
      return marked(super.createRequestToRetry(request));
    }

    /**
     * CreatePermission and ChannelBind. An IPv6 address in them is XORed with the transaction id (RFC
     * 8489 §14.2), which ice4j would choose anew here.
     */
    @Override
    public byte @Nullable [] sendRequest(RelayedCandidateDatagramSocket socket, Request request)
        throws StunException {
      TransactionID id =
          TransactionID.createTransactionID(harvester.getStunStack(), request.getTransactionID());
      id.setApplicationData(socket);
      TransactionID sent = sendRequest(request, false, id);
      return sent == null ? null : sent.getBytes();
    }

    private Request marked(Request request) {
      if (request != null
          && request.getMessageType() == Message.ALLOCATE_REQUEST
          && !request.containsAttribute(Attribute.REQUESTED_ADDRESS_FAMILY)) {
        request.putAttribute(new Wanted(family));
      }
      return request;
    }
  }

  /** RFC 8656 §18.6. ice4j's own says that it is one byte long, and leaves out the other three. */
  private static final class Wanted extends RequestedAddressFamilyAttribute {
    private static final char LENGTH = 4;

    private final Family family;

    Wanted(Family family) {
      this.family = family;
      setFamily((char) family.code());
    }

    @Override
    public char getDataLength() {
      return LENGTH;
    }

    @Override
    public byte[] encode() {
      char type = getAttributeType();
      return new byte[] {(byte) (type >> 8), (byte) type, 0, LENGTH, (byte) family.code(), 0, 0, 0};
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Wanted that && that.family == family;
    }

    @Override
    public int hashCode() {
      return family.hashCode();
    }
  }
}
