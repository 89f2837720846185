package io.panamio.sys;

/**
 * The memory that a {@link Selector} puts events into: allocated once, read by index. Indexes are not checked against
 * the number of events.
 */
public abstract class EventBuffer {
    /** For subclasses, which are in the platforms. */
    protected EventBuffer() {
    }

    /** {@return the maximum number of events} */
    public abstract int capacity();

    /** {@return the token of event {@code i}} */
    public abstract long token(int i);

    /** {@return the {@link Readiness} bits of event {@code i}} */
    public abstract int readiness(int i);

    /**
     * Sets event {@code i}, whose readiness is {@link Readiness} bits. Called by {@link Selector} for events that the
     * system does not report; {@link #token} and {@link #readiness} must return these values.
     */
    protected abstract void set(int i, long token, int readiness);
}
