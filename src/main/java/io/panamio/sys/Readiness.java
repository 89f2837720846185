package io.panamio.sys;

/** The bits of an event and of an interest, the same on every platform. The first three are used for both. */
public final class Readiness {
    /** Data may be pending to read, or a connection to accept. */
    public static final int READABLE = 1;
    /** There may be room to write, or a connect has completed. */
    public static final int WRITABLE = 2;
    /** Priority (out-of-band) data is pending. */
    public static final int PRIORITY = 4;

    // ---- bits of an event

    /** An error is pending. */
    public static final int ERROR = 8;
    /** The read half is closed. */
    public static final int READ_CLOSED = 16;
    /** The write half is closed. */
    public static final int WRITE_CLOSED = 32;

    // ---- bits of an interest

    /** Hang-ups and errors only. */
    public static final int HANG_UP = 64;
    /** Level-triggered instead of edge-triggered. */
    public static final int LEVEL = 128;
    /** One event, then none until reregistered. */
    public static final int ONE_SHOT = 256;
    /** Of several selectors that watch the same descriptor, at least one reports an event, but not all need to. */
    public static final int EXCLUSIVE = 512;
    /** The descriptor is known to be pollable, not a regular file, so that a back end need not check it. */
    public static final int WATCHABLE = 1024;

    private Readiness() {
    }
}
