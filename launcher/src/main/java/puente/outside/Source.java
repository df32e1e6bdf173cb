package puente.outside;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Who can be asked for the address of this host, and how each wants to be asked. */
interface Source {

  /** As it is named in logs. */
  String name();

  /** The addresses of this host, at most one of each family; none if it does not know. */
  List<InetAddress> ask() throws IOException, InterruptedException;

  /** Every cloud whose way is known. They share an address and know themselves by what is asked. */
  static List<Source> clouds(Metadata metadata) {
    return List.of(
        new Aws(metadata),
        new Gcp(metadata),
        new Azure(metadata),
        new Hetzner(metadata),
        new DigitalOcean(metadata));
  }

  /** Version 2: nothing is told without a token, which a forwarded request cannot get. */
  record Aws(Metadata metadata) implements Source {
    private static final String TOKEN = "X-aws-ec2-metadata-token";

    @Override
    public String name() {
      return "aws-imdsv2";
    }

    @Override
    public List<InetAddress> ask() throws IOException, InterruptedException {
      Optional<String> token =
          metadata.put("/latest/api/token", "X-aws-ec2-metadata-token-ttl-seconds", "60");
      if (token.isEmpty()) {
        return List.of();
      }
      List<InetAddress> found = new ArrayList<>();
      for (String path : List.of("/latest/meta-data/public-ipv4", "/latest/meta-data/ipv6")) {
        metadata.get(path, TOKEN, token.get()).flatMap(Metadata::address).ifPresent(found::add);
      }
      return found;
    }
  }

  record Gcp(Metadata metadata) implements Source {
    private static final String INTERFACE = "/computeMetadata/v1/instance/network-interfaces/0/";

    @Override
    public String name() {
      return "gcp";
    }

    @Override
    public List<InetAddress> ask() throws IOException, InterruptedException {
      List<InetAddress> found = new ArrayList<>();
      for (String path : List.of("access-configs/0/external-ip", "ipv6s")) {
        metadata
            .get(INTERFACE + path, "Metadata-Flavor", "Google")
            .flatMap(text -> Metadata.address(text.lines().findFirst().orElse("")))
            .ifPresent(found::add);
      }
      return found;
    }
  }

  /** A public address of the Standard SKU is told by the load balancer's page only. */
  record Azure(Metadata metadata) implements Source {
    @Override
    public String name() {
      return "azure";
    }

    @Override
    public List<InetAddress> ask() throws IOException, InterruptedException {
      List<InetAddress> found = new ArrayList<>();
      List<String> inside = new ArrayList<>();
      Optional<JsonObject> network = page("/metadata/instance/network?api-version=2021-02-01");
      for (JsonObject card : objects(network, "interface")) {
        for (String family : List.of("ipv4", "ipv6")) {
          Optional<JsonObject> part = Optional.ofNullable(card.getJsonObject(family));
          for (JsonObject address : objects(part, "ipAddress")) {
            inside.add(address.getString("privateIpAddress", ""));
            Metadata.address(address.getString("publicIpAddress", "")).ifPresent(found::add);
          }
        }
      }
      if (found.isEmpty() && network.isPresent()) {
        balanced(inside, found);
      }
      return found;
    }

    private void balanced(List<String> inside, List<InetAddress> found)
        throws IOException, InterruptedException {
      Optional<JsonObject> balancer =
          page("/metadata/loadbalancer?api-version=2020-10-01")
              .map(page -> page.getJsonObject("loadbalancer"));
      for (JsonObject address : objects(balancer, "publicIpAddresses")) {
        if (inside.contains(address.getString("privateIpAddress", ""))) {
          Metadata.address(address.getString("frontendIpAddress", "")).ifPresent(found::add);
        }
      }
    }

    private Optional<JsonObject> page(String path) throws IOException, InterruptedException {
      try {
        return metadata.get(path, "Metadata", "true").map(JsonObject::new);
      } catch (DecodeException other) {
        return Optional.empty();
      }
    }

    private static List<JsonObject> objects(Optional<JsonObject> holder, String name) {
      JsonArray array = holder.map(object -> object.getJsonArray(name)).orElse(null);
      return array == null
          ? List.of()
          : array.stream()
              .filter(JsonObject.class::isInstance)
              .map(JsonObject.class::cast)
              .toList();
    }
  }

  record Hetzner(Metadata metadata) implements Source {
    @Override
    public String name() {
      return "hetzner";
    }

    @Override
    public List<InetAddress> ask() throws IOException, InterruptedException {
      return metadata
          .get("/hetzner/v1/metadata/public-ipv4")
          .flatMap(Metadata::address)
          .map(List::of)
          .orElse(List.of());
    }
  }

  /** A reserved address goes before the droplet's own, which clients may not know. */
  record DigitalOcean(Metadata metadata) implements Source {
    private static final String RESERVED = "/metadata/v1/reserved_ip/ipv4/";
    private static final String PUBLIC = "/metadata/v1/interfaces/public/0/";

    @Override
    public String name() {
      return "digitalocean";
    }

    @Override
    public List<InetAddress> ask() throws IOException, InterruptedException {
      List<InetAddress> found = new ArrayList<>();
      boolean reserved = metadata.get(RESERVED + "active").filter("true"::equals).isPresent();
      String ipv4 = reserved ? RESERVED + "ip_address" : PUBLIC + "ipv4/address";
      for (String path : List.of(ipv4, PUBLIC + "ipv6/address")) {
        metadata.get(path).flatMap(Metadata::address).ifPresent(found::add);
      }
      return found;
    }
  }
}
