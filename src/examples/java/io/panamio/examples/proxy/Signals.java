package io.panamio.examples.proxy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Signals to this process, by {@code sun.misc.Signal} of the module jdk.unsupported. It is called by reflection because
 * javac warns about each use of it.
 */
final class Signals {
    private Signals() {
    }

    /**
     * Runs an action, in a new thread, each time a signal is delivered. Does nothing if this system has no such signal,
     * as Windows has no USR1 and HUP.
     *
     * @param name the name of the signal, without SIG
     * @param action the action, which must be thread-safe
     * @throws UnsupportedOperationException if this JVM does not allow it, for example because of -Xrs
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
            Object one;
            try {
                one = signal.getConstructor(String.class).newInstance(name);
            } catch (InvocationTargetException e) {
                return; // unknown on this system
            }
            signal.getMethod("handle", signal, handler).invoke(null, one, proxy);
        } catch (InvocationTargetException e) {
            throw new UnsupportedOperationException(e.getCause().getMessage(), e);
        } catch (ReflectiveOperationException e) {
            throw new UnsupportedOperationException("this JVM has no sun.misc.Signal", e);
        }
    }
}
