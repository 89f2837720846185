package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.Watch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Watches with poll(2), which every Unix has, and makes edges of its levels: a condition that was reported is not asked
 * for again until an operation has found it drained ({@link #rearm}) or the source is registered anew. The waker is a
 * pipe, which also ends the wait when another thread changes what is watched.
 *
 * <p>Errors and hang-ups cannot be left unasked: poll(2) returns at once for as long as one is there. So a watch whose
 * error or hang-up was reported is held back from the waits, and looked at between them, at growing intervals, for
 * what it has not reported yet.
 *
 * <p>The lock is held while state changes and while events are gathered, never during the wait.
 */
public final class PollSelector extends Selector {
    private static final int POLLFD_SIZE = 8;
    private static final long FD = 0;
    private static final long EVENTS = 4;
    private static final long REVENTS = 6;

    /** How long the waits are while watches are held back, in nanoseconds: at first, and at most. */
    private static final long FIRST_PAUSE = 1_000_000;
    private static final long LONGEST_PAUSE = 64_000_000;
    /** How long {@link #remove} waits for the poller to leave poll(2), in nanoseconds; it takes some microseconds. */
    private static final long LONGEST_LEAVE = 1_000_000_000;

    /** A watch, and the last wait that has asked for it. */
    private static final class Asked extends Watch {
        long wait;

        Asked(int fd, long token, int interest, int conditions) {
            super(fd, token, interest, conditions);
        }
    }

    private final UnixConstants c;
    private final Errors errors;
    private final IntPredicate refused;
    private final int pipeReader;
    private final int pipeWriter;
    /** Whether the first of them is: there may have been no stack for the second. */
    private boolean closed;
    /** What poll(2) reports unasked, as long as it is there. */
    private final int always;

    private final Object lock = new Object();
    private Asked[] byFd = new Asked[64];
    private int end; // one above the highest descriptor watched
    private int count;
    private boolean waiting;
    private long waits; // how many there have been, with the one that is going on
    private boolean written; // whether a byte is in the pipe
    private volatile boolean holding; // whether a watch may be held back
    private long pause = FIRST_PAUSE;

    // the poller's own
    private Asked[] asked = new Asked[64];
    private MemorySegment pollfds = allocate(64);
    private int turn;
    private boolean signaled;

    private PollSelector(UnixConstants constants, IntPredicate refused, int pipeReader, int pipeWriter) {
        this.c = constants;
        this.errors = new Errors(constants);
        this.refused = refused;
        this.pipeReader = pipeReader;
        this.pipeWriter = pipeWriter;
        this.always = Posix.POLLERR | Posix.POLLHUP;
    }

    /**
     * Takes the two ends of a non-blocking pipe. Not its own type, which the verifier would load for the caller.
     *
     * @param refused whether the system's own selector refuses a descriptor that is open
     */
    public static Selector open(UnixConstants constants, IntPredicate refused, int pipeReader, int pipeWriter) {
        return new PollSelector(constants, refused, pipeReader, pipeWriter);
    }

    private static MemorySegment allocate(int watches) {
        return Arena.ofAuto().allocate((long) POLLFD_SIZE * (watches + 1), 8);
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        requireWatchable(fd, interest);
        synchronized (lock) {
            if (watch(fd) != null) {
                throw errors.io("poll", number(Errno.EEXIST));
            }
            if (fd >= byFd.length) {
                byFd = Arrays.copyOf(byFd, Math.max(fd + 1, byFd.length * 2));
            }
            byFd[fd] = new Asked(fd, token, interest, conditions(interest));
            end = Math.max(end, fd + 1);
            count++;
            changed();
        }
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        synchronized (lock) {
            Asked before = requireWatched(fd);
            Asked watch = new Asked(fd, token, interest, conditions(interest));
            watch.wait = before.wait;
            byFd[fd] = watch;
            changed();
        }
    }

    /**
     * {@inheritDoc} A wait holds on to the descriptor, so that it would not be closed by close(2): when this returns,
     * the wait is over. It needs no lock but ours to end.
     */
    @Override
    protected void remove(int fd) throws IOException {
        synchronized (lock) {
            Asked watch = requireWatched(fd);
            forget(watch);
            changed();
            if (watch.wait == waits) {
                untilPollerHasLeft();
            }
        }
    }

    private void forget(Watch watch) {
        byFd[watch.fd] = null;
        count--;
        while (end > 0 && byFd[end - 1] == null) {
            end--;
        }
    }

    private void untilPollerHasLeft() {
        long left = waits;
        long deadline = System.nanoTime() + LONGEST_LEAVE;
        boolean interrupted = false;
        while (waiting && waits == left) {
            long remaining = deadline - System.nanoTime();
            if (remaining <= 0) {
                break;
            }
            try {
                lock.wait(ceilMillis(remaining));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean deregistersOnClose() {
        return false;
    }

    @Override
    public void rearm(int fd, int interest) {
        synchronized (lock) {
            Asked watch = watch(fd);
            if (watch == null || watch.reported() == 0) {
                return;
            }
            int again = watch.reported() & drained(interest);
            int priority = watch.reported() & ~again & Posix.POLLPRI;
            if (priority != 0 && (interest & Readiness.READABLE) != 0 && (levels(fd, priority) & priority) == 0) {
                again |= priority; // the urgent byte went with the data around it
            }
            if ((interest & Readiness.READ_CLOSED) != 0 && (again & Posix.POLLIN) != 0 && isOver(fd)) {
                again &= ~Posix.POLLIN; // or this end would be reported for ever
            }
            if (again != 0) {
                watch.arm(again);
                if (isHeldBack(watch)) {
                    hold();
                }
                changed();
            }
        }
    }

    /** Whether nothing but an end will ever be read: a terminal that hung up says all at once, and a FIFO no error. */
    private boolean isOver(int fd) {
        int over = Posix.POLLIN | always;
        return (levels(fd, over) & over) == over;
    }

    /** Whether poll(2) would return at once for what was reported already. */
    private boolean isHeldBack(Watch watch) {
        return (watch.reported() & always) != 0;
    }

    private void hold() {
        holding = true;
        pause = FIRST_PAUSE;
    }

    private Asked watch(int fd) {
        return fd < byFd.length ? byFd[fd] : null;
    }

    private Asked requireWatched(int fd) throws IOException {
        Asked watch = watch(fd);
        if (watch == null) {
            throw errors.io("poll", number(Errno.ENOENT));
        }
        return watch;
    }

    /** The system's own selector refuses what is not open, or is always ready as a file is; here it is asked for. */
    private void requireWatchable(int fd, int interest) throws IOException {
        int ready = Posix.POLLIN | Posix.POLLOUT;
        int levels = levels(fd, ready);
        if ((levels & Posix.POLLNVAL) != 0) {
            throw errors.io("poll", number(Errno.EBADF));
        }
        if (levels == ready && (interest & Readiness.WATCHABLE) == 0 && refused.test(fd)) {
            throw errors.io("poll", number(Errno.EPERM));
        }
    }

    /** Which conditions of a descriptor are there now. */
    private int levels(int fd, int conditions) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            ask(scratch.argument, 0, fd, conditions);
            return Libc.poll(scratch.argument, 1, 0) > 0 ? answer(scratch.argument, 0) : 0;
        }
    }

    private int number(Errno errno) {
        for (int number = 1; number < 256; number++) {
            if (c.errno(number) == errno) {
                return number;
            }
        }
        throw new AssertionError(errno);
    }

    /** Ends a wait that does not know of a change. The caller holds the lock. */
    private void changed() {
        if (waiting) {
            endWait();
        }
    }

    private void endWait() {
        if (!written) {
            write();
            written = true;
        }
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer events, int most, long nanos) throws IOException {
        PollEvents found = (PollEvents) events;
        signaled = false;
        int n = nanos == 0 || holding ? await(found, most, 0, true) : 0;
        return n == 0 && nanos != 0 && !signaled ? await(found, most, nanos, false) : n; // or a wake would be lost
    }

    /** One poll(2), of all watches or of those alone for which it can wait. */
    private int await(PollEvents events, int most, long nanos, boolean all) throws IOException {
        int asking;
        boolean pausing;
        long longest = nanos;
        synchronized (lock) {
            waits++;
            asking = askAll(all);
            pausing = holding && !all;
            if (pausing) {
                longest = nanos < 0 ? pause : Math.min(nanos, pause);
            }
            waiting = true;
        }
        int r;
        try {
            r = Libc.poll(pollfds, asking + 1L, longest < 0 ? -1 : ceilMillis(longest));
        } finally {
            synchronized (lock) {
                waiting = false;
                lock.notifyAll();
            }
        }
        synchronized (lock) {
            if (r < 0) {
                if (r == -Posix.EINTR) {
                    return -1;
                }
                throw c.errno(-r) == Errno.EINVAL ? errors.exhausted("poll",
                    "of " + (asking + 1) + " descriptors, which is more than RLIMIT_NOFILE", -r)
                    : errors.io("poll", -r);
            }
            if (r == 0 && pausing) {
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            return r == 0 && !all ? 0 : gather(events, most, asking);
        }
    }

    /** Fills the array for poll(2): the pipe, and then what is watched. */
    private int askAll(boolean all) {
        if (asked.length < count) {
            asked = new Asked[Math.max(count, asked.length * 2)];
            pollfds = allocate(asked.length);
        }
        ask(pollfds, 0, pipeReader, Posix.POLLIN);
        int n = 0;
        holding = false;
        for (int fd = 0; fd < end; fd++) {
            Asked watch = byFd[fd];
            int armed = watch == null ? 0 : watch.armed();
            if (armed == 0) {
                continue; // there is nothing left to report
            }
            if (isHeldBack(watch)) {
                holding = true;
                if (!all) {
                    continue;
                }
            }
            watch.wait = waits;
            asked[n++] = watch;
            // an end that was reported goes with the data that are read up to it
            ask(pollfds, n, fd, (armed & Posix.POLLIN) != 0 ? armed | watch.conditions() & c.POLLRDHUP() : armed);
        }
        return n;
    }

    /** Turns answers into events. Each call begins with another source, so that none starves where not all fit. */
    private int gather(PollEvents events, int most, int asking) {
        if (answer(pollfds, 0) != 0) {
            signaled = true;
            drain();
            written = false;
            notificationArrived();
        }
        int n = 0;
        for (int k = 0; k < asking && n < most; k++) {
            int i = (turn + k) % asking;
            int answer = answer(pollfds, i + 1);
            Asked watch = asked[i];
            if (watch(watch.fd) != watch) {
                continue; // it was changed or removed during the wait
            }
            if ((answer & Posix.POLLNVAL) != 0) {
                forget(watch); // its owner has closed it, which ends the watch without a word
                continue;
            }
            watch.arm(~answer & always); // an error or a hang-up that is gone is news when it comes again
            if ((answer & watch.armed()) != 0) {
                report(events, n++, watch, answer);
            }
        }
        turn = asking == 0 ? 0 : (turn + 1) % asking;
        Arrays.fill(asked, 0, asking, null);
        return n;
    }

    private void report(PollEvents events, int i, Watch watch, int answer) {
        events.set(i, watch.token, readiness(answer, watch.reported()));
        int before = watch.reported();
        watch.report(answer);
        if (watch.reported() != before && isHeldBack(watch)) {
            hold();
        }
    }

    /** What a watch reports: errors and hang-ups always. */
    private int conditions(int interest) {
        int conditions = always;
        if ((interest & Readiness.READABLE) != 0) {
            conditions |= Posix.POLLIN | c.POLLRDHUP();
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            conditions |= Posix.POLLOUT;
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            conditions |= Posix.POLLPRI;
        }
        if ((interest & Readiness.HANG_UP) != 0) {
            conditions |= c.POLLRDHUP();
        }
        return conditions;
    }

    /** What an operation has dealt with that found nothing more to do. */
    private int drained(int interest) {
        return ((interest & Readiness.READABLE) != 0 ? Posix.POLLIN : 0)
            | ((interest & Readiness.WRITABLE) != 0 ? Posix.POLLOUT : 0)
            | ((interest & Readiness.PRIORITY) != 0 ? Posix.POLLPRI : 0)
            | ((interest & Readiness.HANG_UP) != 0 ? Posix.POLLERR : 0);
    }

    /** What an answer says, after what was reported before and so not asked for. */
    private int readiness(int answer, int reported) {
        boolean in = (answer & Posix.POLLIN) != 0;
        boolean out = (answer & Posix.POLLOUT) != 0;
        boolean error = (answer & Posix.POLLERR) != 0;
        boolean hangup = (answer & Posix.POLLHUP) != 0;
        boolean priority = (answer & Posix.POLLPRI) != 0;
        boolean wasOut = (reported & Posix.POLLOUT) != 0;
        return (in || priority ? Readiness.READABLE : 0)
            | (out ? Readiness.WRITABLE : 0)
            | (priority ? Readiness.PRIORITY : 0)
            | (error ? Readiness.ERROR : 0)
            | (hangup || (answer & c.POLLRDHUP()) != 0 ? Readiness.READ_CLOSED : 0)
            | (hangup || error && (out || wasOut || answer == Posix.POLLERR) ? Readiness.WRITE_CLOSED : 0);
    }

    private static void ask(MemorySegment pollfds, int i, int fd, int events) {
        pollfds.set(JAVA_INT, (long) i * POLLFD_SIZE + FD, fd);
        pollfds.set(JAVA_INT, (long) i * POLLFD_SIZE + EVENTS, 0); // and revents
        pollfds.set(JAVA_SHORT, (long) i * POLLFD_SIZE + EVENTS, (short) events);
    }

    private static int answer(MemorySegment pollfds, int i) {
        return pollfds.get(JAVA_SHORT, (long) i * POLLFD_SIZE + REVENTS);
    }

    // ---- waking

    @Override
    protected void sendNotification() {
        synchronized (lock) {
            endWait();
        }
    }

    private void write() {
        try (NativeScratch scratch = NativeScratch.enter()) {
            Libc.write(pipeWriter, scratch.argument, 0, 1); // a full pipe wakes as well
        }
    }

    private void drain() {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long size = scratch.argument.byteSize();
            long r;
            do {
                r = Libc.read(pipeReader, scratch.argument, 0, size);
            } while (r == size || r == -Posix.EINTR);
        }
    }

    @Override
    protected void destroy() {
        if (!closed) {
            Libc.close(pipeReader);
            closed = true;
        }
        Libc.close(pipeWriter);
    }
}
