package puente.admin;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import puente.admin.AdminServer.Identity;
import puente.admin.OperationsView.CertificateInfo;
import puente.admin.OperationsView.Configuration;
import puente.admin.OperationsView.Finding;
import puente.admin.OperationsView.Probe;
import puente.admin.OperationsView.SettingInfo;
import puente.admin.OperationsView.Validation;

/** How operations look on the wire. */
final class OperationsJson {

  /** As the alert rules have it. */
  private static final int DAYS_CRITICAL = 3;

  private static final int DAYS_WARNING = 14;

  private OperationsJson() {}

  static JsonObject of(Configuration config, Identity identity) {
    JsonArray settings = new JsonArray();
    config.settings().forEach(setting -> settings.add(of(setting)));
    return new JsonObject()
        .put("node", identity.node())
        .put("files", new JsonArray(config.files()))
        .put("settings", settings)
        .put("warnings", new JsonArray(config.warnings()));
  }

  private static JsonObject of(SettingInfo setting) {
    JsonObject json =
        new JsonObject()
            .put("word", setting.word())
            .put("origin", setting.origin())
            .put("group", setting.group())
            .put("help", setting.help())
            .put("secret", setting.isSecret())
            .put("reloadable", setting.isReloadable())
            .put("pending", setting.isPending());
    if (!setting.fallback().isEmpty()) {
      json.put("default", setting.fallback());
    }
    if (setting.isList()) {
      return json.put("values", new JsonArray(setting.values()));
    }
    return setting.values().isEmpty() ? json : json.put("value", setting.values().getLast());
  }

  static JsonObject of(Validation validation) {
    JsonArray changes = new JsonArray();
    validation
        .changes()
        .forEach(
            change ->
                changes.add(
                    new JsonObject()
                        .put("word", change.word())
                        .put("from", change.from())
                        .put("to", change.to())
                        .put("reloadable", change.isReloadable())));
    return new JsonObject()
        .put("ok", validation.errors().isEmpty())
        .put("errors", new JsonArray(validation.errors()))
        .put("warnings", new JsonArray(validation.warnings()))
        .put("changes", changes);
  }

  static JsonObject of(List<CertificateInfo> certificates, Instant now) {
    JsonArray list = new JsonArray();
    certificates.forEach(certificate -> list.add(of(certificate, now)));
    return new JsonObject().put("certs", list);
  }

  private static JsonObject of(CertificateInfo certificate, Instant now) {
    long days = Math.floorDiv(Duration.between(now, certificate.notAfter()).toSeconds(), 86_400L);
    JsonObject json =
        new JsonObject()
            .put("listener", certificate.listener())
            .put("subject", certificate.subject())
            .put("issuer", certificate.issuer())
            .put("names", new JsonArray(certificate.names()))
            .put("keyType", certificate.keyType())
            .put("notBefore", certificate.notBefore().toString())
            .put("notAfter", certificate.notAfter().toString())
            .put("daysLeft", days)
            .put("selfSigned", certificate.isSelfSigned())
            .put("fingerprint", certificate.fingerprint())
            .put("origin", certificate.origin());
    if (days < DAYS_WARNING) {
      return json.put("severity", days < DAYS_CRITICAL ? "critical" : "warning")
          .put("advice", "Put a new certificate in place of the file, then reload.");
    }
    if (certificate.isSelfSigned()) {
      return json.put("severity", "warning")
          .put("advice", "Browsers trust no self-signed certificate: set cert and pkey.");
    }
    return json.put("severity", "ok");
  }

  static JsonObject of(Finding finding) {
    JsonObject json =
        new JsonObject()
            .put("name", finding.name())
            .put("status", finding.status())
            .put("detail", finding.detail());
    return finding.advice().isEmpty() ? json : json.put("advice", finding.advice());
  }

  static JsonObject of(List<Probe> probes, Identity identity) {
    JsonArray all = new JsonArray();
    for (Probe probe : probes) {
      JsonArray ports = new JsonArray();
      probe
          .knocks()
          .forEach(
              knock ->
                  ports.add(
                      new JsonObject()
                          .put("kind", knock.kind())
                          .put("port", knock.port())
                          .put("reached", knock.isReached())));
      all.add(
          new JsonObject()
              .put("by", probe.by())
              .put("address", probe.address())
              .put("ports", ports));
    }
    return new JsonObject().put("node", identity.node()).put("probes", all);
  }

  static JsonObject of(NodeView.Check check) {
    return new JsonObject()
        .put("name", check.name())
        .put("status", check.passed() ? "pass" : "fail")
        .put("detail", check.detail());
  }
}
