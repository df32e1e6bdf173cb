package puente.doctor;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import puente.doctor.Finding.Part;
import puente.outside.OutsideAddress;

/** Whether clients are told the address by which the world reaches this host. */
public final class AddressCheck {
  private final List<InetAddress> told;
  private final boolean isAutomatic;
  private final OutsideAddress.Answer outside;

  /**
   * @param told the addresses that clients are told
   * @param isAutomatic whether they are found anew at each start
   * @param outside what the cloud and STUN say
   */
  public AddressCheck(List<InetAddress> told, boolean isAutomatic, OutsideAddress.Answer outside) {
    this.told = told;
    this.isAutomatic = isAutomatic;
    this.outside = outside;
  }

  public Finding finding() {
    Optional<OutsideAddress.Found> known =
        outside.addresses().stream()
            .filter(
                one -> told.stream().anyMatch(own -> own.getClass() == one.address().getClass()))
            .findFirst();
    if (isAutomatic) {
      return Finding.good(Part.HOST, "external address", "external-ip=auto, found at each start");
    }
    if (known.isEmpty()) {
      return Finding.skipped(
          Part.HOST, "external address", "nobody outside says which it is: " + text(told));
    }
    OutsideAddress.Found seen = known.get();
    String address = seen.address().getHostAddress();
    return told.contains(seen.address())
        ? Finding.good(Part.HOST, "external address", address + ", as " + seen.source() + " says")
        : Finding.problem(
            Part.HOST,
            "external address",
            "clients are told " + text(told) + ", but " + seen.source() + " says " + address,
            "external-ip=" + address + ", or external-ip=auto.");
  }

  private static String text(List<InetAddress> addresses) {
    return String.join(" ", addresses.stream().map(InetAddress::getHostAddress).toList());
  }
}
