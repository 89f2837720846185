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

    private Readiness() {
    }
}
