package puente.peer;

import java.io.IOException;
import java.util.Set;
import puente.stun.Family;

/** Two peers have no address of the same family; a relay may have one for each. */
final class FamilyMismatch extends IOException {
  private static final long serialVersionUID = 1;

  private final transient Set<Family> wanted;

  /**
   * @param wanted any of these would do
   */
  FamilyMismatch(String message, Set<Family> wanted) {
    super(message);
    this.wanted = Set.copyOf(wanted);
  }

  Set<Family> wanted() {
    return wanted;
  }
}
