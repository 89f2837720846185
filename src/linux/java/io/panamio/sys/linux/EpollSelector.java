package io.panamio.sys.linux;

import io.panamio.Feature;
import io.panamio.bindings.linux.Linux;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedSelectorException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Watches by epoll(7), edge-triggered. A notification is a write to an eventfd(2), which is never read in normal use.
 */
final class EpollSelector extends Selector {
    private static final Errors ERRORS = new Errors(LinuxConstants.INSTANCE);

    /** _IOW(0x8A, 1, struct epoll_params), which the headers of the bindings do not have yet. */
    private static final long EPIOCSPARAMS = 0x40088A01;
    /** Whether epoll_pwait2(2) was found to be missing. */
    private static volatile boolean onlyMillis;

    private final int epoll;
    private final int eventfd;
    /** Whether the first descriptor is closed: there may have been no stack for the second. */
    private boolean closed;
    /**
     * The token of notifications: random, as a user may register any value, and replaced if a user does register it.
     */
    private volatile long notification = ThreadLocalRandom.current().nextLong();

    EpollSelector() throws IOException {
        epoll = check("epoll_create1", Epoll.create1(Linux.EPOLL_CLOEXEC));
        int fd = -1;
        try {
            fd = check("eventfd", Epoll.eventfd(0, Linux.EFD_CLOEXEC | Linux.EFD_NONBLOCK));
            check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_ADD, fd, Linux.EPOLLET | Linux.EPOLLIN,
                notification));
        } catch (Throwable t) {
            Libc.close(epoll);
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw t;
        }
        eventfd = fd;
    }

    private static int check(String call, int r) throws IOException {
        if (r < 0) {
            throw ERRORS.io(call, -r);
        }
        return r;
    }

    /** Returns whether epoll refuses an open descriptor (EPERM), as that of a file that is always ready. */
    static boolean refuses(int fd) {
        int probe = Epoll.create1(Linux.EPOLL_CLOEXEC);
        if (probe < 0) {
            return false; // not known, as there are no descriptors left
        }
        try {
            return Epoll.ctl(probe, Linux.EPOLL_CTL_ADD, fd, 0, 0) == -Linux.EPERM;
        } finally {
            Libc.close(probe);
        }
    }

    @Override
    protected int fd() {
        return epoll;
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        requireOther(token);
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_ADD, fd, bits(interest), token));
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        requireOther(token);
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD, fd, bits(interest), token));
    }

    private void requireOther(long token) throws IOException {
        if (token == notification) {
            long other = ThreadLocalRandom.current().nextLong();
            check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD, eventfd, Linux.EPOLLET | Linux.EPOLLIN, other));
            notification = other;
        }
    }

    @Override
    protected void remove(int fd) throws IOException {
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_DEL, fd, 0, 0));
    }

    @Override
    public boolean deregistersOnClose() {
        return true; // epoll(7), question 6
    }

    @Override
    public void rearm(int fd, int interest) {
        // not needed: epoll reports the next edge by itself
    }

    private static final int ORDINARY = Readiness.READABLE | Readiness.WRITABLE | Readiness.PRIORITY;

    private static int bits(int interest) {
        int bits = Linux.EPOLLET;
        if ((interest & Readiness.READABLE) != 0) {
            bits |= Linux.EPOLLIN | Linux.EPOLLRDHUP;
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            bits |= Linux.EPOLLOUT;
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            bits |= Linux.EPOLLPRI;
        }
        return interest > ORDINARY ? withExtras(bits, interest) : bits;
    }

    private static int withExtras(int ordinary, int interest) {
        int bits = ordinary;
        if ((interest & Readiness.HANG_UP) != 0) {
            bits |= Linux.EPOLLRDHUP;
        }
        if ((interest & Readiness.LEVEL) != 0) {
            bits &= ~Linux.EPOLLET;
        }
        if ((interest & Readiness.ONE_SHOT) != 0) {
            bits |= Linux.EPOLLONESHOT;
        }
        if ((interest & Readiness.EXCLUSIVE) != 0) {
            bits = bits & ~Linux.EPOLLRDHUP | Linux.EPOLLEXCLUSIVE; // the kernel refuses the two together
        }
        return bits;
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer buffer, int max, long nanos) throws IOException {
        EpollEvents events = (EpollEvents) buffer;
        int n = nanos > 0 && nanos % 1_000_000 != 0 && !onlyMillis ? awaitNanos(events.memory, max, nanos)
            : Epoll.wait(epoll, events.memory, max, nanos < 0 ? -1 : ceilMillis(nanos));
        if (n > 0 && isNotified() && events.remove(notification, n)) {
            notificationArrived();
            return n - 1;
        }
        if (n >= 0) {
            return n;
        }
        if (n == -Linux.EINTR) {
            return -1;
        }
        throw ERRORS.io("epoll_wait", -n);
    }

    /**
     * Waits with a timeout in nanoseconds if possible. The sandboxes of containers reject unknown calls with EPERM; the
     * call itself never fails with it.
     */
    private int awaitNanos(MemorySegment memory, int max, long nanos) {
        int n = Epoll.pwait2(epoll, memory, max, nanos);
        if (n != -Linux.ENOSYS && n != -Linux.EPERM) {
            return n;
        }
        onlyMillis = true;
        return Epoll.wait(epoll, memory, max, ceilMillis(nanos));
    }

    /** struct epoll_params of Linux 6.9: a u32, a u16, a u8 and a byte of padding. */
    @Override
    public void setBusyPoll(int micros, int budget, boolean prefer) throws IOException {
        if (!enter()) {
            throw new ClosedSelectorException();
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            scratch.argumentBytes.putInt(0, micros).putShort(4, (short) budget).put(6, (byte) (prefer ? 1 : 0))
                .put(7, (byte) 0);
            int r = Libc.ioctl(epoll, EPIOCSPARAMS, scratch.argument);
            if (r == -Linux.ENOTTY || r == -Linux.EOPNOTSUPP) {
                throw Platform.current().refusal(Feature.BUSY_POLL,
                    "this kernel has no EPIOCSPARAMS, which came with Linux 6.9");
            }
            check("ioctl", r);
        } finally {
            exit();
        }
    }

    // ---- waking

    @Override
    protected void sendNotification() {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long r;
            do {
                scratch.argumentBytes.putLong(0, 1);
                r = Libc.write(eventfd, scratch.argument, 0, Long.BYTES);
                if (r == -Linux.EAGAIN) {
                    drain(); // the counter is full
                }
            } while (r == -Linux.EAGAIN || r == -Linux.EINTR);
            if (r < 0) {
                notificationFailed();
            }
        }
    }

    private void drain() {
        try (NativeScratch scratch = NativeScratch.enter()) {
            Libc.read(eventfd, scratch.argument, 0, Long.BYTES);
        }
    }

    @Override
    protected void destroy() {
        if (!closed) {
            Libc.close(epoll);
            closed = true;
        }
        Libc.close(eventfd);
    }
}
