package io.panamio.examples.proxy;

import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.RingBuffer;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;

/**
 * What the flows of a loop share: one buffer for all, and pools of what a flow has only while bytes wait in it. For the
 * loop's thread. Allocates nothing but to grow to the most that was in use at a time.
 */
final class Resources implements AutoCloseable {
    /** It fits into the processor's first cache. */
    static final int BUFFER_SIZE = 32 * 1024;
    private static final int RING_SIZE = 64 * 1024;
    /** Large ones take fewer system calls for long transfers. */
    private static final int PIPE_SIZE = 512 * 1024;
    private static final int MOST_IDLE_PIPES = 64;

    final PipePool pipes = new PipePool(PIPE_SIZE, MOST_IDLE_PIPES);
    private final SegmentPool segments = SegmentPool.open(PoolOptions.DEFAULT.sizes(BUFFER_SIZE));
    private final Arena arena = Arena.ofConfined();
    private final ArrayDeque<RingBuffer> idleRings = new ArrayDeque<>();
    private int rings;
    private Lease buffer;

    /** The loop's buffer: what is in it must be gone, or {@linkplain #keepBuffer kept}, before the next flow moves. */
    Lease buffer() {
        if (buffer == null) {
            buffer = segments.acquire(BUFFER_SIZE);
        }
        return buffer;
    }

    /**
     * Gives the buffer away with what is in it, to be released, if the loop can have another one: without memory it is
     * the one who wants to keep it that fails, not the next one.
     */
    Lease keepBuffer() {
        Lease next = segments.acquire(BUFFER_SIZE);
        Lease kept = buffer;
        buffer = next;
        return kept;
    }

    /** An empty ring. */
    RingBuffer takeRing() {
        RingBuffer ring = idleRings.pollLast(); // the last that came back is the warmest
        if (ring == null) {
            ring = RingBuffer.allocate(arena, RING_SIZE);
            rings++;
        }
        return ring;
    }

    /** Takes back a ring. */
    void giveBack(RingBuffer ring) {
        ring.clear();
        idleRings.addLast(ring);
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
        arena.close();
    }
}
