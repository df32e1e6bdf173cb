package puente.stun;

import java.util.Locale;

/**
 * A range of IP addresses, both ends included, read from literal text only: {@code a}, {@code a-b}
 * or {@code a/prefix}. No name is ever resolved.
 *
 * <p>An address is 128 bits in two halves; IPv4 {@code a.b.c.d} is its IPv4-mapped form, {@code hi
 * = 0} and {@code lo = 0x0000ffff_aabbccdd} (RFC 4291 §2.5.5.2). The two families never mix: a
 * range written in IPv6 contains no IPv4 address, neither {@code ::-ffff:...} nor {@code
 * ::ffff:0.0.0.0-::ffff:255.255.255.255}: much-copied rule lists deny the latter and mean the
 * mapped form, not all of IPv4. A part of the mapped block, such as {@code ::ffff:10.0.0.1}, is the
 * IPv4 range that it spells.
 *
 * @param firstHi upper half of the first address
 * @param firstLo lower half of the first address
 * @param lastHi upper half of the last address
 * @param lastLo lower half of the last address
 * @param isIpv4 whether this is a range of IPv4 addresses
 */
public record AddressRange(long firstHi, long firstLo, long lastHi, long lastLo, boolean isIpv4) {
  private static final long MAPPED = 0x0000_ffffL;
  private static final long MAPPED_FIRST = MAPPED << 32;
  private static final long MAPPED_LAST = MAPPED << 32 | 0xffff_ffffL;
  private static final int IPV4_BITS = 32;
  private static final int IPV6_BITS = 128;

  /** Two IPv6 literals with an embedded IPv4 tail each, a dash and some spaces. */
  private static final int TEXT_LENGTH_MAX = 100;

  public AddressRange {
    if (Long.compareUnsigned(firstHi, lastHi) > 0
        || (firstHi == lastHi && Long.compareUnsigned(firstLo, lastLo) > 0)) {
      throw new IllegalArgumentException("the range ends before it starts");
    }
  }

  /**
   * Reads {@code ip}, {@code ip-ip} or {@code ip/prefix}.
   *
   * @throws IllegalArgumentException with one line that says what is wrong
   */
  public static AddressRange parse(String text) {
    if (text.length() > TEXT_LENGTH_MAX) {
      throw new IllegalArgumentException("longer than any address range");
    }
    int slash = text.indexOf('/');
    if (slash >= 0) {
      return prefix(text.substring(0, slash), text.substring(slash + 1));
    }
    int dash = text.indexOf('-');
    if (dash < 0) {
      Literal one = Literal.parse(text.strip());
      return between(one.hi, one.lo, one.hi, one.lo, one.ipv4Text);
    }
    Literal first = Literal.parse(text.substring(0, dash).strip());
    Literal last = Literal.parse(text.substring(dash + 1).strip());
    if (first.ipv4Text != last.ipv4Text) {
      throw new IllegalArgumentException("the two ends are of different address families");
    }
    return between(first.hi, first.lo, last.hi, last.lo, first.ipv4Text);
  }

  private static AddressRange between(
      long firstHi, long firstLo, long lastHi, long lastLo, boolean ipv4Text) {
    boolean mapped = isIpv4(firstHi, firstLo) && isIpv4(lastHi, lastLo);
    boolean wholeBlock = firstLo == MAPPED_FIRST && lastLo == MAPPED_LAST;
    boolean ipv4 = ipv4Text || (mapped && !wholeBlock);
    return new AddressRange(firstHi, firstLo, lastHi, lastLo, ipv4);
  }

  /** Whether the 128 bits are an IPv4 address in its IPv4-mapped form. */
  public static boolean isIpv4(long hi, long lo) {
    return hi == 0 && lo >>> IPV4_BITS == MAPPED;
  }

  public boolean contains(long hi, long lo) {
    return isIpv4(hi, lo) == isIpv4
        && notAfter(firstHi, firstLo, hi, lo)
        && notAfter(hi, lo, lastHi, lastLo);
  }

  private static boolean notAfter(long hi, long lo, long otherHi, long otherLo) {
    return hi == otherHi
        ? Long.compareUnsigned(lo, otherLo) <= 0
        : Long.compareUnsigned(hi, otherHi) < 0;
  }

  /** The range as {@link #parse} reads it. */
  @Override
  public String toString() {
    String first = text(firstHi, firstLo, isIpv4);
    return firstHi == lastHi && firstLo == lastLo
        ? first
        : first + "-" + text(lastHi, lastLo, isIpv4);
  }

  private static AddressRange prefix(String address, String digits) {
    Literal base = Literal.parse(address.strip());
    int length = decimal(digits.strip(), base.ipv4Text ? IPV4_BITS : IPV6_BITS, "prefix length");
    int hostBits = (base.ipv4Text ? IPV4_BITS : IPV6_BITS) - length;
    long loMask = hostBits >= Long.SIZE ? -1L : (1L << hostBits) - 1;
    long hiMask = hostBits <= Long.SIZE ? 0 : ones(hostBits - Long.SIZE);
    if ((base.hi & hiMask) != 0 || (base.lo & loMask) != 0) {
      // Guessing the network would silently widen a rule of the operator's.
      String network = text(base.hi & ~hiMask, base.lo & ~loMask, base.ipv4Text);
      throw new IllegalArgumentException(
          "bits are set beyond the prefix; the network is " + network + "/" + length);
    }
    return between(base.hi, base.lo, base.hi | hiMask, base.lo | loMask, base.ipv4Text);
  }

