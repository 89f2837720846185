package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Watches with poll(2), which every Unix has, and makes edges of its levels: a direction that was reported is not asked
 * for again until an operation has found it drained ({@link #rearm}) or the source is registered anew. The waker is a
 * pipe, which also ends the wait when another thread changes what is watched.
 *
 * <p>The lock is held while state changes and while events are gathered, never during the wait.
 */
public final class PollSelector extends Selector {
    private static final int POLLFD_SIZE = 8;
    private static final long FD = 0;
    private static final long EVENTS = 4;
    private static final long REVENTS = 6;

    /** One watched descriptor. A change of its token or interest makes a new one. */
    private static final class Watch {
        final int fd;
        final long token;
        final int interest;
        /** The directions that the next poll(2) asks for. */
        int armed;
        /** Whether a hang-up or an error was reported, which poll(2) would repeat even if not asked for anything. */
        boolean muted;

        Watch(int fd, long token, int interest) {
            this.fd = fd;
            this.token = token;
            this.interest = interest;
            this.armed = interest;
        }

        /** Whether an operation can arm it again: a level is always armed, what is one-shot never again. */
        boolean isEdge() {
            return (interest & (Readiness.LEVEL | Readiness.ONE_SHOT)) == 0;
        }
    }

    private final UnixConstants c;
    private final Errors errors;
    private final int pipeReader;
    private final int pipeWriter;

    private final Object lock = new Object();
    private Watch[] byFd = new Watch[64];
    private int end; // one above the highest descriptor watched
    private int count;
    private boolean waiting;
    private boolean notified;

    // the poller's own
    private Watch[] asked = new Watch[64];
    private MemorySegment pollfds = allocate(64);
    private int turn;

    private PollSelector(UnixConstants constants, int pipeReader, int pipeWriter) {
        this.c = constants;
        this.errors = new Errors(constants);
        this.pipeReader = pipeReader;
        this.pipeWriter = pipeWriter;
    }

    /** Takes the two ends of a non-blocking pipe. Not its own type, which the verifier would load for the caller. */
    public static Selector open(UnixConstants constants, int pipeReader, int pipeWriter) {
        return new PollSelector(constants, pipeReader, pipeWriter);
    }

    private static MemorySegment allocate(int watches) {
        return Arena.ofAuto().allocate((long) POLLFD_SIZE * (watches + 1), 8);
    }

    @Override
    protected int fd() {
        throw new UnsupportedOperationException("a Poll on poll(2) has no descriptor");
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        requireOpen(fd);
        synchronized (lock) {
            if (watch(fd) != null) {
                throw errors.io("poll", number(Errno.EEXIST));
            }
            if (fd >= byFd.length) {
                byFd = Arrays.copyOf(byFd, Math.max(fd + 1, byFd.length * 2));
            }
            byFd[fd] = new Watch(fd, token, interest);
            end = Math.max(end, fd + 1);
            count++;
            changed();
        }
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        synchronized (lock) {
            requireWatched(fd);
            byFd[fd] = new Watch(fd, token, interest);
            changed();
        }
    }

    @Override
    protected void remove(int fd) throws IOException {
        synchronized (lock) {
            requireWatched(fd);
            byFd[fd] = null;
            count--;
            while (end > 0 && byFd[end - 1] == null) {
                end--;
            }
            changed(); // the wait holds on to the descriptor: the peer would not see it closed
        }
    }

    @Override
    public boolean forgetsClosed() {
        return false;
    }

    @Override
    public void rearm(int fd, int interest) {
        synchronized (lock) {
            Watch watch = watch(fd);
            if (watch == null || !watch.isEdge()) {
                return;
            }
            int arm = watch.interest & interest;
            boolean unmute = watch.muted && (arm | interest & Readiness.HANG_UP) != 0;
            if (unmute || (watch.armed & arm) != arm) {
                watch.armed |= arm;
                watch.muted = false;
                changed();
            }
        }
    }

    private Watch watch(int fd) {
        return fd < byFd.length ? byFd[fd] : null;
    }

    private void requireWatched(int fd) throws IOException {
        if (watch(fd) == null) {
            throw errors.io("poll", number(Errno.ENOENT));
        }
    }

    /** epoll_ctl refuses a descriptor that is not open; here it is asked for. */
    private void requireOpen(int fd) throws IOException {
        MemorySegment one = ThreadState.get().argument;
        ask(one, 0, fd, 0);
        int r = Libc.poll(one, 1, 0);
        if (r < 0 && r != -c.EINTR()) {
            throw errors.io("poll", -r);
        }
        if (r > 0 && (answer(one, 0) & c.POLLNVAL()) != 0) {
            throw errors.io("poll", number(Errno.EBADF));
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
            notifyPoller();
        }
    }

    private void notifyPoller() {
        if (!notified) {
            write();
            notified = true;
        }
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer events, int most, long nanos) throws IOException {
        int asking;
        synchronized (lock) {
            asking = askAll();
            waiting = true;
        }
        int r;
        try {
            r = Libc.poll(pollfds, asking + 1L, nanos < 0 ? -1 : ceilMillis(nanos));
        } finally {
            synchronized (lock) {
                waiting = false;
            }
        }
        synchronized (lock) {
            if (r < 0) {
                if (r == -c.EINTR()) {
                    return -1;
                }
                throw errors.io("poll", -r);
            }
            return r == 0 ? 0 : gather((PollEvents) events, most, asking);
        }
    }

    /** Fills the array for poll(2): the pipe, and then what is watched. */
    private int askAll() {
        if (asked.length < count) {
            asked = new Watch[Math.max(count, asked.length * 2)];
            pollfds = allocate(asked.length);
        }
        ask(pollfds, 0, pipeReader, c.POLLIN());
        int n = 0;
        for (int fd = 0; fd < end; fd++) {
            Watch watch = byFd[fd];
            if (watch != null && !watch.muted) {
                asked[n++] = watch;
                ask(pollfds, n, fd, bits(watch.armed));
            }
        }
        return n;
    }

    /** Turns answers into events. Each call begins with another source, so that none starves where not all fit. */
    private int gather(PollEvents events, int most, int asking) {
        if (answer(pollfds, 0) != 0) {
            drain();
            notified = false;
        }
        int n = 0;
        for (int k = 0; k < asking && n < most; k++) {
            int i = (turn + k) % asking;
            int answer = answer(pollfds, i + 1);
            Watch watch = asked[i];
            if (answer != 0 && watch(watch.fd) == watch) { // else it was changed or removed during the wait
                report(events, n++, watch, answer);
            }
        }
        turn = asking == 0 ? 0 : (turn + 1) % asking;
        Arrays.fill(asked, 0, asking, null);
        return n;
    }

    private void report(PollEvents events, int i, Watch watch, int answer) {
        int hangup = answer & (c.POLLERR() | c.POLLHUP() | c.POLLNVAL());
        int directions = 0;
        if ((answer & (c.POLLIN() | c.POLLRDHUP())) != 0) {
            directions |= Readiness.READABLE;
        }
        if ((answer & c.POLLRDHUP()) != 0) {
            directions |= Readiness.HANG_UP;
        }
        if ((answer & c.POLLOUT()) != 0) {
            directions |= Readiness.WRITABLE;
        }
        if ((answer & c.POLLPRI()) != 0) {
            directions |= Readiness.PRIORITY;
        }
        if ((watch.interest & Readiness.ONE_SHOT) != 0) {
            watch.muted = true;
        } else if ((watch.interest & Readiness.LEVEL) == 0) {
            watch.armed &= ~directions;
            watch.muted = hangup != 0;
        }
        events.set(i, watch.token, readiness(answer));
    }

    private int bits(int interest) {
        int bits = 0;
        if ((interest & Readiness.READABLE) != 0) {
            bits |= c.POLLIN() | c.POLLRDHUP();
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            bits |= c.POLLOUT();
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            bits |= c.POLLPRI();
        }
        if ((interest & Readiness.HANG_UP) != 0) {
            bits |= c.POLLRDHUP();
        }
        return bits;
    }

    private int readiness(int answer) {
        boolean in = (answer & c.POLLIN()) != 0;
        boolean out = (answer & c.POLLOUT()) != 0;
        boolean error = (answer & (c.POLLERR() | c.POLLNVAL())) != 0;
        boolean hangup = (answer & c.POLLHUP()) != 0;
        boolean priority = (answer & c.POLLPRI()) != 0;
        return (in || priority ? Readiness.READABLE : 0)
            | (out ? Readiness.WRITABLE : 0)
            | (priority ? Readiness.PRIORITY : 0)
            | (error ? Readiness.ERROR : 0)
            | (hangup || (answer & c.POLLRDHUP()) != 0 ? Readiness.READ_CLOSED : 0)
            | (hangup || out && error || answer == c.POLLERR() ? Readiness.WRITE_CLOSED : 0);
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
    protected boolean reportsSignals() {
        return false; // the pipe also tells of changes
    }

    @Override
    protected void startWaker(long token) {
        // signals carry no token
    }

    @Override
    protected void stopWaker() {
        // and end a wait at most
    }

    @Override
    protected void signal() {
        synchronized (lock) {
            notifyPoller();
        }
    }

    @Override
    protected void interrupt() {
        signal();
    }

    private void write() {
        Libc.write(pipeWriter, ThreadState.get().argument, 0, 1); // a full pipe wakes as well
    }

    private void drain() {
        MemorySegment argument = ThreadState.get().argument;
        long r;
        do {
            r = Libc.read(pipeReader, argument, 0, argument.byteSize());
        } while (r == argument.byteSize() || r == -c.EINTR());
    }

    @Override
    protected void release() {
        Libc.close(pipeReader);
        Libc.close(pipeWriter);
    }
}
