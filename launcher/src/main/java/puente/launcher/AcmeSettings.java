package puente.launcher;

import static puente.launcher.Setting.row;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import puente.launcher.Setting.Group;

/** The rows of the table of {@link Settings} that are about certificates made by themselves. */
final class AcmeSettings {
  private static final List<Setting<?>> ROWS = new ArrayList<>();

  static final Setting<Duration> CERT_CHECK_INTERVAL =
      row(
              Group.TLS,
              "cert-check-interval",
              Type.duration(Duration.ZERO, Duration.ofDays(1)),
              "How often it is looked whether the files of cert and pkey have changed; they are taken "
                  + "at the next look that finds them at rest. 0 leaves that to a reload.")
          .fallback("10s")
          .in(ROWS);
  static final Setting<String> DOMAIN =
      row(
              Group.TLS,
              "acme-domain",
              Type.TEXT,
              "Name to get a certificate for from an ACME authority (RFC 8555); several times. By "
                  + "giving it you agree to the terms of acme-directory. cert goes before it.")
          .replaces()
          .in(ROWS);
  static final Setting<String> EMAIL =
      row(
              Group.TLS,
              "acme-email",
              Type.TEXT,
              "Address that the authority may write to when something is wrong.")
          .in(ROWS);
  static final Setting<String> DIRECTORY =
      row(Group.TLS, "acme-directory", Type.TEXT, "Directory URL of the authority.")
          .fallback("https://acme-v02.api.letsencrypt.org/directory")
          .in(ROWS);
  static final Setting<Path> CA_FILE =
      row(
              Group.TLS,
              "acme-ca-file",
              Type.PATH,
              "Certificates (PEM) that the HTTPS of a private authority is checked against, instead "
                  + "of those that everybody trusts.")
          .in(ROWS);
  static final Setting<String> CHALLENGE =
      row(
              Group.TLS,
              "acme-challenge",
              Type.oneOf("http-01", "tls-alpn-01", "dns-01"),
              "How the name is shown to be ours: on http-port (which must be 80 from outside), on "
                  + "tls-listening-port (443 from outside), or in the DNS by acme-dns-hook.")
          .fallback("http-01")
          .in(ROWS);
  static final Setting<Path> DNS_HOOK =
      row(
              Group.TLS,
              "acme-dns-hook",
              Type.PATH,
              "Program for dns-01, called with present or clear, the name of the TXT record and its"
                  + " value; it ends when that is done.")
          .in(ROWS);
  static final Setting<Duration> TIMEOUT =
      row(
              Group.TLS,
              "acme-timeout",
              Type.duration(Duration.ofSeconds(1), Duration.ofHours(1)),
              "How long each step of an order may take.")
          .fallback("120")
          .in(ROWS);

  private AcmeSettings() {}

  static void addTo(List<Setting<?>> all) {
    all.addAll(ROWS);
  }
}
