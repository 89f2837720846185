package io.panamio.examples.serve;

import io.panamio.pipeline.RingBuffer;
import java.lang.foreign.Arena;

/** A ring with memory of its own, that can be given back at once: a loop that makes no garbage may never collect any. */
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
