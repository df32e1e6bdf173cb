package puente.launcher;

import java.util.List;

/** The secret that commands beside a server make temporary credentials with. */
final class SigningSecret {
  private SigningSecret() {}

  /**
   * The configured one, else that of the state directory, which is made if it is not there.
   *
   * @throws StartFailure if temporary credentials are off
   */
  static String of(Config config, Surroundings surroundings) throws StartFailure {
    if (!config.usesSharedSecret()) {
      throw StartFailure.configuration(
          "temporary credentials are off: the configuration has users only; add use-auth-secret");
    }
    List<String> configured = config.all(Settings.STATIC_AUTH_SECRET);
    if (!configured.isEmpty()) {
      return configured.getFirst();
    }
    StateDirectory state = StateDirectory.open(config);
    if (!state.hasSharedSecret()) {
      String place = SafeText.escape(state.directory().toString());
      surroundings
          .err()
          .println(
              "puente: made a new secret; only a server with state-dir=" + place + " knows it");
    }
    // Operators may have rotated it over the admin API.
    List<String> added =
        AddedAccess.read(state)
            .over(config, state, surroundings.clock().instant())
            .all(Settings.STATIC_AUTH_SECRET);
    return added.isEmpty() ? state.sharedSecret() : added.getFirst();
  }
}
