package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Readiness;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** An array of struct epoll_event, as epoll_wait(2) fills it. */
final class EpollEvents extends EventBuffer {
    final MemorySegment memory;
    private final ByteBuffer bytes;
    private final int capacity;

    EpollEvents(int capacity) {
        this.capacity = capacity;
        memory = Arena.ofAuto().allocate((long) capacity * Epoll.EVENT_SIZE, 64);
        bytes = NativeScratch.bytes(memory);
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public long token(int i) {
        return bytes.getLong(i * Epoll.EVENT_SIZE + Epoll.DATA_OFFSET);
    }

    /**
     * The readiness for the five low bits of an event (IN, PRI, OUT, ERR, HUP) and RDHUP as the sixth, so that no
     * branches are needed.
     */
    private static final byte[] READINESS = new byte[64];

    static {
        for (int i = 0; i < READINESS.length; i++) {
            READINESS[i] = (byte) readinessOf((i & 0x1f) | ((i & 0x20) == 0 ? 0 : Linux.EPOLLRDHUP));
        }
    }

    @Override
    public int readiness(int i) {
        int bits = bytes.getInt(i * Epoll.EVENT_SIZE + Epoll.EVENTS_OFFSET);
        return bits < 0 ? bits & ~OWN : READINESS[(bits & 0x1f) | ((bits & Linux.EPOLLRDHUP) == 0 ? 0 : 0x20)];
    }

    private static int readinessOf(int bits) {
        boolean in = (bits & Linux.EPOLLIN) != 0;
        boolean out = (bits & Linux.EPOLLOUT) != 0;
        boolean error = (bits & Linux.EPOLLERR) != 0;
        boolean hangup = (bits & Linux.EPOLLHUP) != 0;
        boolean priority = (bits & Linux.EPOLLPRI) != 0;
        return (in || priority ? Readiness.READABLE : 0)
            | (out ? Readiness.WRITABLE : 0)
            | (priority ? Readiness.PRIORITY : 0)
            | (error ? Readiness.ERROR : 0)
            | (hangup || (bits & Linux.EPOLLRDHUP) != 0 ? Readiness.READ_CLOSED : 0)
            | (hangup || out && error || bits == Linux.EPOLLERR ? Readiness.WRITE_CLOSED : 0);
    }

    /**
     * A bit that marks events that do not come from epoll, which reports no bit so high; their other bits are those of
     * {@link Readiness}.
     */
    private static final int OWN = 1 << 31;

    @Override
    protected void set(int i, long token, int readiness) {
        put(i, OWN | readiness, token);
    }

    private void put(int i, int bits, long token) {
        bytes.putInt(i * Epoll.EVENT_SIZE + Epoll.EVENTS_OFFSET, bits);
        bytes.putLong(i * Epoll.EVENT_SIZE + Epoll.DATA_OFFSET, token);
    }

    /** Removes the first of {@code n} events with a token, if there is one, by moving the last event to its index. */
    boolean remove(long token, int n) {
        for (int i = 0; i < n; i++) {
            if (token(i) == token) {
                put(i, bytes.getInt((n - 1) * Epoll.EVENT_SIZE + Epoll.EVENTS_OFFSET), token(n - 1));
                return true;
            }
        }
        return false;
    }
}
