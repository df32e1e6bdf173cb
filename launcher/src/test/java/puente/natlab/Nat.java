package puente.natlab;

/**
 * What a router does with UDP (RFC 4787 §4, §5; RFC 3489 §5 gave the names). The kernel's own NAT is
 * a port-restricted or symmetric one; wider filters are a set of what went out, which is looked at
 * before anything is translated. Behind each router is one host, so a mapping needs no table: the
 * port stays the same. With IPv6 there is no NAT, but a firewall that lets in answers alone (RFC 6092
 * §3): of those that come last some have IPv4 behind a NAT, too, and some have none.
 */
enum Nat {
  OPEN("no NAT", "none"),
  FULL_CONE("full cone", "full cone"),
  ADDRESS_RESTRICTED("address", "address-restricted"),
  PORT_RESTRICTED("port", "port-restricted"),
  SYMMETRIC("symmetric", "symmetric"),
  BLOCKED("no UDP", "no UDP"),
  TLS_ONLY("443 alone", "no UDP"),
  DUAL("port + IPv6", "port-restricted"),
  DUAL_SYMMETRIC("symm. + IPv6", "symmetric"),
  IPV6("IPv6 alone", "none, but a firewall"),
  IPV6_BLOCKED("IPv6, no UDP", "no UDP");

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

  boolean hasIpv6() {
    return ordinal() >= DUAL.ordinal();
  }

  boolean hasIpv4() {
    return ordinal() < IPV6.ordinal();
  }

  /** What it is where both hosts have IPv4. */
  private Nat ofIpv4() {
    return switch (this) {
      case DUAL -> PORT_RESTRICTED;
      case DUAL_SYMMETRIC -> SYMMETRIC;
      default -> this;
    };
  }

  /** Whether two hosts behind these can have a direct UDP path at all. */
  static boolean opens(Nat a, Nat b) {
    if (a.hasIpv6() && b.hasIpv6()) {
      return a != IPV6_BLOCKED && b != IPV6_BLOCKED;
    }
    return a.hasIpv4() && b.hasIpv4() && opensByIpv4(a.ofIpv4(), b.ofIpv4());
  }

  private static boolean opensByIpv4(Nat a, Nat b) {
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
    if (a.hasIpv6() && b.hasIpv6()) {
      return "direct TCP";
    }
    if (a == TLS_ONLY || b == TLS_ONLY || !a.hasIpv4() || !b.hasIpv4()) {
      return "relay";
    }
    boolean isSymmetric = a.ofIpv4() == SYMMETRIC || b.ofIpv4() == SYMMETRIC;
    return !isSymmetric || a == OPEN || b == OPEN ? "direct TCP" : "relay";
  }

  /** Rules of nftables for a router with the interfaces {@code in} and {@code out}. */
  String rules(String host) {
    return "flush ruleset\ntable ip lab {\n"
        + rulesOfIpv4(host)
        + "}\n"
        + (hasIpv6() ? "table ip6 lab {\n" + firewall() + "}\n" : "");
  }

  /** RFC 6092 §3.2: what nobody inside asked for stays outside. */
  private String firewall() {
    return "chain through { type filter hook forward priority 0; iifname \"out\" ct state"
        + " != { established, related } meta l4proto { udp, tcp } drop;"
        + (this == IPV6_BLOCKED ? " meta l4proto udp drop;" : "")
        + " }\n"
        + "chain own { type filter hook input priority 0; iifname \"out\" meta l4proto { udp, tcp }"
        + " drop; }\n";
  }

  private String rulesOfIpv4(String host) {
    return switch (this) {
      case OPEN, IPV6, IPV6_BLOCKED -> "";
      case FULL_CONE -> cone("inet_service", "udp sport", "udp dport", host);
      case ADDRESS_RESTRICTED ->
          cone("inet_service . ipv4_addr", "udp sport . ip daddr", "udp dport . ip saddr", host);
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
      case DUAL, DUAL_SYMMETRIC -> ofIpv4().rulesOfIpv4(host);
    };
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
