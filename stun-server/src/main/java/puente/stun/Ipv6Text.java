package puente.stun;

/** IPv6 addresses as text, in the canonical form of RFC 5952 §4. */
final class Ipv6Text {

  private static final int GROUPS = 8;

  private Ipv6Text() {}

  static String format(long hi, long lo) {
    if (TransportAddress.isMapped(hi, lo)) {
      // RFC 5952 §5: the prefix says that an IPv4 address is embedded.
      return "::ffff:" + TransportAddress.dotted((int) lo);
    }
    int[] groups = new int[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
      groups[i] = (int) ((i < 4 ? hi : lo) >>> 16 * (3 - i % 4)) & 0xffff;
    }
    int start = -1;
    int length = 1;
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && groups[end] == 0) {
        end++;
      }
      if (end - i > length) {
        start = i;
        length = end - i;
      }
    }
    return join(groups, start, length);
  }

  /** Joins the groups; those from {@code start} on, {@code length} of them, become "::". */
  private static String join(int[] groups, int start, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == start) {
        text.append("::");
        i += length - 1;
        continue;
      }
      if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }
}
