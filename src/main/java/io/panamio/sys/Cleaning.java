package io.panamio.sys;

import java.lang.ref.Cleaner;

/**
 * Ends what users have dropped, in one thread, which starts with the first thing that could be dropped. It ends when
 * everything is closed and the class loader of the library is no longer in use.
 */
public final class Cleaning {
    private static volatile Cleaner cleaner;

    private Cleaning() {
    }

    /** Runs {@code action} when {@code object}, which it must not refer to, was dropped: {@link Cleaner#register}. */
    public static Cleaner.Cleanable register(Object object, Runnable action) {
        Cleaner c = cleaner;
        return (c == null ? start() : c).register(object, action);
    }

    /** Not an initializer: one that fails, as there is no room for a thread, would fail for ever. */
    private static synchronized Cleaner start() {
        if (cleaner == null) {
            cleaner = Cleaner.create();
        }
        return cleaner;
    }
}
