package io.panamio.sys.unix;

import static io.panamio.sys.unix.Structs.POLLFD_EVENTS;
import static io.panamio.sys.unix.Structs.POLLFD_FD;
import static io.panamio.sys.unix.Structs.POLLFD_REVENTS;
import static io.panamio.sys.unix.Structs.POLLFD_SIZE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.Watch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Watches by poll(2), which every Unix has, and derives edges from its levels: a condition that was reported is not
 * polled again until an operation found it drained ({@link #rearm}) or the source is registered again. A notification
 * is a write to a pipe, which also ends a wait when another thread changes what is watched.
 *
 * <p>Errors and hang-ups cannot be masked: poll(2) returns at once while one persists. So a watch whose error or
 * hang-up was reported is left out of the waits, and polled between them, at growing intervals, for the conditions that
 * it has not reported yet.
 *
 * <p>macOS has no POLLRDHUP: there, POLLHUP reports the end of either direction that an entry polls, and hides POLLOUT.
 * So each direction is polled by an entry of its own, whose POLLHUP is the end of that direction alone. What no entry
 * of a wait covers, such as the end of a direction whose data was reported and not drained, is polled between the
 * waits.
 *
 * <p>The lock is held while state changes and while events are gathered, never during the wait.
 */
public final class PollSelector extends Selector {
    /** The length of waits while watches are held back, in nanoseconds: the first and the maximum. */
    private static final long FIRST_PAUSE = 1_000_000;
    private static final long MAX_PAUSE = 64_000_000;
    /**
     * The maximum time that {@link #remove} waits for the poller to leave poll(2), in nanoseconds; it takes some
     * microseconds.
     */
    private static final long MAX_LEAVE = 1_000_000_000;

    /** The end of the reading direction, where the system has no POLLRDHUP. */
    private static final int HALF = 1 << 16;

    /** A watch, and how it is polled. */
    private static final class Polled extends Watch {
        /** Whether the system can report the end of the reading direction of such a descriptor. */
        final boolean hasHalf;
        /** The last wait that included it. */
        long wait;
        /** The entries of that wait, each 0 if there is none: for both directions, or for reading and for writing. */
        int reading;
        int writing;
        /** Whether readiness is not polled because only the end of the stream can be read. */
        boolean over;

        Polled(int fd, long token, int interest, int conditions, boolean hasHalf) {
            super(fd, token, interest, conditions);
            this.hasHalf = hasHalf;
        }
    }

    private final UnixConstants c;
    private final Errors errors;
    private final IntPredicate refused;
    private final int pipeReader;
    private final int pipeWriter;
    /** Whether the first descriptor is closed: there may have been no stack for the second. */
    private boolean closed;
    /** The conditions that poll(2) reports even if they are not requested, while they persist. */
    private final int always = Posix.POLLERR | Posix.POLLHUP;
    /** Whether a hang-up is the end of one direction. */
    private final boolean halves;
    /** The condition that the reading direction has ended. */
    private final int half;

    private final Object lock = new Object();
    private Polled[] byFd = new Polled[64];
    private int end; // one above the highest descriptor watched
    private int count;
    private boolean waiting;
    private long waits; // their number, including the current one
    private boolean written; // whether a byte is in the pipe
    private volatile boolean holding; // whether a watch may be held back
    private long pause = FIRST_PAUSE;

    // used by the poller only
    private Polled[] polled = new Polled[64];
    private MemorySegment pollfds = allocate(64);
    private int entries;
    private int turn;
    private boolean notified;

    private PollSelector(UnixConstants constants, IntPredicate refused, int pipeReader, int pipeWriter) {
        this.c = constants;
        this.errors = new Errors(constants);
        this.refused = refused;
        this.pipeReader = pipeReader;
        this.pipeWriter = pipeWriter;
        this.halves = constants.POLLRDHUP() == 0;
        this.half = halves ? HALF : constants.POLLRDHUP();
    }

    /**
     * Opens a selector with the two ends of a non-blocking pipe. The return type is the superclass, so that the
     * verifier does not load this class for the caller.
     *
     * @param refused whether the system's own selector refuses an open descriptor
     */
    public static Selector open(UnixConstants constants, IntPredicate refused, int pipeReader, int pipeWriter) {
        return new PollSelector(constants, refused, pipeReader, pipeWriter);
    }

    private static MemorySegment allocate(int watches) {
        return Arena.ofAuto().allocate((long) POLLFD_SIZE * (2L * watches + 1), 8);
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        boolean hasHalf = requireWatchable(fd, interest);
        synchronized (lock) {
            if (watch(fd) != null) {
                throw errors.io("poll", c.number(Errno.EEXIST));
            }
            if (fd >= byFd.length) {
                byFd = Arrays.copyOf(byFd, Math.max(fd + 1, byFd.length * 2));
            }
            byFd[fd] = new Polled(fd, token, interest, conditions(interest, hasHalf), hasHalf);
            end = Math.max(end, fd + 1);
            count++;
            changed();
        }
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        synchronized (lock) {
            Polled before = requireWatched(fd);
            Polled watch = new Polled(fd, token, interest, conditions(interest, before.hasHalf), before.hasHalf);
            watch.wait = before.wait;
            byFd[fd] = watch;
            changed();
        }
    }

    /**
     * {@inheritDoc} A wait keeps the file of a descriptor open after close(2), so the wait is over when this returns.
     * To end it, the poller needs no other lock than this selector's.
     */
    @Override
    protected void remove(int fd) throws IOException {
        synchronized (lock) {
            Polled watch = requireWatched(fd);
            forget(watch);
            changed();
            if (watch.wait == waits) {
                waitUntilPollerHasLeft();
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

    private void waitUntilPollerHasLeft() {
        long left = waits;
        long deadline = System.nanoTime() + MAX_LEAVE;
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
            Polled watch = watch(fd);
            boolean ended = (interest & Readiness.READ_CLOSED) != 0;
            if (watch == null || watch.reported() == 0 && !ended) {
                return;
            }
            int again = watch.reported() & drained(interest);
            int priority = watch.reported() & ~again & Posix.POLLPRI;
            if (priority != 0 && (interest & Readiness.READABLE) != 0 && (levels(fd, priority) & priority) == 0) {
                again |= priority; // the urgent byte was read with the data around it
            }
            int error = watch.reported() & ~again & Posix.POLLIN;
            if (error != 0 && (interest & Readiness.HANG_UP) != 0 && (levels(fd, error) & error) == 0) {
                again |= error; // macOS and the BSDs report the error of a datagram as data
            }
            if (ended && isOver(fd)) {
                again &= ~Posix.POLLIN; // otherwise the end of the stream would be reported forever
                watch.disarm(Posix.POLLIN); // or once more, if the data before it was drained
                watch.over = (watch.armed() & Posix.POLLIN) == 0;
            }
            watch.arm(again);
            if (again != 0) {
                rearmed();
            }
            if (again != 0 || watch.over) {
                if (isHeldBack(watch)) {
                    hold();
                }
                changed();
            }
        }
    }

    /**
     * Returns whether the end of the stream is reported like data: a terminal that hung up reports everything at once
     * on Linux, and macOS and the BSDs do not distinguish the two for a pipe.
     */
    private boolean isOver(int fd) {
        int levels = levels(fd, Posix.POLLIN | Posix.POLLHUP);
        return (levels & Posix.POLLIN) != 0 && (levels & (Posix.POLLHUP | half)) != 0
            && ((levels & Posix.POLLERR) != 0 || available(fd) == 0);
    }

    private int available(int fd) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return Libc.ioctl(fd, c.FIONREAD(), scratch.argument) < 0 ? -1 : scratch.argumentBytes.getInt(0);
        }
    }

    /**
     * Returns whether a watch must be polled between the waits: a wait that includes it would return at once, for a
     * condition that was reported already, or no entry of a wait covers a condition that is armed.
     */
    private boolean isHeldBack(Polled watch) {
        if (!halves) {
            return (watch.reported() & always) != 0;
        }
        int armed = watch.armed();
        return watch.over || (armed & (HALF | Posix.POLLHUP | Posix.POLLPRI)) != 0
            && ((armed & Posix.POLLIN) == 0 || (watch.reported() & HALF) != 0);
    }

    /** Returns the conditions of a watch that a wait includes. */
    private int waitable(Polled watch) {
        int armed = watch.armed();
        return !halves ? isHeldBack(watch) ? 0 : armed
            : armed & (Posix.POLLIN | Posix.POLLOUT | ((armed & Posix.POLLIN) != 0 ? Posix.POLLPRI : 0));
    }

    private void hold() {
        holding = true;
        pause = FIRST_PAUSE;
    }

    private Polled watch(int fd) {
        return fd < byFd.length ? byFd[fd] : null;
    }

    private Polled requireWatched(int fd) throws IOException {
        Polled watch = watch(fd);
        if (watch == null) {
            throw errors.io("poll", c.number(Errno.ENOENT));
        }
        return watch;
    }

    /**
     * Rejects the descriptors that the system's own selector rejects: one that is not open, or one that is always
     * ready, such as a file's. Returns whether the system can report the end of its reading direction, which FreeBSD
     * cannot for some.
     */
    private boolean requireWatchable(int fd, int interest) throws IOException {
        int ready = Posix.POLLIN | Posix.POLLOUT;
        int levels = levels(fd, ready | half);
        boolean hasHalf = (levels & Posix.POLLNVAL) == 0;
        if (!hasHalf) {
            levels = levels(fd, ready);
        }
        if ((levels & Posix.POLLNVAL) != 0) {
            throw errors.io("poll", c.number(Errno.EBADF));
        }
        if ((levels & ~half) == ready && (interest & Readiness.WATCHABLE) == 0 && refused.test(fd)) {
            throw errors.io("poll", c.number(Errno.EPERM));
        }
        return hasHalf;
    }

    /** Returns the present conditions of a descriptor. */
    private int levels(int fd, int conditions) {
        if (halves) {
            int reading = level(fd, conditions & (Posix.POLLIN | Posix.POLLPRI));
            int writing = level(fd, (conditions & (Posix.POLLOUT | Posix.POLLHUP)) != 0 ? Posix.POLLOUT : 0);
            return merge(reading, writing) & (conditions | HALF | always | Posix.POLLNVAL);
        }
        return level(fd, conditions);
    }

    /** Returns the present conditions of a descriptor as one entry of poll(2) reports them. */
    private static int level(int fd, int conditions) {
        return Math.max(0, Libc.pollNow(fd, conditions));
    }

    /** Returns the conditions of a descriptor whose two directions were polled by an entry each. */
    private static int merge(int reading, int writing) {
        return (reading | writing) & ~Posix.POLLHUP | reading & writing & Posix.POLLHUP
            | ((reading & Posix.POLLHUP) != 0 ? HALF : 0)
            | ((writing & Posix.POLLHUP) != 0 ? Posix.POLLOUT : 0); // a write fails without waiting
    }

    /** Ends a wait that began before a change. The caller holds the lock. */
    private void changed() {
        if (waiting) {
            endWait();
        }
    }

    private void endWait() {
        if (!written) {
            written = write();
        }
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer events, int max, long nanos) throws IOException {
        PollEvents found = (PollEvents) events;
        notified = false;
        int n = nanos == 0 || holding ? poll(found, max, 0) : 0;
        return n == 0 && nanos != 0 && !notified ? poll(found, max, nanos) : n; // or a wake would be lost
    }

    /** Calls poll(2) once: for all watches without waiting, or else only for those that are not held back. */
    private int poll(PollEvents events, int max, long nanos) throws IOException {
        boolean all = nanos == 0;
        int requested;
        boolean pausing;
        long longest = nanos;
        synchronized (lock) {
            waits++;
            requested = requestAll(all);
            pausing = holding && !all;
            if (pausing) {
                longest = nanos < 0 ? pause : Math.min(nanos, pause);
            }
            waiting = true;
        }
        int r;
        try {
            r = Libc.poll(pollfds, entries, longest < 0 ? -1 : ceilMillis(longest));
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
                    "of " + entries + " descriptors, which is more than RLIMIT_NOFILE", -r)
                    : errors.io("poll", -r);
            }
            if (r == 0 && pausing) {
                pause = Math.min(2 * pause, MAX_PAUSE);
            }
            return r == 0 && !all ? 0 : gather(events, max, requested);
        }
    }

    /** Fills the array for poll(2): the pipe, then the watches. */
    private int requestAll(boolean all) {
        if (polled.length < count) {
            polled = new Polled[Math.max(count, polled.length * 2)];
            pollfds = allocate(polled.length);
        }
        request(pollfds, 0, pipeReader, Posix.POLLIN);
        entries = 1;
        int n = 0;
        holding = false;
        for (int fd = 0; fd < end; fd++) {
            Polled watch = byFd[fd];
            int armed = watch == null ? 0 : watch.armed();
            if (armed == 0) {
                continue; // everything was reported
            }
            holding |= isHeldBack(watch);
            int requested = !all ? waitable(watch) : halves ? armed & ~Posix.POLLERR : armed;
            if (requested != 0 || all && watch.over) {
                watch.wait = waits;
                polled[n++] = watch;
                request(watch, requested);
            }
        }
        return n;
    }

    /** Adds the entries of a watch for some conditions. */
    private void request(Polled watch, int conditions) {
        if (!halves) {
            watch.reading = entries;
            // with data before it, an end that was already reported is reported again
            request(pollfds, entries++, watch.fd,
                (conditions & Posix.POLLIN) != 0 ? conditions | watch.conditions() & half : conditions);
            return;
        }
        int reading = conditions & (Posix.POLLIN | Posix.POLLPRI)
            | ((conditions & (HALF | Posix.POLLHUP)) != 0 || watch.over ? Posix.POLLIN : 0);
        int writing = (conditions & (Posix.POLLOUT | Posix.POLLHUP)) != 0 ? Posix.POLLOUT : 0;
        watch.reading = reading == 0 ? 0 : entries;
        if (reading != 0) {
            request(pollfds, entries++, watch.fd, reading);
        }
        watch.writing = writing == 0 ? 0 : entries;
        if (writing != 0) {
            request(pollfds, entries++, watch.fd, writing);
        }
    }

    /** Returns the conditions that poll(2) found for a watch. */
    private int revents(Polled watch) {
        if (!halves) {
            int revents = revents(pollfds, watch.reading);
            boolean hidden = c.hangUpHidesWritable() && (revents & Posix.POLLHUP) != 0;
            return hidden ? revents | watch.armed() & Posix.POLLOUT : revents; // a write fails without waiting
        }
        int reading = watch.reading == 0 ? 0 : revents(pollfds, watch.reading);
        int writing = watch.writing == 0 ? 0 : revents(pollfds, watch.writing);
        if (((reading | writing) & Posix.POLLHUP) != 0) { // of one direction or of both?
            reading |= watch.reading == 0 ? level(watch.fd, Posix.POLLIN) : 0;
            writing |= watch.writing == 0 ? level(watch.fd, Posix.POLLOUT) : 0;
        }
        int armed = watch.armed();
        return merge(reading, writing)
            & (armed | always | Posix.POLLNVAL | (watch.over ? HALF : 0)
                | ((armed & Posix.POLLIN) != 0 ? watch.conditions() & HALF : 0));
    }

    /**
     * Converts the conditions found to events. Each call starts at another source, so that none starves if not all fit.
     */
    private int gather(PollEvents events, int max, int requested) {
        if (revents(pollfds, 0) != 0) {
            notified = true;
            drain();
            written = false;
            notificationArrived();
        }
        int n = 0;
        for (int k = 0; k < requested && n < max; k++) {
            int i = (turn + k) % requested;
            Polled watch = polled[i];
            int revents = revents(watch);
            if (watch(watch.fd) != watch) {
                continue; // it was changed or removed during the wait
            }
            if ((revents & Posix.POLLNVAL) != 0) {
                forget(watch); // its owner closed it, which ends the watch
                continue;
            }
            watch.arm(~revents & always); // an error or a hang-up that has ended is reported if it recurs
            if (watch.over && ((revents & (Posix.POLLHUP | half)) == 0 || available(watch.fd) > 0)) {
                watch.over = false; // a FIFO has another writer, or had one
                watch.arm(Posix.POLLIN | half);
            }
            if ((revents & watch.armed()) != 0) {
                report(events, n++, watch, revents);
            }
        }
        turn = requested == 0 ? 0 : (turn + 1) % requested;
        Arrays.fill(polled, 0, requested, null);
        return n;
    }

    private void report(PollEvents events, int i, Polled watch, int revents) {
        events.set(i, watch.token, readiness(revents, watch.reported()));
        int before = watch.reported();
        watch.report(revents);
        if (watch.reported() != before && isHeldBack(watch)) {
            hold();
        }
    }

    /** Returns the conditions of an interest: errors and hang-ups always. */
    private int conditions(int interest, boolean hasHalf) {
        int conditions = always;
        if ((interest & Readiness.READABLE) != 0) {
            conditions |= Posix.POLLIN | (hasHalf ? half : 0);
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            conditions |= Posix.POLLOUT;
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            conditions |= Posix.POLLPRI;
        }
        if ((interest & Readiness.HANG_UP) != 0) {
            conditions |= hasHalf ? half : 0;
        }
        return conditions;
    }

    /** Returns the conditions that an operation found drained. */
    private int drained(int interest) {
        return ((interest & Readiness.READABLE) != 0 ? Posix.POLLIN : 0)
            | ((interest & Readiness.WRITABLE) != 0 ? Posix.POLLOUT : 0)
            | ((interest & Readiness.PRIORITY) != 0 ? Posix.POLLPRI : 0)
            | ((interest & Readiness.HANG_UP) != 0 ? Posix.POLLERR : 0);
    }

    /**
     * Returns the readiness for the conditions found, given the conditions that were reported before and so not polled.
     */
    private int readiness(int revents, int reported) {
        boolean in = (revents & Posix.POLLIN) != 0;
        boolean out = (revents & Posix.POLLOUT) != 0;
        boolean error = (revents & Posix.POLLERR) != 0;
        boolean hangup = (revents & Posix.POLLHUP) != 0;
        boolean priority = (revents & Posix.POLLPRI) != 0;
        boolean wasOut = (reported & Posix.POLLOUT) != 0;
        return (in || priority ? Readiness.READABLE : 0)
            | (out ? Readiness.WRITABLE : 0)
            | (priority ? Readiness.PRIORITY : 0)
            | (error ? Readiness.ERROR : 0)
            | (hangup || (revents & half) != 0 ? Readiness.READ_CLOSED : 0)
            | (hangup || error && (out || wasOut || revents == Posix.POLLERR) ? Readiness.WRITE_CLOSED : 0);
    }

    private static void request(MemorySegment pollfds, int i, int fd, int events) {
        pollfds.set(JAVA_INT, (long) i * POLLFD_SIZE + POLLFD_FD, fd);
        pollfds.set(JAVA_INT, (long) i * POLLFD_SIZE + POLLFD_EVENTS, 0); // and revents
        pollfds.set(JAVA_SHORT, (long) i * POLLFD_SIZE + POLLFD_EVENTS, (short) events);
    }

    private static int revents(MemorySegment pollfds, int i) {
        return pollfds.get(JAVA_SHORT, (long) i * POLLFD_SIZE + POLLFD_REVENTS);
    }

    // ---- waking

    @Override
    protected void sendNotification() {
        synchronized (lock) {
            endWait();
            if (!written) {
                notificationFailed();
            }
        }
    }

    /** Writes a byte to the pipe; returns false if that fails, such as for lack of memory. */
    private boolean write() {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long r;
            do {
                r = Libc.write(pipeWriter, scratch.argument, 0, 1);
            } while (r == -Posix.EINTR);
            return r >= 0 || r == -c.EAGAIN(); // a full pipe notifies as well
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
