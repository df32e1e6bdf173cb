package puente.turn.relay;

import puente.stun.Transport;
import puente.stun.TransportAddress;

/**
 * One of our addresses that clients reach us by.
 *
 * @param number what {@code Packet.listener} says of what came in by it; the same on every shard
 */
public record Endpoint(int number, Transport transport, TransportAddress local) {}
