package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** The kinds of memory that the three overloads of an operation accept. */
public enum Memories {
    CONFINED {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                return segment(operation, arena.allocate(bytes.length), bytes);
            }
        }
    },
    SHARED {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            try (Arena arena = Arena.ofShared()) {
                return segment(operation, arena.allocate(bytes.length), bytes);
            }
        }
    },
    AUTOMATIC {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            return segment(operation, Arena.ofAuto().allocate(bytes.length), bytes);
        }
    },
    HEAP_LONGS {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            MemorySegment longs = MemorySegment.ofArray(new long[bytes.length / 8 + 1]);
            return segment(operation, longs.asSlice(0, bytes.length), bytes);
        }
    },
    HEAP_SLICE {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            MemorySegment more = MemorySegment.ofArray(new byte[bytes.length + 9]);
            return segment(operation, more.asSlice(5, bytes.length), bytes);
        }
    },
    DIRECT_BUFFER {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            return buffer(operation, ByteBuffer.allocateDirect(bytes.length + 9), bytes);
        }
    },
    HEAP_BUFFER {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            return buffer(operation, ByteBuffer.allocate(bytes.length + 9), bytes);
        }
    },
    HEAP_BUFFER_SLICE {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            return buffer(operation, ByteBuffer.allocate(bytes.length + 20).slice(7, bytes.length + 9), bytes);
        }
    },
    ARRAY {
        @Override
        public long run(Operation operation, byte[] bytes) throws IOException {
            byte[] more = new byte[bytes.length + 9];
            System.arraycopy(bytes, 0, more, 5, bytes.length);
            long n = operation.array.run(more, 5, bytes.length);
            System.arraycopy(more, 5, bytes, 0, bytes.length);
            return n;
        }
    };

    public interface OnSegment {
        long run(MemorySegment segment) throws IOException;
    }

    public interface OnBuffer {
        long run(ByteBuffer buffer) throws IOException;
    }

    public interface OnArray {
        long run(byte[] array, int off, int len) throws IOException;
    }

    public record Operation(OnSegment segment, OnBuffer buffer, OnArray array) {
    }

    /** Runs an operation on memory of this kind with the given contents, and copies the contents back afterwards. */
    public abstract long run(Operation operation, byte[] bytes) throws IOException;

    private static long segment(Operation operation, MemorySegment memory, byte[] bytes) throws IOException {
        MemorySegment array = MemorySegment.ofArray(bytes);
        memory.copyFrom(array);
        long n = operation.segment.run(memory);
        array.copyFrom(memory);
        return n;
    }

    private static long buffer(Operation operation, ByteBuffer memory, byte[] bytes) throws IOException {
        int end = 4 + bytes.length;
        memory.put(4, bytes).limit(end).position(4);
        long n = operation.buffer.run(memory);
        assertEquals(4 + Math.clamp(n, 0, bytes.length), memory.position());
        assertEquals(end, memory.limit());
        memory.get(4, bytes);
        return n;
    }
}
