package io.panamio.examples.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.Interest;
import io.panamio.IoResult;
import java.io.IOException;
import java.lang.invoke.MethodHandle;

/**
 * A process, not necessarily a child, readable once it has ended: pidfd_open(2), Linux 5.3. It has no data to read, and
 * only the parent can get the exit code: {@link Process#exitValue}.
 *
 * <p>Requires native access, see {@link Descriptor}.
 */
public final class PidFd extends Descriptor {
    private static final long SYS_PIDFD_OPEN = 434; // asm/unistd.h; the C library has a function since glibc 2.36
    private static final short POLLIN = 1; // bits/poll.h
    private static final MethodHandle POLL = SystemCalls.link("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);

    /**
     * Begins to watch a process.
     *
     * @param pid its number
     * @throws IOException if there is none, or the system refuses
     */
    public PidFd(long pid) throws IOException {
        super(open(pid), 8);
    }

    private static int open(long pid) throws IOException {
        try {
            return SystemCalls.call("syscall", SYS_PIDFD_OPEN, pid, 0L);
        } catch (IOException e) {
            throw new IOException("process " + pid + ": " + e.getMessage().replace("syscall", "pidfd_open"), e);
        }
    }

    /**
     * Returns whether the process has ended, by poll(2) without waiting, since a pidfd cannot be read.
     *
     * @return true if it has; otherwise an event reports the end
     * @throws IOException if a system call fails
     */
    public boolean hasEnded() throws IOException {
        return source().tryIo(Interest.READABLE, this::poll) != IoResult.WOULD_BLOCK;
    }

    private long poll(int fd) throws IOException {
        buffer.set(JAVA_INT, 0, fd); // struct pollfd: fd, events, revents
        buffer.set(JAVA_SHORT, 4, POLLIN);
        do {
            try {
                int ready = (int) POLL.invokeExact(errno, buffer, 1L, 0);
                if (ready >= 0) {
                    return ready == 0 ? IoResult.WOULD_BLOCK : ready;
                }
            } catch (Throwable t) {
                throw SystemCalls.unexpected(t);
            }
        } while (SystemCalls.errno(errno) == SystemCalls.EINTR);
        throw SystemCalls.failure("poll", SystemCalls.errno(errno));
    }
}
