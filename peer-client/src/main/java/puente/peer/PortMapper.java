package puente.peer;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.xml.parsers.ParserConfigurationException;
import org.bitlet.weupnp.GatewayDevice;
import org.bitlet.weupnp.GatewayDiscover;
import org.jspecify.annotations.Nullable;
import org.xml.sax.SAXException;

/**
 * Asks the router at home for a port of its own that leads to one of ours, where it lends any: by
 * PCP, NAT-PMP, or UPnP (weupnp). It is looked for behind; until it is found, ports are not mapped.
 */
final class PortMapper implements AutoCloseable {
  /** RFC 6886 §3.3 recommends it. A path that is open needs the mapping no longer. */
  private static final int LIFE_SECONDS = 7200;

  private static final int HTTP_MS = 2_000;
  private static final long CLOSE_MS = 1_500;

  static {
    // What a stranger in the network says of himself as XML has nothing to fetch.
    System.setProperty("javax.xml.accessExternalDTD", "");
  }

  /** A router that lends ports. */
  private interface Lender {
    InetSocketAddress lend(boolean tcp, int port) throws IOException;

    void giveBack(boolean tcp, int port, int outer) throws IOException;
  }

  /** A port of the router's. */
  final class Mapping implements AutoCloseable {
    private final Lender lender;
    private final boolean tcp;
    private final int port;
    private final InetSocketAddress outer;

    private Mapping(Lender lender, boolean tcp, int port) throws IOException {
      this.lender = lender;
      this.tcp = tcp;
      this.port = port;
      outer = lender.lend(tcp, port);
    }

    InetSocketAddress outer() {
      return outer;
    }

    @Override
    public void close() {
      try {
        workers.execute(
            () -> {
              try {
                lender.giveBack(tcp, port, outer.getPort());
              } catch (IOException forgotten) {
                return; // PCP's and NAT-PMP's end by themselves
              }
            });
      } catch (RejectedExecutionException closed) {
        return;
      }
    }
  }

  private final ExecutorService workers =
      Executors.newCachedThreadPool(
          work -> Thread.ofPlatform().daemon().name("port mapping").unstarted(work));
  private final Consumer<String> found;
  private final AtomicBoolean isSearched = new AtomicBoolean();
  private volatile @Nullable InetAddress inner;
  private volatile @Nullable Lender lender;

  /**
   * @param found told in words when there is such a router
   */
  PortMapper(Consumer<String> found) {
    this.found = found;
  }

  /** Once, on the side from which this address is reached. */
  void search(InetSocketAddress outside) {
    if (!outside.getAddress().isLoopbackAddress() && isSearched.compareAndSet(false, true)) {
      workers.execute(() -> search(outside, this::pcpOrNatPmp));
      workers.execute(() -> search(outside, local -> upnp()));
    }
  }

  private interface Search {
    @Nullable Lender lender(InetAddress local) throws IOException;
  }

  private void search(InetSocketAddress outside, Search search) {
    try {
      InetAddress local = Routes.towards(outside);
      Lender one = search.lender(local);
      synchronized (this) {
        if (one != null && lender == null) {
          inner = local;
          lender = one;
        }
      }
    } catch (IOException none) {
      return; // most have none
    }
  }

  /** The port of the router's, if it lends one and this is the address that it knows. */
  @Nullable Mapping map(boolean tcp, InetSocketAddress own) {
    Lender from = lender;
    if (from == null || !own.getAddress().equals(inner)) {
      return null;
    }
    try {
      return new Mapping(from, tcp, own.getPort());
    } catch (IOException refused) {
      return null;
    }
  }

  /** A router that knows only the elder one says so at once (RFC 6887 §9), or nothing at all. */
  private Lender pcpOrNatPmp(InetAddress local) throws IOException {
    InetAddress router = router(local);
    try {
      return pcp(router, local);
    } catch (IOException another) {
      return natPmp(router);
    }
  }

