package puente.signal;

/** Where credentials end before their time. */
public interface Revocations {
  /** From now on the TURN server refuses this username. */
  void revoke(String username);
}
