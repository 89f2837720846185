package io.panamio.sys;

import java.lang.ref.Cleaner;

/**
 * Releases the resources of objects that became unreachable without being closed, in one daemon thread. The thread is
 * started by the first registration. It ends once nothing is registered and the class loader of the library is
 * unreachable.
 */
public final class Cleaning {
    private static volatile Cleaner cleaner;

    private Cleaning() {
    }

    /**
     * Registers an action that runs once {@code object} is unreachable, as {@link Cleaner#register} does. The action
     * runs at most once, and must not refer to {@code object}.
     */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        Cleaner c = cleaner;
        return (c == null ? start() : c).register(object, action);
    }

    /** Starts the cleaner. A static initializer that fails, because no thread is available, is never run again. */
    private static synchronized Cleaner start() {
        if (cleaner == null) {
            cleaner = Cleaner.create();
        }
        return cleaner;
    }
}
