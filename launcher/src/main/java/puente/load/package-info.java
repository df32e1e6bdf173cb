/** The load lab's generator for STUN and TURN: open loop, batched, verified. */
@org.jspecify.annotations.NullMarked
package puente.load;