  private static long ones(int count) {
    return count >= Long.SIZE ? -1L : (1L << count) - 1;
  }

  private static int decimal(String digits, int max, String what) {
    int value = 0;
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      // Leading zeros are octal to some readers and decimal to others: nobody gets to guess.
      if (digit < '0' || digit > '9' || (i > 0 && value == 0) || i > 2) {
        throw new IllegalArgumentException("not a " + what);
      }
      value = value * 10 + (digit - '0');
    }
    if (digits.isEmpty() || value > max) {
      throw new IllegalArgumentException("not a " + what + " (0-" + max + ")");
    }
    return value;
  }

  private static String text(long hi, long lo, boolean ipv4) {
    if (ipv4) {
      return (lo >>> 24 & 0xff)
          + "."
          + (lo >>> 16 & 0xff)
          + "."
          + (lo >>> 8 & 0xff)
          + "."
          + (lo & 0xff);
    }
    int[] groups = new int[Literal.GROUPS];
    for (int i = 0; i < groups.length; i++) {
      groups[i] = (int) ((i < 4 ? hi : lo) >>> (48 - 16 * (i % 4)) & 0xffff);
    }
    return compressed(groups);
  }

  /** RFC 5952 §4.2: the first longest run of two or more zero groups becomes {@code ::}. */
  private static String compressed(int[] groups) {
    int start = -1;
    int length = 1;
    for (int i = 0; i < groups.length; i++) {
      int run = i;
      while (run < groups.length && groups[run] == 0) {
        run++;
      }
      if (run - i > length) {
        start = i;
        length = run - i;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
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
    return text.toString().toLowerCase(Locale.ROOT);
  }

  /** One address as written; {@code ipv4Text} says whether it was in dotted form. */
  private record Literal(long hi, long lo, boolean ipv4Text) {
    static final int GROUPS = 8;

    static Literal parse(String text) {
      return text.indexOf(':') < 0 ? new Literal(0, MAPPED << 32 | ipv4(text), true) : ipv6(text);
    }

    private static long ipv4(String text) {
      String[] parts = text.split("\\.", -1);
      if (parts.length != 4) {
        throw new IllegalArgumentException("not an IP address");
      }
      long bits = 0;
      for (String part : parts) {
        bits = bits << 8 | decimal(part, 255, "part of an IPv4 address");
      }
      return bits;
    }

    /** RFC 4291 §2.2, all three forms. Zones and brackets are not part of an address. */
    private static Literal ipv6(String text) {
      int gap = text.indexOf("::");
      if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
        throw notIpv6();
      }
      int[] head = groups(gap < 0 ? text : text.substring(0, gap), gap < 0);
      int[] tail = gap < 0 ? new int[0] : groups(text.substring(gap + 2), true);
      int written = head.length + tail.length;
      if (gap < 0 ? written != GROUPS : written >= GROUPS) {
        throw notIpv6();
      }
      int[] all = new int[GROUPS];
      System.arraycopy(head, 0, all, 0, head.length);
      System.arraycopy(tail, 0, all, GROUPS - tail.length, tail.length);
      long hi = 0;
      long lo = 0;
      for (int i = 0; i < GROUPS / 2; i++) {
        hi = hi << 16 | all[i];
        lo = lo << 16 | all[i + GROUPS / 2];
      }
      return new Literal(hi, lo, false);
    }

    private static int[] groups(String text, boolean last) {
      if (text.isEmpty()) {
        return new int[0];
      }
      String[] parts = text.split(":", -1);
      boolean dotted = last && parts[parts.length - 1].indexOf('.') >= 0;
      int[] groups = new int[parts.length + (dotted ? 1 : 0)];
      int hexParts = dotted ? parts.length - 1 : parts.length;
      for (int i = 0; i < hexParts; i++) {
        groups[i] = hex(parts[i]);
      }
      if (dotted) {
        long bits = ipv4(parts[parts.length - 1]);
        groups[groups.length - 2] = (int) (bits >>> 16);
        groups[groups.length - 1] = (int) (bits & 0xffff);
      }
      return groups;
    }

    private static int hex(String digits) {
      if (digits.isEmpty() || digits.length() > 4) {
        throw notIpv6();
      }
      int value = 0;
      for (int i = 0; i < digits.length(); i++) {
        // Character.digit also takes digits of other scripts, which no address contains.
        int digit = digits.charAt(i) < 0x80 ? Character.digit(digits.charAt(i), 16) : -1;
        if (digit < 0) {
          throw notIpv6();
        }
        value = value << 4 | digit;
      }
      return value;
    }

    private static IllegalArgumentException notIpv6() {
      return new IllegalArgumentException("not an IPv6 address");
    }
  }
}
