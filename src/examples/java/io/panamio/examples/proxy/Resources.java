package io.panamio.examples.proxy;

import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.RingBuffer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory that the flows of a loop share: one buffer for all, and pools of buffers, rings and pipes that a flow
 * holds only while bytes are pending. For the loop's thread. Allocates only to grow to the maximum in use at a time.
 */
final class Resources implements AutoCloseable {
    /** Fits into the first-level cache. */
    static final int BUFFER_SIZE = 32 * 1024;
    private static final int RING_SIZE = 64 * 1024;
    /** Large ones take fewer system calls for long transfers. */
    private static final int PIPE_SIZE = 512 * 1024;
    private static final int MAX_IDLE_PIPES = 64;

    final PipePool pipes = new PipePool(PIPE_SIZE, MAX_IDLE_PIPES);
    /** The buffers of encrypted streams. */
    final SegmentPool records = SegmentPool.open();
    private final SegmentPool segments = SegmentPool.open(PoolOptions.DEFAULT.sizes(BUFFER_SIZE));
    private final Arena arena = Arena.ofConfined();
    private final List<RingBuffer> idleRings = new ArrayList<>();
    private int rings;
    private Lease buffer;

    /**
     * Returns the loop's buffer. Its content must be written or {@linkplain #keepBuffer kept} before the next flow
     * moves.
     */
    Lease buffer() {
        if (buffer == null) {
            buffer = segments.acquire(BUFFER_SIZE);
        }
        return buffer;
    }

    /**
     * Transfers the buffer and its content to the caller, which releases it. Allocates the next one first: without
     * memory this caller fails, not the next.
     */
    Lease keepBuffer() {
        Lease next = segments.acquire(BUFFER_SIZE);
        Lease kept = buffer;
        buffer = next;
        return kept;
    }

    /** Returns an empty ring. */
    RingBuffer takeRing() {
        if (!idleRings.isEmpty()) {
            return idleRings.removeLast(); // the most recently used one is in the cache
        }
        RingBuffer ring = RingBuffer.allocate(arena, RING_SIZE);
        rings++;
        return ring;
    }

    /** Returns a ring to the pool. */
    void releaseRing(RingBuffer ring) {
        ring.clear();
        idleRings.add(ring);
    }

    long bytesWaiting() {
        return segments.acquired() - (buffer == null ? 0 : BUFFER_SIZE);
    }

    int ringsInUse() {
        return rings - idleRings.size();
    }

    int idlePipes() {
        return pipes.idle();
    }

    @Override
    public void close() {
        pipes.close();
        segments.close();
        records.close();
        arena.close();
    }
}
