package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.ThreadState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Watches with epoll(7), always edge-triggered. The waker is an eventfd(2) that is never read in normal use. */
final class EpollSelector extends Selector {
    private static final Errors ERRORS = new Errors(LinuxConstants.INSTANCE);

    private final int epoll;
    private final int eventfd;

    /**
     * The eventfd is watched from the start, for nothing as long as there is no waker: so close() cannot fail to
     * wake.
     */
    EpollSelector() throws IOException {
        epoll = check("epoll_create1", Epoll.create1(Linux.EPOLL_CLOEXEC()));
        int fd = -1;
        try {
            fd = check("eventfd", Epoll.eventfd(0, Linux.EFD_CLOEXEC() | Linux.EFD_NONBLOCK()));
            check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_ADD(), fd, 0, 0));
        } catch (IOException e) {
            Libc.close(epoll);
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw e;
        }
        eventfd = fd;
    }

    private static int check(String call, int r) throws IOException {
        if (r < 0) {
            throw ERRORS.io(call, -r);
        }
        return r;
    }

    @Override
    public int fd() {
        return epoll;
    }

    // ---- watching

    @Override
    protected void add(int fd, long token, int interest) throws IOException {
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_ADD(), fd, bits(interest), token));
    }

    @Override
    protected void modify(int fd, long token, int interest) throws IOException {
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD(), fd, bits(interest), token));
    }

    @Override
    protected void remove(int fd) throws IOException {
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_DEL(), fd, 0, 0));
    }

    @Override
    public void rearm(int fd, int interest) {
        // epoll reports the next edge by itself
    }

    private static int bits(int interest) {
        int bits = Linux.EPOLLET();
        if ((interest & Readiness.READABLE) != 0) {
            bits |= Linux.EPOLLIN() | Linux.EPOLLRDHUP();
        }
        if ((interest & Readiness.WRITABLE) != 0) {
            bits |= Linux.EPOLLOUT();
        }
        if ((interest & Readiness.PRIORITY) != 0) {
            bits |= Linux.EPOLLPRI();
        }
        return bits;
    }

    // ---- waiting

    @Override
    protected int await(EventBuffer events, int millis) throws IOException {
        EpollEvents buffer = (EpollEvents) events;
        int n = Epoll.wait(epoll, buffer.memory, buffer.capacity(), millis);
        if (n >= 0) {
            takeWoken();
            return n;
        }
        if (n == -Linux.EINTR()) {
            return -1;
        }
        throw ERRORS.io("epoll_wait", -n);
    }

    // ---- waking

    @Override
    protected void startWaker(long token) throws IOException {
        drain(); // as the change reports what is in the counter
        check("epoll_ctl", Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD(), eventfd, Linux.EPOLLET() | Linux.EPOLLIN(), token));
    }

    @Override
    protected void stopWaker() {
        Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD(), eventfd, 0, 0);
    }

    @Override
    protected void signal() {
        MemorySegment one = ThreadState.get().argument;
        one.set(ValueLayout.JAVA_LONG, 0, 1);
        while (Libc.write(eventfd, one, Long.BYTES) == -Linux.EAGAIN()) { // the counter is full
            drain();
            one.set(ValueLayout.JAVA_LONG, 0, 1);
        }
    }

    private void drain() {
        Libc.read(eventfd, ThreadState.get().argument, Long.BYTES);
    }

    @Override
    protected synchronized void interrupt() { // or stopWaker could undo this
        Epoll.ctl(epoll, Linux.EPOLL_CTL_MOD(), eventfd, Linux.EPOLLIN(), 0); // whoever sees it finds this closed
        signal();
    }

    @Override
    protected void release() {
        Libc.close(epoll);
        Libc.close(eventfd);
    }
}
