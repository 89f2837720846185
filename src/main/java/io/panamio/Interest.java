package io.panamio;

import io.panamio.sys.Readiness;
import java.util.StringJoiner;

/**
 * The set of conditions to watch a source for: mio's {@code Interest}, with the options of epoll(7). Immutable, never
 * empty, and cached: equal interests are the same object, so {@code ==} compares them.
 *
 * <p>Errors and hang-ups are always reported, whatever the interest.
 *
 * {@snippet file="LoopSnippets.java" region="interest"}
 *
 * <h2>Trigger modes</h2>
 * Events are edge-triggered by default: they report changes. {@link #level}, {@link #oneShot} and {@link #exclusive}
 * return interests with another mode. Level-triggered and one-shot interests work on every system; for exclusive
 * interests see {@link Feature#EXCLUSIVE}.
 */
public final class Interest {
    private static final int DIRECTIONS = Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY;
    private static final int WATCHED = DIRECTIONS | Readiness.HANG_UP;
    /** All interests by {@link #index}; null where there is no condition, only trigger modes. */
    private static final Interest[] ALL = new Interest[128];

    static {
        for (int i = 0; i < ALL.length; i++) {
            int bits = i & DIRECTIONS | i >> 3 << 6;
            if ((bits & WATCHED) != 0) {
                ALL[i] = new Interest(bits);
            }
        }
    }

    /** Readable: data, a connection to accept, or the end of the stream. */
    public static final Interest READABLE = of(Readiness.READABLE);

    /** Writable: room in the send buffer, or the completion of a connect. */
    public static final Interest WRITABLE = of(Readiness.WRITABLE);

    /**
     * Priority (out-of-band) data; see {@link Feature#PRIORITY}. For a stream socket, {@link #READABLE} includes it;
     * see {@link Events#isPriority}.
     */
    public static final Interest PRIORITY = of(Readiness.PRIORITY);

    /**
     * Only the end of the stream and errors (EPOLLRDHUP alone), for a source that is not read at the moment. The event
     * is {@linkplain Events#isReadClosed read-closed}. mio has no counterpart.
     */
    public static final Interest HANG_UP = of(Readiness.HANG_UP);

    private final int bits;

    private Interest(int bits) {
        this.bits = bits;
    }

    /** Returns the cached instance, or null if {@code bits} contains no condition. */
    private static Interest of(int bits) {
        return ALL[index(bits)];
    }

    /** Returns the bits without the gap of bits 3 to 5, which only events have. */
    private static int index(int bits) {
        return bits & DIRECTIONS | bits >> 6 << 3;
    }

    int bits() {
        return bits;
    }

    /**
     * Returns the bits, including PRIORITY if this contains READABLE. An exclusive interest is returned unchanged, as
     * it cannot contain PRIORITY.
     */
    int bitsWithUrgent() {
        return (bits & (Readiness.READABLE | Readiness.EXCLUSIVE)) == Readiness.READABLE ? bits | Readiness.PRIORITY
            : bits;
    }

    /**
     * Returns the union of this interest and another.
     *
     * @param other the interest to add
     * @return the union
     * @throws IllegalArgumentException if one is {@link #exclusive} and the other cannot be combined with it
     */
    public Interest add(Interest other) {
        return checked(bits | other.bits);
    }

    /**
     * Returns this interest without the conditions and trigger modes of another.
     *
     * @param other the interest to remove
     * @return the difference, or {@code null} if no condition is left
     */
    public Interest remove(Interest other) {
        return of(bits & ~other.bits);
    }

    /**
     * Returns this interest, level-triggered: every poll reports the source for as long as it is ready, as a {@code
     * java.nio} selector does.
     *
     * @return the level-triggered interest
     */
    public Interest level() {
        return of(bits | Readiness.LEVEL);
    }

    /**
     * Returns this interest for a single event: after it, the source stays registered but is not reported until it is
     * reregistered (EPOLLONESHOT). Use it to hand a source over to another thread: no further event is reported while
     * that thread uses it.
     *
     * @return the one-shot interest
     * @throws IllegalArgumentException if this is {@link #exclusive}
     */
    public Interest oneShot() {
        return checked(bits | Readiness.ONE_SHOT);
    }

    /**
     * Returns this interest for a file that several Polls watch, such as one listener through duplicates of its
     * descriptor: an event wakes at least one of them, not necessarily all. Where {@link Feature#EXCLUSIVE} is
     * emulated, all of them are woken; where it is refused, registering the interest throws.
     *
     * <p>On every system, such an interest contains only {@link #READABLE} and {@link #WRITABLE}, edge-triggered or
     * level-triggered. Where the feature is supported, that is with epoll on Linux:
     * <ul>
     * <li>A hang-up of the peer is reported as read-closed only once both directions are closed.
     * <li>The source cannot be reregistered: that throws an {@code IOException} (EINVAL). Deregister and register it
     *     instead.
     * <li>Priority data is not reported, so a stream must be read until {@link IoResult#WOULD_BLOCK}.
     * </ul>
     *
     * @return the exclusive interest
     * @throws IllegalArgumentException if this is one-shot or contains {@link #PRIORITY} or {@link #HANG_UP}
     */
    public Interest exclusive() {
        return checked(bits | Readiness.EXCLUSIVE);
    }

    /**
     * Returns the cached instance.
     *
     * @throws IllegalArgumentException if the bits combine EXCLUSIVE with one that is never exclusive
     */
    private static Interest checked(int bits) {
        int others = bits & (Readiness.ONE_SHOT | Readiness.PRIORITY | Readiness.HANG_UP);
        if ((bits & Readiness.EXCLUSIVE) != 0 && others != 0) {
            throw new IllegalArgumentException("exclusive cannot be combined with " + of(bits & ~Readiness.EXCLUSIVE));
        }
        return of(bits);
    }

    /** {@return whether this contains {@link #READABLE}} */
    public boolean isReadable() {
        return (bits & Readiness.READABLE) != 0;
    }

    /** {@return whether this contains {@link #WRITABLE}} */
    public boolean isWritable() {
        return (bits & Readiness.WRITABLE) != 0;
    }

    /** {@return whether this contains {@link #PRIORITY}} */
    public boolean isPriority() {
        return (bits & Readiness.PRIORITY) != 0;
    }

    /** {@return the names of the conditions and trigger modes, separated by {@code |}} */
    @Override
    public String toString() {
        StringJoiner s = new StringJoiner(" | ");
        String[] names = {"READABLE", "WRITABLE", "PRIORITY", "HANG_UP", "level", "one-shot", "exclusive"};
        for (int i = 0; i < names.length; i++) {
            if ((bits & (i < 3 ? 1 << i : 8 << i)) != 0) {
                s.add(names[i]);
            }
        }
        return s.toString();
    }
}
