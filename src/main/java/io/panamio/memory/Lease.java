package io.panamio.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A segment of a {@link SegmentPool}, from {@link SegmentPool#acquire} to {@link #release}. Forget it then: the pool
 * gives the same object to the next one who asks. For the pool's thread.
 */
public final class Lease {
    private final SegmentPool pool;
    final MemorySegment memory;
    /** Where it comes from, and its number there; null if it is larger than all classes. */
    final SegmentPool.SizeClass sizeClass;
    final int number;
    /** What ends with the release: the segment's scope; null if that is the pool's. */
    final Arena life;
    /** Whether it is acquired and not yet released. */
    boolean taken;
    /** Where that was done last, in a pool that is checked. */
    Throwable trace;

    Lease(SegmentPool pool, MemorySegment memory, SegmentPool.SizeClass sizeClass, int number, Arena life) {
        this.pool = pool;
        this.memory = memory;
        this.sizeClass = sizeClass;
        this.number = number;
        this.life = life;
    }

    /**
     * The memory: as much as was asked for, or more. What is in it is left from earlier use. Its address is a multiple
     * of the largest power of two that its size is a multiple of, but of 4096 at most.
     *
     * @return the segment, always the same
     * @throws IllegalStateException if this is released
     */
    public MemorySegment segment() {
        if (!taken) {
            throw new IllegalStateException("released", trace);
        }
        return memory;
    }

    /**
     * Gives the memory back. After the pool was closed it does nothing.
     *
     * @throws IllegalStateException if it was given back already
     * @throws WrongThreadException in another thread than the pool's
     */
    public void release() {
        pool.requireOwner();
        if (!taken) {
            throw new IllegalStateException("released twice", trace);
        }
        taken = false;
        pool.takeBack(this);
    }

    /** The size, and whether it is released. */
    @Override
    public String toString() {
        return "Lease[" + memory.byteSize() + " bytes" + (taken ? "]" : ", released]");
    }
}
