package io.panamio.examples.serve;

import io.panamio.pipeline.RingBuffer;
import java.lang.foreign.Arena;

/**
 * A ring buffer with an arena of its own, so that its memory can be freed at once: the garbage collector may never run
 * in a loop that allocates nothing.
 */
final class Ring implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    final RingBuffer buffer;

    Ring(long capacity) {
        buffer = RingBuffer.allocate(arena, capacity);
    }

    @Override
    public void close() {
        arena.close();
    }
}
