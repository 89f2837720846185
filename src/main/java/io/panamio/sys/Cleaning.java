package io.panamio.sys;

import java.lang.ref.Cleaner;

/** Ends what users have dropped, in one thread, which starts with the first thing that could be dropped. */
public final class Cleaning {
    /** What is registered here must not refer to what it belongs to. */
    public static final Cleaner CLEANER = Cleaner.create();

    private Cleaning() {
    }
}
