package puente.supervisor;

import java.io.IOException;
import puente.net.UnixSocket;

/** A planned restart under way: who asked, and who is to take over. */
final class Restart {

  final Child next;
  private final UnixSocket asked;

  Restart(UnixSocket asked, Child next) {
    this.asked = asked;
    this.next = next;
  }

  static void answer(UnixSocket asked, String text) {
    try {
      asked.send(text);
    } catch (IOException gone) {
      // Who asked does not want to know any more; its socket is closed when its end is heard.
    }
  }

  void answer(String text) {
    answer(asked, text);
  }
}
