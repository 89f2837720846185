package io.panamio.examples.proxy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Signals to the process, by {@code sun.misc.Signal} of the module jdk.unsupported. It is reached by reflection, as a
 * compiler warns about each use of it.
 */
final class Signals {
    private Signals() {
    }

    /**
     * Runs something, in a thread of the JVM's, whenever a signal comes.
     *
     * @throws UnsupportedOperationException if this JVM does not hand it out, as with -Xrs
     */
    static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(handler.getClassLoader(), new Class<?>[] {handler},
                (self, method, arguments) -> {
                    action.run();
                    return null;
                });
            signal.getMethod("handle", signal, handler)
                .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (InvocationTargetException e) {
            throw new UnsupportedOperationException(e.getCause().getMessage(), e);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException("this JVM has no sun.misc.Signal", e);
        }
    }
}
