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

    /** Makes event {@code i} one of {@code token} that is readable. */
    protected abstract void setReadable(int i, long token);
}
