package puente.launcher;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints what another program's configuration needs to use this server. */
@Command(
    name = "snippet",
    header = {
      "What another program's configuration needs to use this server.",
      "",
      "  puente snippet prosody",
      "  puente snippet synapse --server turn.example.org",
      "  puente snippet jitsi -c /etc/turnserver.conf",
      ""
    },
    description =
        "Of: prosody, ejabberd, xep-0215, synapse, jitsi, nextcloud, livekit, janus, mediasoup.",
    sortOptions = false)
final class SnippetCommand implements Callable<Integer> {
  private static final String PROSODY =
      """
      -- prosody.cfg.lua (Prosody 0.12 and newer; XEP-0215)
      modules_enabled = { "turn_external" }  -- beside those you have
      turn_external_host = "%HOST%"
      turn_external_port = %PORT%
      turn_external_secret = "%SECRET%"
      turn_external_ttl = 86400
      turn_external_tcp = true
      """;
  private static final String EJABBERD =
      """
      # ejabberd.yml (XEP-0215); switch ejabberd's own TURN listener off
      modules:
        mod_stun_disco:
          credentials_lifetime: 12 hours
          secret: "%SECRET%"
          services:
            - {host: "%HOST%", port: %PORT%, type: stun, transport: udp, restricted: false}
            - {host: "%HOST%", port: %PORT%, type: turn, transport: udp, restricted: true}
            - {host: "%HOST%", port: %PORT%, type: turn, transport: tcp, restricted: true}
            - {host: "%HOST%", port: %TLSPORT%, type: turns, transport: tcp, restricted: true}
      """;
  private static final String XEP_0215 =
      """
      <!-- XEP-0215 External Service Discovery: what an XMPP server answers; ends %EXPIRES% -->
      <services xmlns='urn:xmpp:extdisco:2'>
        <service type='stun' host='%HOST%' port='%PORT%' transport='udp'/>
        <service type='turn' host='%HOST%' port='%PORT%' transport='udp' restricted='1'
                 username='%USERNAME%' password='%PASSWORD%' expires='%EXPIRES%'/>
        <service type='turn' host='%HOST%' port='%PORT%' transport='tcp' restricted='1'
                 username='%USERNAME%' password='%PASSWORD%' expires='%EXPIRES%'/>
        <service type='turns' host='%HOST%' port='%TLSPORT%' transport='tcp' restricted='1'
                 username='%USERNAME%' password='%PASSWORD%' expires='%EXPIRES%'/>
      </services>
      """;
  private static final String SYNAPSE =
      """
      # homeserver.yaml
      turn_uris:
      %URIS%
      turn_shared_secret: "%SECRET%"
      turn_user_lifetime: 86400000
      turn_allow_guests: false
      """;
  private static final String JITSI =
      """
      -- Prosody's file of your Jitsi domain: /etc/prosody/conf.avail/DOMAIN.cfg.lua
      external_service_secret = "%SECRET%";
      external_services = {
        { type = "stun", host = "%HOST%", port = %PORT% },
        { type = "turn", host = "%HOST%", port = %PORT%, transport = "udp",
          secret = true, ttl = 86400, algorithm = "turn" },
        { type = "turns", host = "%HOST%", port = %TLSPORT%, transport = "tcp",
          secret = true, ttl = 86400, algorithm = "turn" }
      };
      """;
  private static final String NEXTCLOUD =
      """
      # in the folder of Nextcloud, as its user; or in Settings, Talk
      php occ talk:stun:add "%HOST%:%PORT%"
      php occ talk:turn:add --secret="%SECRET%" turn "%HOST%:%PORT%" udp,tcp
      """;
  private static final String LIVEKIT =
      """
      # livekit.yaml: LiveKit takes fixed credentials, so this one ends %EXPIRES%.
      # Better let it last: puente serve --user=livekit:PASSWORD, and write these here.
      rtc:
        turn_servers:
          - host: "%HOST%"
            port: %PORT%
            protocol: udp
            username: "%USERNAME%"
            credential: "%PASSWORD%"
      """;
  private static final String JANUS =
      """
      # janus.jcfg: Janus asks for credentials over HTTP; api-key=janus:KEY makes the key
      nat: {
        stun_server = "%HOST%"
        stun_port = %PORT%
        turn_rest_api = "http://%HOST%:%HTTPPORT%/turn"
        turn_rest_api_key = "KEY"
        turn_rest_api_method = "GET"
      }
      """;
  private static final String MEDIASOUP =
      """
      // mediasoup is reached directly; its clients take iceServers when they make a transport.
      // In your server, with api-key=mediasoup:KEY:
      const answer = await fetch('http://%HOST%:%HTTPPORT%/api/v1/ice-servers', {
        method: 'POST',
        headers: { authorization: 'Bearer KEY', 'content-type': 'application/json' },
        body: JSON.stringify({ user: peerId, ttl: 3600 }),
      });
      const { iceServers } = await answer.json();
      // In the page: device.createSendTransport({ ...parameters, iceServers })
      """;

