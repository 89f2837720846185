package io.panamio.examples.serve;

import io.panamio.pipeline.RingBuffer;
import java.lang.foreign.Arena;

/** A ring whose memory can be given back at once: in a loop that makes no garbage nobody may ever collect it. */
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
