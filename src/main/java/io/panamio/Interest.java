package io.panamio;

import io.panamio.sys.Readiness;

/**
 * What to watch a source for: mio's {@code Interest}. Never empty. Errors and hang-ups are reported whatever the
 * interest, as the system does. There is one object for each value, so {@code ==} compares them.
 */
public final class Interest {
    private static final Interest[] ALL = new Interest[8];

    static {
        for (int bits = 1; bits < ALL.length; bits++) {
            ALL[bits] = new Interest(bits);
        }
    }

    /** Data to read, a connection to accept, the peer's end of stream. */
    public static final Interest READABLE = ALL[Readiness.READABLE];

    /** Room to write, and the end of a connect. */
    public static final Interest WRITABLE = ALL[Readiness.WRITABLE];

    /** Priority (out-of-band) data; on Linux alone. */
    public static final Interest PRIORITY = ALL[Readiness.PRIORITY];

    private final int bits;

    private Interest(int bits) {
        this.bits = bits;
    }

    int bits() {
        return bits;
    }

    /**
     * This interest and another.
     *
     * @param other what to add
     * @return both
     */
    public Interest add(Interest other) {
        return ALL[bits | other.bits];
    }

    /**
     * This interest without another.
     *
     * @param other what to take away
     * @return what remains, or null if that is nothing
     */
    public Interest remove(Interest other) {
        return ALL[bits & ~other.bits];
    }

    /**
     * Whether this is in it.
     *
     * @return true if {@link #READABLE} is
     */
    public boolean isReadable() {
        return (bits & Readiness.READABLE) != 0;
    }

    /**
     * Whether this is in it.
     *
     * @return true if {@link #WRITABLE} is
     */
    public boolean isWritable() {
        return (bits & Readiness.WRITABLE) != 0;
    }

    /**
     * Whether this is in it.
     *
     * @return true if {@link #PRIORITY} is
     */
    public boolean isPriority() {
        return (bits & Readiness.PRIORITY) != 0;
    }

    /** The names, joined by {@code |}. */
    @Override
    public String toString() {
        StringBuilder s = new StringBuilder();
        if (isReadable()) {
            s.append("READABLE");
        }
        if (isWritable()) {
            s.append(s.isEmpty() ? "" : " | ").append("WRITABLE");
        }
        if (isPriority()) {
            s.append(s.isEmpty() ? "" : " | ").append("PRIORITY");
        }
        return s.toString();
    }
}
