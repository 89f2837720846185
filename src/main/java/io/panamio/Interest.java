package io.panamio;

import io.panamio.sys.Readiness;
import java.util.StringJoiner;

/**
 * What to watch a source for: mio's {@code Interest}, and what epoll(7) has beyond it. Never empty. Errors and
 * hang-ups are reported whatever the interest, as the system does. There is one object for each value, so {@code ==}
 * compares them.
 *
 * <h2>Other than edges</h2>
 * By default an event reports an edge: a change. {@link #level}, {@link #oneShot} and {@link #exclusive} make it
 * something else, one registration at a time; on systems without epoll the first two are emulated, and the third
 * changes nothing.
 */
public final class Interest {
    private static final int DIRECTIONS = Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY;
    private static final int WHAT = DIRECTIONS | Readiness.HANG_UP;
    private static final Interest[] ALL = new Interest[128];

    static {
        for (int i = 0; i < ALL.length; i++) {
            int bits = i & DIRECTIONS | i >> 3 << 6;
            if ((bits & WHAT) != 0) {
                ALL[i] = new Interest(bits);
            }
        }
    }

    /** Data to read, a connection to accept, the peer's end of stream. */
    public static final Interest READABLE = of(Readiness.READABLE);

    /** Room to write, and the end of a connect. */
    public static final Interest WRITABLE = of(Readiness.WRITABLE);

    /**
     * Priority (out-of-band) data; on Linux alone. Whoever watches a stream socket for {@link #READABLE} watches for
     * this, too, see {@link Events#isPriority}.
     */
    public static final Interest PRIORITY = of(Readiness.PRIORITY);

    /**
     * Nothing but that the peer has ended, or that there is an error: EPOLLRDHUP alone. For a source that is not to be
     * read for now; the event is read-closed. mio has no such interest.
     */
    public static final Interest HANG_UP = of(Readiness.HANG_UP);

    private final int bits;

    private Interest(int bits) {
        this.bits = bits;
    }

    /** The three directions are the lowest bits, the others follow from the seventh on. */
    private static Interest of(int bits) {
        return ALL[bits & DIRECTIONS | bits >> 6 << 3];
    }

    int bits() {
        return bits;
    }

    /** The bits, and PRIORITY if this watches for READABLE; but the kernel refuses that with {@link #exclusive}. */
    int bitsWithUrgent() {
        return (bits & (Readiness.READABLE | Readiness.EXCLUSIVE)) == Readiness.READABLE ? bits | Readiness.PRIORITY
            : bits;
    }

    /**
     * This interest and another.
     *
     * @param other what to add
     * @return both
     * @throws IllegalArgumentException if one is {@link #exclusive} and the other does not go with that
     */
    public Interest add(Interest other) {
        return checked(bits | other.bits);
    }

    /**
     * This interest without another.
     *
     * @param other what to take away
     * @return what remains, or null if nothing is left to watch for
     */
    public Interest remove(Interest other) {
        return of(bits & ~other.bits);
    }

    /**
     * This interest, level-triggered: every poll reports the source for as long as it is ready, as {@code java.nio}
     * does.
     *
     * @return the interest
     */
    public Interest level() {
        return of(bits | Readiness.LEVEL);
    }

    /**
     * This interest for one event, after which the source stays registered and silent until it is reregistered:
     * EPOLLONESHOT. So a source can be handed to another thread without a second event for it.
     *
     * @return the interest
     * @throws IllegalArgumentException if this is {@link #exclusive}
     */
    public Interest oneShot() {
        return checked(bits | Readiness.ONE_SHOT);
    }

    /**
     * This interest, where several Polls watch the same thing, such as one listener by way of duplicates of its
     * descriptor, and one of them is enough: EPOLLEXCLUSIVE. The system wakes one at least, maybe more. The kernel has
     * rules for it: a hang-up of the peer is not told as read-closed until both directions have ended, and the source
     * cannot be reregistered (that is an IOException, EINVAL), but deregistered and registered; and urgent data is not
     * told, so that a stream has to be read until {@link IoResult#WOULD_BLOCK}.
     *
     * @return the interest
     * @throws IllegalArgumentException if this is one-shot, or watches for priority data or hang-ups alone
     */
    public Interest exclusive() {
        return checked(bits | Readiness.EXCLUSIVE);
    }

    /** The kernel refuses EPOLLEXCLUSIVE with others than these. */
    private static Interest checked(int bits) {
        int others = bits & (Readiness.ONE_SHOT | Readiness.PRIORITY | Readiness.HANG_UP);
        if ((bits & Readiness.EXCLUSIVE) != 0 && others != 0) {
            throw new IllegalArgumentException("EPOLLEXCLUSIVE does not go with " + of(bits & ~Readiness.EXCLUSIVE));
        }
        return of(bits);
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
