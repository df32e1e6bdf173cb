package puente.net;

import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.VertxInternal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The event loops: one for each shard, and one for the control plane. They are Vert.x's own, so
 * that timers, TCP and HTTP of a loop run on the same thread as its datagrams. The two internal
 * calls of Vert.x that this takes are in this file and nowhere else.
 */
public final class EventLoops {

  /** Which way datagrams take. */
  public enum UdpIo {
    /** The fast one where it works, else java.nio. */
    AUTO,
    FFM,
    NIO
  }

  /** One shard's loop. */
  public record Loop(IoEventLoop eventLoop, Datagrams datagrams) {}

  private static final int BUFFER_SIZE = 4 << 20;

  private final Vertx vertx;
  private final boolean isNative;
  private final DescriptorHolder holder;
  private final List<Loop> shards = new ArrayList<>();
  private final Context control;

  private EventLoops(
      int count, boolean isNative, boolean gro, int bufferSize, DescriptorHolder holder) {
    this.isNative = isNative;
    this.holder = isNative ? holder : DescriptorHolder.none();
    VertxOptions options =
        new VertxOptions()
            .setEventLoopPoolSize(count + 1)
            .setPreferNativeTransport(isNative)
            .setFileSystemOptions(withoutCache());
    vertx = Vertx.vertx(options);
    Set<IoEventLoop> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    while (shards.size() < count) {
      IoEventLoop eventLoop = loopOf(newContext());
      if (!seen.add(eventLoop)) {
        throw new IllegalStateException("Vert.x gave the same event loop twice");
      }
      shards.add(new Loop(eventLoop, datagrams(eventLoop, gro, bufferSize)));
    }
    control = newContext();
  }

  /**
   * Nothing is read from jars by Vert.x here: it needs no directory to unpack them to, which would
   * stay behind whenever a process is killed.
   */
  public static FileSystemOptions withoutCache() {
    return new FileSystemOptions().setClassPathResolvingEnabled(false).setFileCachingEnabled(false);
  }

  /**
   * @param io which way datagrams take
   * @param gro whether to let the kernel join and cut datagrams
   * @param bufferSize bytes of kernel buffer, each way, of a socket that faces clients
   * @param holder who keeps the sockets open when this process ends
   * @throws IllegalArgumentException if {@code io} is FFM and this system does not have it
   */
  public static EventLoops open(
      int shards, UdpIo io, boolean gro, int bufferSize, DescriptorHolder holder) {
    boolean fast = io != UdpIo.NIO && canBeFast();
    if (io == UdpIo.FFM && !fast) {
      throw new IllegalArgumentException("udp-io=ffm needs Linux with epoll");
    }
    return new EventLoops(shards, fast, gro, bufferSize, holder);
  }

  /** The same with buffers of the usual size, and sockets that end with the process. */
  public static EventLoops open(int shards, UdpIo io, boolean gro) {
    return open(shards, io, gro, BUFFER_SIZE, DescriptorHolder.none());
  }

  /** Whether datagrams can take the fast way here; only then can another process hold sockets. */
  public static boolean canBeFast() {
    return Epoll.isAvailable() && Libc.isUsable();
  }

  /** Who keeps these loops' datagram sockets open when this process ends. */
  public DescriptorHolder holder() {
    return holder;
  }

  public Vertx vertx() {
    return vertx;
  }

  public List<Loop> shards() {
    return Collections.unmodifiableList(shards);
  }

  /** Where HTTP and the like run: never on a shard's loop. */
  public Context control() {
    return control;
  }

  /** Whether sockets are epoll's; several loops can then listen on one TCP port. */
  public boolean isNative() {
    return isNative;
  }

  /** Ends all loops; the sockets on them are closed. Waits for none: it may be called on one of them. */
  public CompletionStage<Void> close() {
    CompletableFuture<?>[] closing =
        shards.stream()
            .filter(shard -> !shard.eventLoop().isShuttingDown())
            .map(shard -> CompletableFuture.runAsync(shard.datagrams()::close, shard.eventLoop()))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(closing)
        .handle((closed, failure) -> null)
        .thenCompose(closed -> vertx.close().toCompletionStage());
  }

  private ContextInternal newContext() {
    return ((VertxInternal) vertx).createEventLoopContext();
  }

  private static IoEventLoop loopOf(ContextInternal context) {
    return (IoEventLoop) context.nettyEventLoop();
  }

  private Datagrams datagrams(IoEventLoop eventLoop, boolean gro, int bufferSize) {
    int shard = shards.size();
    return eventLoop
        .<Datagrams>submit(
            () ->
                isNative
                    ? new LinuxDatagrams(eventLoop, gro, bufferSize, holder, shard)
                    : new NioDatagrams(eventLoop, bufferSize))
        .syncUninterruptibly()
        .getNow();
  }
}
