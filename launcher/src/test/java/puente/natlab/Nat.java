package puente.natlab;

/**
 * What a router does with UDP (RFC 4787 §4, §5; RFC 3489 §5 gave the names). The kernel's own NAT is
 * a port-restricted or symmetric one; wider filters are a set of what went out, which is looked at
 * before anything is translated. Behind each router is one host, so a mapping needs no table: the
 * port stays the same.
 */
enum Nat {
  OPEN("no NAT", "none"),
  FULL_CONE("full cone", "full cone"),
  ADDRESS_RESTRICTED("address", "address-restricted"),
  PORT_RESTRICTED("port", "port-restricted"),
  SYMMETRIC("symmetric", "symmetric"),
  BLOCKED("no UDP", "no UDP"),
  TLS_ONLY("443 alone", "no UDP");

  private final String title;
  private final String said;

  Nat(String title, String said) {
    this.title = title;
    this.said = said;
  }

  /** How /nat begins behind it. */
  String said() {
    return said;
  }

  String title() {
    return title;
  }

  /** Whether two hosts behind these can have a direct UDP path at all. */
  static boolean opens(Nat a, Nat b) {
    if (a.ordinal() >= BLOCKED.ordinal() || b.ordinal() >= BLOCKED.ordinal()) {
      return false;
    }
    boolean blind = a == SYMMETRIC && b.ordinal() >= PORT_RESTRICTED.ordinal();
    return !blind && !(b == SYMMETRIC && a == PORT_RESTRICTED);
  }

  /** The best path that two hosts behind these can have; a TCP NAT here filters by port. */
  static String path(Nat a, Nat b) {
    if (opens(a, b)) {
      return "direct UDP";
    }
    if (a == TLS_ONLY || b == TLS_ONLY) {
      return "relay";
    }
    boolean isSymmetric = a == SYMMETRIC || b == SYMMETRIC;
    return !isSymmetric || a == OPEN || b == OPEN ? "direct TCP" : "relay";
  }

  /** Rules of nftables for a router with the interfaces {@code in} and {@code out}. */
  String rules(String host) {
    String rules =
        switch (this) {
          case OPEN -> "";
          case FULL_CONE -> cone("inet_service", "udp sport", "udp dport", host);
          case ADDRESS_RESTRICTED ->
              cone(
                  "inet_service . ipv4_addr", "udp sport . ip daddr", "udp dport . ip saddr", host);
          case PORT_RESTRICTED ->
              cone(
                  "inet_service . ipv4_addr . inet_service",
                  "udp sport . ip daddr . udp dport",
                  "udp dport . ip saddr . udp sport",
                  host);
          case SYMMETRIC -> masquerade("masquerade fully-random");
          case BLOCKED ->
              masquerade("masquerade")
                  + "chain block { type filter hook forward priority 0; meta l4proto udp drop; }\n";
          case TLS_ONLY ->
              masquerade("masquerade")
                  + "chain block { type filter hook forward priority 0; iifname \"in\" tcp dport"
                  + " != 443 drop; meta l4proto != tcp drop; }\n";
        };
    return "flush ruleset\ntable ip lab {\n" + rules + "}\n";
  }

  private static String cone(String type, String went, String comes, String host) {
    return "set open { type "
        + type
        + "; flags dynamic,timeout; timeout 2m; size 65535; }\n"
        + "chain went { type filter hook forward priority 0; iifname \"in\" meta l4proto udp update"
        + " @open { "
        + went
        + " }; }\n"
        + "chain comes { type filter hook prerouting priority -150; iifname \"out\" meta l4proto"
        + " udp "
        + comes
        + " != @open drop; }\n"
        + "chain back { type nat hook prerouting priority -100; iifname \"out\" meta l4proto udp"
        + " dnat to "
        + host
        + "; }\n"
        + masquerade("masquerade");
  }

  private static String masquerade(String how) {
    return "chain out { type nat hook postrouting priority 100; oifname \"out\" "
        + how
        + "; }\n"
        // A home router does not say that nobody listens: silence, as after a drop on the way.
        + "chain own { type filter hook input priority 0; iifname \"out\" meta l4proto { udp, tcp }"
        + " drop; }\n"
        // The outside has no way to the addresses inside, though the laboratory's routers know one.
        + "chain inner { type filter hook prerouting priority -310; iifname \"out\" ip daddr"
        + " 10.0.0.0/8 drop; }\n";
  }
}
