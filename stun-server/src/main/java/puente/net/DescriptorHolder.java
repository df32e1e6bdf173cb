package puente.net;

import puente.stun.TransportAddress;

/**
 * Another process that keeps our sockets open. While it holds them the kernel goes on queueing what
 * arrives, whatever becomes of this process; the next one adopts them with their queues. Each
 * socket has a key. Nothing here waits for the other process.
 */
public interface DescriptorHolder {

  /** The descriptor that a former process left under this key, now ours; -1 if there is none. */
  int adopt(String key);

  /** Whether a former process left something under this key that nobody has adopted yet. */
  boolean has(String key);

  /** Asks for this descriptor to be held. It may be closed here at once. */
  void hold(String key, int descriptor);

  /** Lets go: the socket is to close when it is closed here. */
  void release(String key);

  /** Lets go of what a former process left and nobody adopted. */
  void releaseRest();

  /** Nobody holds anything: sockets close with the process. */
  static DescriptorHolder none() {
    return Nobody.INSTANCE;
  }

  /** The key of one shard's socket on a listening address. */
  static String listenerKey(TransportAddress local, int shard) {
    return "udp/" + local + "/" + shard;
  }

  /** The key of an allocation's socket. */
  static String relayKey(TransportAddress local) {
    return "relay/" + local;
  }

  /** See {@link #none}. */
  class Nobody implements DescriptorHolder {
    private static final DescriptorHolder INSTANCE = new Nobody();

    @Override
    public int adopt(String key) {
      return -1;
    }

    @Override
    public boolean has(String key) {
      return false;
    }

    @Override
    public void hold(String key, int descriptor) {}

    @Override
    public void release(String key) {}

    @Override
    public void releaseRest() {}
  }
}
