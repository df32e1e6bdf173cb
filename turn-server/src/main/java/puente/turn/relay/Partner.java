package puente.turn.relay;

import puente.stun.BindingConfig.Square;
import puente.stun.TransportAddress;

/**
 * Another node, which lends its address for behaviour discovery (RFC 5780): it sends what is to
 * come from there.
 *
 * @param square our address, and that of the other node
 * @param link where the other node's {@link ForwardLink} is
 */
public record Partner(Square square, TransportAddress link) {}