  private static final Map<String, String> TEMPLATES = new LinkedHashMap<>();

  static {
    TEMPLATES.put("prosody", PROSODY);
    TEMPLATES.put("ejabberd", EJABBERD);
    TEMPLATES.put("xep-0215", XEP_0215);
    TEMPLATES.put("synapse", SYNAPSE);
    TEMPLATES.put("jitsi", JITSI);
    TEMPLATES.put("nextcloud", NEXTCLOUD);
    TEMPLATES.put("livekit", LIVEKIT);
    TEMPLATES.put("janus", JANUS);
    TEMPLATES.put("mediasoup", MEDIASOUP);
  }

  private final Surroundings surroundings;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The program.")
  private String name;

  @Option(
      names = "--server",
      paramLabel = "HOST",
      description = "Name or address that clients reach the server by.")
  private Optional<String> server;

  @Mixin private final HelpOption help = new HelpOption();

  @SuppressWarnings("NullAway.Init") // picocli sets the annotated fields.
  SnippetCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws StartFailure {
    String template = TEMPLATES.get(name);
    if (template == null) {
      Optional<String> meant = Suggestion.nearest(name, TEMPLATES.keySet());
      throw StartFailure.configuration(
          "no snippet for "
              + SafeText.excerpt(name, 40)
              + meant.map(word -> "; did you mean " + word + "?").orElse("")
              + " There are: "
              + String.join(", ", TEMPLATES.keySet()));
    }
    Config config =
        ConfigLoader.load(
            SettingOptions.sources(spec.commandLine().getParseResult(), surroundings));
    surroundings.out().print(fill(template, config));
    return 0;
  }

  private String fill(String template, Config config) throws StartFailure {
    if (template.contains("%SECRET%") && !config.usesSharedSecret()) {
      throw StartFailure.configuration(
          "temporary credentials are off: the configuration has users only; add use-auth-secret");
    }
    IceUrls urls = new IceUrls(config, server, List.of());
    StringBuilder uris = new StringBuilder();
    urls.turn().forEach(url -> uris.append("  - \"").append(url).append("\"\n"));
    String filled =
        template
            .replace("%URIS%\n", uris)
            .replace("%HOST%", urls.host())
            .replace("%PORT%", "" + config.value(Settings.LISTENING_PORT))
            .replace("%TLSPORT%", "" + config.value(Settings.TLS_LISTENING_PORT))
            .replace("%HTTPPORT%", "" + config.value(HttpSettings.HTTP_PORT));
    if (!config.usesSharedSecret()) {
      return filled;
    }
    List<String> configured = config.all(Settings.STATIC_AUTH_SECRET);
    String secret =
        configured.isEmpty() ? StateDirectory.open(config).sharedSecret() : configured.getFirst();
    Credential credential =
        Credential.create(
            secret,
            name,
            surroundings.clock().instant().plus(java.time.Duration.ofDays(30)),
            config.value(Settings.REST_API_SEPARATOR));
    return filled
        .replace("%SECRET%", secret)
        .replace("%USERNAME%", credential.username())
        .replace("%PASSWORD%", credential.password())
        .replace("%EXPIRES%", credential.expires().toString());
  }
}
