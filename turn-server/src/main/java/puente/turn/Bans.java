package puente.turn;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import puente.stun.AddressRange;
import puente.stun.TransportAddress;

/**
 * Who gets nothing any more: source addresses, whose requests are dropped unanswered, and users,
 * who are refused. Immutable; looking up an address makes no garbage and takes a few compares,
 * however many there are.
 */
public final class Bans {

  private static final Comparator<AddressRange> BY_FIRST =
      (a, b) ->
          a.firstHi() == b.firstHi()
              ? Long.compareUnsigned(a.firstLo(), b.firstLo())
              : Long.compareUnsigned(a.firstHi(), b.firstHi());

  public static final Bans NONE = new Bans(List.of(), Set.of());

  private final List<AddressRange> ipv4;
  private final List<AddressRange> ipv6;
  private final Set<String> users;

  /**
   * @param users whole usernames; for an ephemeral one also without its expiry
   */
  public Bans(Collection<AddressRange> ranges, Collection<String> users) {
    ipv4 = apart(ranges.stream().filter(AddressRange::isIpv4).toList());
    ipv6 = apart(ranges.stream().filter(range -> !range.isIpv4()).toList());
    this.users = Set.copyOf(users);
  }

  /** Sorted, and what overlaps is one: then one range at most can hold an address. */
  private static List<AddressRange> apart(List<AddressRange> ranges) {
    List<AddressRange> sorted = new ArrayList<>();
    for (AddressRange range : ranges.stream().sorted(BY_FIRST).toList()) {
      AddressRange last = sorted.isEmpty() ? null : sorted.getLast();
      if (last == null || !last.contains(range.firstHi(), range.firstLo())) {
        sorted.add(range);
      } else if (!last.contains(range.lastHi(), range.lastLo())) {
        sorted.set(
            sorted.size() - 1,
            new AddressRange(
                last.firstHi(), last.firstLo(), range.lastHi(), range.lastLo(), last.isIpv4()));
      }
    }
    return List.copyOf(sorted);
  }

  public boolean isEmpty() {
    return ipv4.isEmpty() && ipv6.isEmpty() && users.isEmpty();
  }

  public boolean hasAddress(TransportAddress address) {
    long hi = address.hi();
    long lo = address.lo();
    List<AddressRange> ranges = AddressRange.isIpv4(hi, lo) ? ipv4 : ipv6;
    int low = 0;
    int high = ranges.size() - 1;
    while (low <= high) {
      int mid = low + high >>> 1;
      AddressRange range = ranges.get(mid);
      if (range.contains(hi, lo)) {
        return true;
      }
      boolean isBefore =
          hi == range.firstHi()
              ? Long.compareUnsigned(lo, range.firstLo()) < 0
              : Long.compareUnsigned(hi, range.firstHi()) < 0;
      if (isBefore) {
        high = mid - 1;
      } else {
        low = mid + 1;
      }
    }
    return false;
  }

  boolean hasUser(Login login) {
    return !users.isEmpty() && (users.contains(login.user()) || users.contains(login.quotaUser()));
  }

  /** Whether this allocation's client or user is banned. */
  public boolean has(Allocation allocation) {
    return hasAddress(allocation.client().client()) || hasUser(allocation.login);
  }
}
