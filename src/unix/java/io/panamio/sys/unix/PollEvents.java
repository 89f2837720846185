package io.panamio.sys.unix;

import io.panamio.sys.EventBuffer;

/** The events of a {@link PollSelector}, on the heap: they are computed, not written by the system. */
public final class PollEvents extends EventBuffer {
    private final long[] tokens;
    private final int[] readiness;

    private PollEvents(int capacity) {
        tokens = new long[capacity];
        readiness = new int[capacity];
    }

    /**
     * Allocates room for {@code capacity} events. The return type is the superclass, so that the verifier does not load
     * this class for the caller.
     */
    public static EventBuffer withCapacity(int capacity) {
        return new PollEvents(capacity);
    }

    @Override
    public int capacity() {
        return tokens.length;
    }

    @Override
    public long token(int i) {
        return tokens[i];
    }

    @Override
    public int readiness(int i) {
        return readiness[i];
    }

    @Override
    protected void set(int i, long token, int bits) {
        tokens[i] = token;
        readiness[i] = bits;
    }
}
