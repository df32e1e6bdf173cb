package puente.launcher;

import java.net.InetAddress;
import java.util.Locale;
import puente.stun.OpaqueString;

/** Which realm whoever comes so is asked for: {@code key realm}. */
record RealmRule(String key, String realm) {

  static RealmRule parse(String text) {
    String[] words = text.strip().split("\\s+", 2);
    if (words.length != 2) {
      throw new IllegalArgumentException("not a key and a realm");
    }
    return new RealmRule(words[0].toLowerCase(Locale.ROOT), OpaqueString.enforce(words[1]));
  }

  /** The key is an address of ours. */
  static RealmRule ofAddress(String text) {
    RealmRule rule = parse(text);
    Type.address(rule.key);
    return rule;
  }

  /** The same, one that peers can send to. */
  static RealmRule ofRelay(String text) {
    RealmRule rule = ofAddress(text);
    InetAddress ip = rule.address();
    if (ip.isAnyLocalAddress() || ip.isMulticastAddress()) {
      throw new IllegalArgumentException("not an address that peers can send to");
    }
    return rule;
  }

  /** The key, where it is an address. */
  InetAddress address() {
    return InetAddress.ofLiteral(key);
  }

  @Override
  public String toString() {
    return key + " " + realm;
  }
}
