package puente.supervisor;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Signals of the operating system. {@code sun.misc.Signal} is the only way to them; it is reached by
 * reflection since the compiler rightly warns of the package.
 */
public final class Signals {
  private Signals() {}

  /** Calls back with the name on each of the named signals; returns those that cannot be had. */
  public static List<String> on(Consumer<String> receiver, String... names) {
    List<String> unavailable = new ArrayList<>();
    for (String name : names) {
      try {
        handle(name, receiver);
      } catch (ReflectiveOperationException e) {
        unavailable.add(name);
      }
    }
    return unavailable;
  }

  private static void handle(String name, Consumer<String> receiver)
      throws ReflectiveOperationException {
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object callback =
        Proxy.newProxyInstance(
            Signals.class.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "handle" -> {
                    receiver.accept(name);
                    yield null;
                  }
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> proxy == arguments[0];
                  default -> "handler of " + name;
                });
    try {
      signal
          .getMethod("handle", signal, handler)
          .invoke(null, signal.getConstructor(String.class).newInstance(name), callback);
    } catch (InvocationTargetException e) {
      // The virtual machine keeps some signals for itself, depending on its options.
      throw new ReflectiveOperationException(e.getCause());
    }
  }
}
