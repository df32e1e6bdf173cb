package puente.turn;

import puente.stun.TransportAddress;

/**
 * A peer that an allocation has a permission or a channel for, as it was when somebody looked.
 *
 * @param address of a permission its port is 0
 * @param channel 0 for a permission
 * @param expiresMs of the permission or of the channel
 * @param bytesUp to this IP address, by whatever channel; 0 for a channel
 */
public record AllocationPeer(
    TransportAddress address, int channel, long expiresMs, long bytesUp, long bytesDown) {}
