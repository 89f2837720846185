package io.panamio.sys;

import java.lang.ref.Cleaner;

/**
 * Releases the resources of objects that users did not close, in one thread. The thread starts with the first such
 * object, and ends once everything is closed and the class loader of the library is no longer used.
 */
public final class Cleaning {
    private static volatile Cleaner cleaner;

    private Cleaning() {
    }

    /**
     * Runs {@code action}, which must not refer to {@code object}, once {@code object} is unreachable: {@link
     * Cleaner#register}.
     */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        Cleaner c = cleaner;
        return (c == null ? start() : c).register(object, action);
    }

    /** Starts the cleaner. Not a static initializer: one that fails, for lack of a thread, would fail forever. */
    private static synchronized Cleaner start() {
        if (cleaner == null) {
            cleaner = Cleaner.create();
        }
        return cleaner;
    }
}
