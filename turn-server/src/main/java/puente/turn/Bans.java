package puente.turn;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
  private final Map<String, Integer> slotByUser = new HashMap<>();

  /**
   * @param users whole usernames; for an ephemeral one also without its expiry
   */
  public Bans(Collection<AddressRange> ranges, Collection<String> users) {
    ipv4 = apart(ranges.stream().filter(AddressRange::isIpv4).toList());
    ipv6 = apart(ranges.stream().filter(range -> !range.isIpv4()).toList());
    for (String user : users) {
      slotByUser.putIfAbsent(user, ipv4.size() + ipv6.size() + slotByUser.size());
    }
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
    return slots() == 0;
  }

  /** How many there are, when networks that overlap are one. */
  int slots() {
    return ipv4.size() + ipv6.size() + slotByUser.size();
  }

  public boolean hasAddress(TransportAddress address) {
    return slotOf(address.hi(), address.lo()) >= 0;
  }

  /** Which ban holds this address; -1 if none does. */
  int slotOf(long hi, long lo) {
    boolean isIpv4 = AddressRange.isIpv4(hi, lo);
    List<AddressRange> ranges = isIpv4 ? ipv4 : ipv6;
    int low = 0;
    int high = ranges.size() - 1;
    while (low <= high) {
      int mid = low + high >>> 1;
      AddressRange range = ranges.get(mid);
      if (range.contains(hi, lo)) {
        return isIpv4 ? mid : ipv4.size() + mid;
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
    return -1;
  }

  /** Which ban is this user's; -1 if none is. */
  int slotOf(Login login) {
    int slot = slotOf(login.user());
    return slot >= 0 ? slot : slotOf(login.quotaUser());
  }

  int slotOf(String user) {
    return slotByUser.getOrDefault(user, -1);
  }

  /** Adds what was counted for these bans to the counts of the next. */
  void carry(long[] hits, Bans next, long[] nextHits) {
    for (int i = 0; i < ipv4.size(); i++) {
      carry(hits[i], next.slotOf(ipv4.get(i).firstHi(), ipv4.get(i).firstLo()), nextHits);
    }
    for (int i = 0; i < ipv6.size(); i++) {
      AddressRange range = ipv6.get(i);
      long count = hits[ipv4.size() + i];
      carry(count, next.slotOf(range.firstHi(), range.firstLo()), nextHits);
    }
    slotByUser.forEach((user, slot) -> carry(hits[slot], next.slotOf(user), nextHits));
  }

  private static void carry(long count, int slot, long[] nextHits) {
    if (slot >= 0) {
      nextHits[slot] += count;
    }
  }

  /** Whether this allocation's client or user is banned. */
  public boolean has(Allocation allocation) {
    return hasAddress(allocation.client().client()) || slotOf(allocation.login) >= 0;
  }
}
