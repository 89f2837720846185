package io.panamio.sys;

/**
 * What an event says, as bits that are the same on every platform. The first three are also the bits of an interest.
 */
public final class Readiness {
    /** There may be something to read, or a connection to accept. */
    public static final int READABLE = 1;
    /** There may be room to write, or a connect has ended. */
    public static final int WRITABLE = 2;
    /** Priority (out-of-band) data. */
    public static final int PRIORITY = 4;
    /** An error is pending. */
    public static final int ERROR = 8;
    /** Nothing more will come in. */
    public static final int READ_CLOSED = 16;
    /** Nothing more can be sent. */
    public static final int WRITE_CLOSED = 32;

    // ---- bits of an interest alone

    /** Nothing but hang-ups and errors. */
    public static final int HANG_UP = 64;
    /** Levels instead of edges. */
    public static final int LEVEL = 128;
    /** One event, and then none until registered anew. */
    public static final int ONE_SHOT = 256;
    /** One of several selectors that watch the same thing is enough. */
    public static final int EXCLUSIVE = 512;
    /** No file, which is always ready, but what can be watched: a back end need not make sure of that. */
    public static final int WATCHABLE = 1024;

    private Readiness() {
    }
}
