package io.panamio.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A segment on loan from a {@link SegmentPool}, from {@link SegmentPool#acquire} until {@link #release}. Do not use the
 * object after the release: the pool may return it from a later {@code acquire}. Confined to the thread of the pool.
 */
public final class Lease {
    private final SegmentPool pool;
    final MemorySegment memory;
    /** The size class and the slot in it; null if the segment is larger than all classes. */
    final SegmentPool.SizeClass sizeClass;
    final int slot;
    /** The arena that the release closes; null if the memory is freed with the pool. */
    final Arena arena;
    /** Whether this lease is acquired and not yet released. */
    boolean taken;
    private ByteBuffer buffer;
    /** Where this was last acquired or released, in a checked pool. */
    Throwable trace;

    Lease(SegmentPool pool, MemorySegment memory, SegmentPool.SizeClass sizeClass, int slot, Arena arena) {
        this.pool = pool;
        this.memory = memory;
        this.sizeClass = sizeClass;
        this.slot = slot;
        this.arena = arena;
    }

    /**
     * Returns the memory, of at least the size that was requested. Its contents are unspecified. Its alignment is the
     * largest power of two, up to 4096, that divides its size.
     *
     * @return the segment, the same one until the release
     * @throws IllegalStateException if this lease is released
     */
    public MemorySegment segment() {
        if (!taken) {
            throw new IllegalStateException("this lease is released", trace);
        }
        return memory;
    }

    /**
     * Returns the memory as a direct buffer, for methods that take one. The first call of each lease creates it; in an
     * unchecked pool it remains for later leases of the same memory, so that a loop allocates nothing in the long run.
     *
     * @return the buffer, the same one until the release, with an unspecified position and limit
     * @throws IllegalStateException if this lease is released
     * @throws UnsupportedOperationException if the memory exceeds {@link Integer#MAX_VALUE} bytes
     */
    public ByteBuffer buffer() {
        MemorySegment of = segment();
        if (buffer == null) {
            buffer = of.asByteBuffer();
        }
        return buffer;
    }

    /**
     * Returns the memory to the pool. Does nothing if the pool is closed.
     *
     * @throws IllegalStateException if this lease is already released
     * @throws WrongThreadException if the pool belongs to another thread
     */
    public void release() {
        pool.requireOwner();
        if (!taken) {
            throw new IllegalStateException("this lease is already released", trace);
        }
        taken = false;
        pool.takeBack(this);
    }

    /** {@return the size, and whether this lease is released} */
    @Override
    public String toString() {
        return "Lease[" + memory.byteSize() + " bytes" + (taken ? "]" : ", released]");
    }
}
