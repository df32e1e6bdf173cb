package puente.launcher;

import java.util.List;
import java.util.Optional;

/** What the admin API may do with a running node, beside what it sees of it. */
interface NodeControl {
  /** As it was read last, without what operators added. */
  Config given();

  /** What is in force. */
  Config effective();

  /** What it was started with. */
  Config started();

  AddedAccess added();

  StateDirectory state();

  /** Its certificate, where it has one. */
  Optional<NodeTls> tls();

  List<Listening> listening();

  /**
   * Takes over a new configuration.
   *
   * @return why the listeners are as before, where they should not be
   */
  Optional<String> reload(Config given) throws StartFailure;

  /**
   * Takes over what operators added, keeps it, and tells the other nodes.
   *
   * @param base what was changed; what other nodes have said meanwhile stays
   * @throws StartFailure if it does not go with the configuration; nothing has changed then
   */
  void apply(AddedAccess base, AddedAccess next) throws StartFailure;

  void revoke(String username);
}
