package io.panamio.sys;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.ClosedSelectorException;

/**
 * A selector without a system. Its wait ends with a notification, and, as a lost one must not hang the test, when the
 * other actor has ended and none is pending.
 */
class RaceSelector extends Selector {
    static final long WAKER = 1;
    /** The result of a poll that would have slept for ever. */
    static final int FOREVER = -1;
    static final int CLOSED = -2;
    static final int REFUSED = -3;
    private static final VarHandle NOTIFICATIONS;

    static {
        try {
            NOTIFICATIONS = MethodHandles.lookup().findVarHandle(RaceSelector.class, "notifications", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The events of the last poll. */
    final Reported events = new Reported();
    private volatile boolean notification;
    private volatile boolean destroyed;
    private volatile boolean over;
    private volatile int running;
    /** The number of notifications. */
    volatile int notifications;
    /** Whether it was used after its destruction, or by two pollers. */
    volatile boolean misused;
    /** The number of descriptors that are watched. */
    volatile int watched;

    /** Creates a selector with an open waker. */
    RaceSelector() {
        openWaker(WAKER);
    }

    /** Ends the actor that does not poll. */
    final void over() {
        over = true;
    }

    final int poll(long timeout) {
        return poll(events, timeout);
    }

    /** Polls; returns the number of events, or one of the constants. */
    final int poll(EventBuffer to, long timeout) {
        try {
            return select(to, timeout);
        } catch (Forever e) {
            return FOREVER;
        } catch (ClosedSelectorException e) {
            return CLOSED;
        } catch (IllegalStateException e) {
            return REFUSED;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** {@return whether a notification is pending, at which the selector's descriptor is readable} */
    final boolean isReadable() {
        return notification;
    }

    final int destructions() {
        return destroyed ? 1 : 0;
    }

    private void use() {
        if (destroyed) {
            misused = true;
        }
    }

    @Override
    protected int await(EventBuffer to, int max, long nanos) {
        if (++running != 1) {
            misused = true;
        }
        try {
            for (;;) {
                use();
                boolean last = over; // first: what it has sent is seen then
                if (notification) {
                    notification = false;
                    notificationArrived();
                    return 0;
                }
                if (nanos == 0) {
                    return 0;
                }
                if (last) {
                    throw new Forever();
                }
                Thread.onSpinWait();
            }
        } finally {
            running--;
        }
    }

    @Override
    protected void sendNotification() {
        use();
        NOTIFICATIONS.getAndAdd(this, 1);
        notification = true;
        use();
    }

    @Override
    protected int fd() {
        return 0;
    }

    @Override
    public void rearm(int fd, int interest) {
    }

    @Override
    public boolean deregistersOnClose() {
        return false;
    }

    @Override
    protected synchronized void add(int fd, long token, int interest) {
        use();
        watched++;
    }

    @Override
    protected void modify(int fd, long token, int interest) {
        use();
    }

    @Override
    protected synchronized void remove(int fd) {
        use();
        watched--;
    }

    @Override
    protected void destroy() {
        use(); // twice
        destroyed = true;
    }

    /** Events on the heap. */
    static final class Reported extends EventBuffer {
        private final long[] tokens = new long[4];

        @Override
        public int capacity() {
            return tokens.length;
        }

        @Override
        public long token(int index) {
            return tokens[index];
        }

        @Override
        public int readiness(int index) {
            return Readiness.READABLE;
        }

        @Override
        public void set(int index, long token, int readiness) {
            tokens[index] = token;
        }
    }

    /** A wait that nothing would end. */
    @SuppressWarnings("serial")
    private static final class Forever extends RuntimeException {
        Forever() {
            super(null, null, false, false);
        }
    }
}
