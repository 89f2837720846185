package io.panamio.sys;

/** Where a {@link Selector} puts events: memory that is allocated once and read by index. */
public abstract class EventBuffer {
    /** For the platforms. */
    protected EventBuffer() {
    }

    /** How many events fit. */
    public abstract int capacity();

    /** The token of event {@code i}; {@code i} is not checked against the number of events. */
    public abstract long token(int i);

    /** The {@link Readiness} bits of event {@code i}; {@code i} is not checked against the number of events. */
    public abstract int readiness(int i);

    /** Sets event {@code i}, with {@link Readiness} bits. */
    protected abstract void set(int i, long token, int readiness);
}
