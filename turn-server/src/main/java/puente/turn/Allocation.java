package puente.turn;

/** An allocation (RFC 8656 §3.2). */
public final class Allocation {}
