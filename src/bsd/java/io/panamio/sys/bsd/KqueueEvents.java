package io.panamio.sys.bsd;

import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Readiness;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** An array of struct kevent, as kevent(2) fills it. */
final class KqueueEvents extends EventBuffer {
    /** The filter of events that {@link #set} stores, none of the system's; {@code fflags} has readiness bits. */
    private static final short OWN = 0;

    final MemorySegment memory;
    private final ByteBuffer bytes;
    private final int capacity;

    private final int size;
    private final int ident;
    private final int filter;
    private final int flags;
    private final int fflags;
    private final int udata;
    private final int user;
    private final int oob;

    private KqueueEvents(BsdConstants c, int capacity) {
        this.capacity = capacity;
        size = c.KEVENT_SIZE();
        ident = c.KEVENT_IDENT();
        filter = c.KEVENT_FILTER();
        flags = c.KEVENT_FLAGS();
        fflags = c.KEVENT_FFLAGS();
        udata = c.KEVENT_UDATA();
        user = c.EVFILT_USER();
        oob = c.NOTE_OOB();
        memory = Arena.ofAuto().allocate((long) capacity * size, 64);
        bytes = NativeScratch.bytes(memory);
    }

    /**
     * Allocates room for {@code capacity} events. The return type is the superclass, so that the verifier does not load
     * this class for the caller.
     */
    static EventBuffer withCapacity(BsdConstants constants, int capacity) {
        return new KqueueEvents(constants, capacity);
    }

    @Override
    public int capacity() {
        return capacity;
    }

    @Override
    public long token(int i) {
        return bytes.getLong(i * size + udata);
    }

    long ident(int i) {
        return bytes.getLong(i * size + ident);
    }

    int filter(int i) {
        return bytes.getShort(i * size + filter);
    }

    int flags(int i) {
        return Short.toUnsignedInt(bytes.getShort(i * size + flags));
    }

    /**
     * {@inheritDoc} EV_EOF ends the direction of its filter, or both directions if {@code fflags} has an errno. Data
     * that is pending before an end can still be read.
     */
    @Override
    public int readiness(int i) {
        int at = i * size;
        int which = bytes.getShort(at + filter);
        int notes = bytes.getInt(at + fflags);
        boolean ended = (bytes.getShort(at + flags) & Bsd.EV_EOF) != 0;
        if (which == Bsd.EVFILT_READ) {
            return Readiness.READABLE | (ended ? Readiness.READ_CLOSED | broken(notes) : priority(notes));
        }
        if (which == Bsd.EVFILT_WRITE) {
            return Readiness.WRITABLE | (ended ? Readiness.WRITE_CLOSED | broken(notes) : 0);
        }
        if (which == OWN) {
            return notes;
        }
        if (which == user) {
            return Readiness.WRITABLE | Readiness.WRITE_CLOSED; // a pipe without a reader
        }
        return ended ? Readiness.READ_CLOSED | broken(notes) : Readiness.READABLE | priority(notes);
    }

    /** Returns whether urgent data is pending. */
    boolean isUrgent(int i) {
        return (bytes.getInt(i * size + fflags) & oob) != 0;
    }

    private int priority(int notes) {
        return (notes & oob) == 0 ? 0 : Readiness.PRIORITY;
    }

    private static int broken(int errno) {
        return errno == 0 ? 0 : Readiness.ERROR | Readiness.READ_CLOSED | Readiness.WRITE_CLOSED;
    }

    @Override
    protected void set(int i, long token, int readiness) {
        int at = i * size;
        bytes.putShort(at + filter, OWN);
        bytes.putInt(at + fflags, readiness);
        bytes.putLong(at + udata, token);
    }

    /** Copies an event to another index. */
    void move(int from, int to) {
        if (from != to) {
            MemorySegment.copy(memory, (long) from * size, memory, (long) to * size, size);
        }
    }
}
