package io.panamio.net;

import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that wait for one source of a {@link Poller}: at most one for each direction.
 *
 * <table>
 * <caption>The state of a direction</caption>
 * <tr><th>state</th><th>meaning</th><th>changed by</th></tr>
 * <tr><td>null</td><td>no thread waits, and no event has arrived since the last wait ended</td>
 *     <td>a wait that begins, an event, a close</td></tr>
 * <tr><td>a thread</td><td>it waits</td><td>the end of its wait, an event, a close</td></tr>
 * <tr><td>{@link #PERMIT}</td><td>an event has arrived: the wait ends, or the next one returns at once</td>
 *     <td>the end of a wait, a close</td></tr>
 * <tr><td>{@link #CLOSED}, {@link #ENDED}</td><td>the source, or its poller, is closed</td><td>nothing</td></tr>
 * </table>
 *
 * <p>Each change is one atomic instruction, so an event that arrives between an operation that would block and the wait
 * for it is never lost.
 */
final class Waits implements Runnable {
    static final int READ = 1;
    static final int WRITE = 2;
    static final int URGENT = 4;
    static final int ALL = READ | WRITE | URGENT;
    private static final int DIRECTIONS = 3;
    private static final VarHandle READER = state("reader");
    private static final VarHandle WRITER = state("writer");
    private static final VarHandle URGENT_READER = state("urgentReader");

    private static final Object PERMIT = "permit";
    /** The source is closed. */
    static final Object CLOSED = "closed";
    /** The poller is closed. */
    static final Object ENDED = "ended";

    final Poller poller;
    /** The source, if it has no handle whose close action is this; otherwise null. */
    final Object wrapper;
    long token;
    /** The directions that the source is registered for. */
    volatile int registered;
    /** The states; fields rather than an array, since there is one of this for each thread that waits. */
    private volatile Object reader;
    private volatile Object writer;
    private volatile Object urgentReader;

    Waits(Poller poller, Object wrapper, int directions) {
        this.poller = poller;
        this.wrapper = wrapper;
        this.registered = directions;
    }

    private static VarHandle state(String field) {
        try {
            return MethodHandles.lookup().findVarHandle(Waits.class, field, Object.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Object state(int i) {
        return switch (i) {
            case 0 -> reader;
            case 1 -> writer;
            default -> urgentReader;
        };
    }

    /** Sets a state if it is the expected one. Returns the previous state. */
    private Object exchange(int i, Object expected, Object state) {
        return switch (i) {
            case 0 -> READER.compareAndExchange(this, expected, state);
            case 1 -> WRITER.compareAndExchange(this, expected, state);
            default -> URGENT_READER.compareAndExchange(this, expected, state);
        };
    }

    // ---- for threads that wait

    /**
     * Waits until one of the directions may be ready, or the time has elapsed.
     *
     * @param nanos the maximum time in nanoseconds
     * @return false if the time has elapsed
     */
    boolean await(int directions, long nanos) throws ClosedChannelException, InterruptedIOException {
        Thread me = Thread.currentThread();
        if (me.isInterrupted()) {
            throw interrupted();
        }
        enter(directions, me);
        boolean ready;
        try {
            long start = System.nanoTime();
            long left = nanos;
            while (left > 0 && isWaiting(directions, me) && !me.isInterrupted()) {
                LockSupport.parkNanos(this, left);
                left = nanos - (System.nanoTime() - start);
            }
        } finally {
            ready = leave(directions, me);
        }
        if (!ready && me.isInterrupted()) {
            throw interrupted();
        }
        return ready;
    }

    /**
     * Waits until one of the directions may be ready. A method of its own, as every virtual thread that waits keeps its
     * frame on its stack.
     */
    void await(int directions) throws ClosedChannelException, InterruptedIOException {
        Thread me = Thread.currentThread();
        if (me.isInterrupted()) {
            throw interrupted();
        }
        enter(directions, me);
        boolean ready;
        try {
            while (isWaiting(directions, me) && !me.isInterrupted()) {
                LockSupport.park(this);
            }
        } finally {
            ready = leave(directions, me);
        }
        if (!ready && me.isInterrupted()) {
            throw interrupted();
        }
    }

    private static InterruptedIOException interrupted() {
        return new InterruptedIOException("interrupted while waiting for a source");
    }

    /** Records this thread as waiting for the directions, except for those that have a permit. */
    private void enter(int directions, Thread me) throws ClosedChannelException {
        for (int i = 0; i < DIRECTIONS; i++) {
            if ((directions & 1 << i) != 0) {
                Object state = exchange(i, null, me);
                if (state == CLOSED) {
                    throw new ClosedChannelException();
                } else if (state == ENDED) {
                    throw new ClosedSelectorException();
                } else if (state != null && state != PERMIT) {
                    leave(directions & (1 << i) - 1, me);
                    throw new IllegalStateException("another thread waits for the same direction of this source");
                }
            }
        }
    }

    private boolean isWaiting(int directions, Thread me) {
        for (int i = 0; i < DIRECTIONS; i++) {
            if ((directions & 1 << i) != 0 && state(i) != me) {
                return false;
            }
        }
        return true;
    }

    /** Ends the wait for the directions, and returns whether one of them had a permit, which is consumed. */
    private boolean leave(int directions, Thread me) throws AsynchronousCloseException {
        boolean ready = false;
        for (int i = 0; i < DIRECTIONS; i++) {
            if ((directions & 1 << i) != 0) {
                Object state = exchange(i, me, null);
                if (state == PERMIT) {
                    ready = true;
                    state = exchange(i, PERMIT, null);
                }
                if (state == CLOSED) {
                    throw new AsynchronousCloseException();
                } else if (state == ENDED) {
                    throw new ClosedSelectorException();
                }
            }
        }
        return ready;
    }

    // ---- for the poller

    /** Ends the waits for some directions; where no thread waits, the next wait returns at once. */
    void deliver(int directions) {
        for (int i = 0; i < DIRECTIONS; i++) {
            if ((directions & 1 << i) != 0) {
                set(i, PERMIT);
            }
        }
    }

    /** Makes all waits throw, those in progress and all later ones; {@code why} is CLOSED or ENDED. */
    void end(Object why) {
        for (int i = 0; i < DIRECTIONS; i++) {
            set(i, why);
        }
    }

    private void set(int i, Object state) {
        Object before = state(i);
        while (before != state && before != CLOSED && before != ENDED) {
            Object seen = exchange(i, before, state);
            if (seen == before) {
                if (before instanceof Thread waiting) {
                    LockSupport.unpark(waiting);
                }
                return;
            }
            before = seen;
        }
    }

    /** Called when the source is closed or detached. */
    @Override
    public void run() {
        end(CLOSED);
        poller.forget(this);
    }
}
