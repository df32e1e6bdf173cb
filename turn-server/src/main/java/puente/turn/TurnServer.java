package puente.turn;

/** The TURN server as a value. */
public final class TurnServer {}
