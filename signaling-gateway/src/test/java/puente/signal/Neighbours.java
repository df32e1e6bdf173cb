package puente.signal;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Several gateways in one process, which tell each other things on a thread of their own. */
final class Neighbours implements AutoCloseable {
  private final Map<String, OtherNodes.Listener> listeners = new ConcurrentHashMap<>();
  private final List<Runnable> changes = new CopyOnWriteArrayList<>();
  private final Set<String> living = ConcurrentHashMap.newKeySet();
  private final ExecutorService messenger = Executors.newSingleThreadExecutor();

  OtherNodes node(String name) {
    living.add(name);
    changes.forEach(Runnable::run);
    return new OtherNodes() {
      @Override
      public String own() {
        return name;
      }

      @Override
      public Set<String> living() {
        return Set.copyOf(living);
      }

      @Override
      public boolean tell(String node, byte[] body) {
        if (!living.contains(node) || !living.contains(name)) {
          return false;
        }
        messenger.execute(
            () -> {
              Listener listener = listeners.get(node);
              if (listener != null) {
                listener.on(name, body);
              }
            });
        return true;
      }

      @Override
      public void listen(Listener listener) {
        listeners.put(name, listener);
      }

      @Override
      public void onChange(Runnable listener) {
        changes.add(listener);
      }
    };
  }

  /** The others notice at once. */
  void dies(String name) {
    living.remove(name);
    listeners.remove(name);
    changes.forEach(Runnable::run);
  }

  @Override
  public void close() {
    messenger.shutdownNow();
  }
}