  private Lender pcp(InetAddress router, InetAddress local) throws IOException {
    byte[] nonce = new byte[Pcp.NONCE_BYTES];
    new SecureRandom().nextBytes(nonce);
    Pcp protocol = new Pcp(new InetSocketAddress(router, NatPmp.PORT), local, nonce);
    protocol.greet();
    found.accept("the router " + router.getHostAddress() + " lends ports (PCP)");
    return new Lender() {
      @Override
      public InetSocketAddress lend(boolean tcp, int port) throws IOException {
        return protocol.map(tcp, port, LIFE_SECONDS);
      }

      @Override
      public void giveBack(boolean tcp, int port, int outerPort) throws IOException {
        protocol.giveBack(tcp, port);
      }
    };
  }

  private Lender natPmp(InetAddress router) throws IOException {
    NatPmp protocol = new NatPmp(new InetSocketAddress(router, NatPmp.PORT));
    InetAddress outer = protocol.address();
    found.accept("the router " + router.getHostAddress() + " lends ports (NAT-PMP)");
    return new Lender() {
      @Override
      public InetSocketAddress lend(boolean tcp, int port) throws IOException {
        return new InetSocketAddress(outer, protocol.map(tcp, port, LIFE_SECONDS));
      }

      @Override
      public void giveBack(boolean tcp, int port, int outerPort) throws IOException {
        protocol.map(tcp, port, 0);
      }
    };
  }

  /** Linux says which; elsewhere the first address of the network mostly is it. */
  private static InetAddress router(InetAddress local) throws IOException {
    Path routes = Path.of("/proc/net/route");
    if (Files.isReadable(routes)) {
      for (String line : Files.readAllLines(routes, StandardCharsets.US_ASCII)) {
        String[] words = line.trim().split("\\s+");
        if (words.length > 2 && words[1].equals("00000000")) {
          int address = Integer.parseUnsignedInt(words[2], 16);
          return InetAddress.getByAddress(
              ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(address).array());
        }
      }
    }
    if (!(local instanceof Inet4Address)) {
      throw new IOException("no router known");
    }
    byte[] guess = local.getAddress();
    guess[3] = 1;
    return InetAddress.getByAddress(guess);
  }

  private @Nullable Lender upnp() throws IOException {
    try {
      GatewayDevice.setHttpReadTimeout(HTTP_MS);
      GatewayDiscover search = new GatewayDiscover();
      search.discover();
      GatewayDevice router = search.getValidGateway();
      if (router == null) {
        return null;
      }
      InetAddress outer = InetAddress.ofLiteral(router.getExternalIPAddress());
      String inside = router.getLocalAddress().getHostAddress();
      found.accept("the router " + router.getFriendlyName() + " lends ports (UPnP)");
      return new Lender() {
        @Override
        public InetSocketAddress lend(boolean tcp, int port) throws IOException {
          return new InetSocketAddress(outer, upnpMap(router, inside, tcp, port));
        }

        @Override
        public void giveBack(boolean tcp, int port, int outerPort) throws IOException {
          try {
            router.deletePortMapping(outerPort, name(tcp));
          } catch (SAXException strange) {
            throw new IOException(strange);
          }
        }
      };
    } catch (SAXException | ParserConfigurationException | IllegalArgumentException strange) {
      throw new IOException(strange);
    }
  }

  private static int upnpMap(GatewayDevice router, String inside, boolean tcp, int port)
      throws IOException {
    try {
      if (!router.addPortMapping(port, port, inside, name(tcp), "puente")) {
        throw new IOException("the router refuses");
      }
      return port;
    } catch (SAXException strange) {
      throw new IOException(strange);
    }
  }

  private static String name(boolean tcp) {
    return tcp ? "TCP" : "UDP";
  }

  /** What was lent is given back, if the router takes it soon. */
  @Override
  public void close() {
    workers.shutdown();
    if (lender == null) {
      workers.shutdownNow(); // nothing was lent, and a search is not waited for
      return;
    }
    try {
      if (!workers.awaitTermination(CLOSE_MS, TimeUnit.MILLISECONDS)) {
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
