package io.panamio.tls;

import java.nio.ByteBuffer;

/**
 * A heap buffer of each thread, which holds one record during a call of an engine. The ciphers of the JDK work in arrays:
 * for records in native memory they allocate some and copy in pieces, which costs more than one copy of the whole. A
 * virtual thread keeps none: there may be as many as connections.
 */
final class Scratch {
    private static final ThreadLocal<ByteBuffer> BUFFERS = new ThreadLocal<>();

    private Scratch() {
    }

    /** {@return a buffer with the position 0 and a limit} */
    static ByteBuffer get(int limit) {
        if (Thread.currentThread().isVirtual()) {
            return ByteBuffer.allocate(limit);
        }
        ByteBuffer buffer = BUFFERS.get();
        if (buffer == null || buffer.capacity() < limit) {
            buffer = ByteBuffer.allocate(limit);
            BUFFERS.set(buffer);
        }
        return buffer.clear().limit(limit);
    }
}
