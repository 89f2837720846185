package io.panamio.jmh;

import io.panamio.IoResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Sends 64 bytes over a connection from 4 buffers of 16 bytes each, and receives them into 4 buffers, in one thread:
 * two system calls, sendmsg and recvmsg (writev and readv with NIO).
 *
 * <p>On the heap both copy through native memory, and make the same two calls.
 */
public class GatherScatter extends Operation {
    private static final int PARTS = 4;
    private static final int PART = Memory.BYTES / PARTS;

    /** The buffers. */
    @State(Scope.Thread)
    public static class Parts {
        private final MemorySegment[] segments = new MemorySegment[PARTS];
        private final MemorySegment[] heapSegments = new MemorySegment[PARTS];
        private final ByteBuffer[] direct = new ByteBuffer[PARTS];
        private final ByteBuffer[] heap = new ByteBuffer[PARTS];

        /** Allocates the buffers. */
        public Parts() {
            Memory memory = new Memory();
            for (int i = 0; i < PARTS; i++) {
                segments[i] = memory.segment.asSlice((long) i * PART, PART);
                heapSegments[i] = MemorySegment.ofArray(new byte[PART]);
                direct[i] = memory.direct.slice(i * PART, PART);
                heap[i] = ByteBuffer.allocate(PART);
            }
        }
    }

    @Benchmark
    public void panamio(PanamioPair pair, Parts parts) throws IOException {
        exchange(pair, parts.segments);
    }

    @Benchmark
    public void panamioHeap(PanamioPair pair, Parts parts) throws IOException {
        exchange(pair, parts.heapSegments);
    }

    private static void exchange(PanamioPair pair, MemorySegment[] parts) throws IOException {
        check(pair.client.writeVectored(parts) == Memory.BYTES);
        long n;
        do {
            n = pair.server.readVectored(parts);
        } while (n == IoResult.WOULD_BLOCK);
        check(n == Memory.BYTES);
    }

    @Benchmark
    public void nio(NioPair pair, Parts parts) throws IOException {
        exchange(pair, parts.direct);
    }

    @Benchmark
    public void nioHeap(NioPair pair, Parts parts) throws IOException {
        exchange(pair, parts.heap);
    }

    private static void exchange(NioPair pair, ByteBuffer[] parts) throws IOException {
        check(pair.client.write(clear(parts)) == Memory.BYTES);
        clear(parts);
        long n;
        do {
            n = pair.server.read(parts);
        } while (n == 0);
        check(n == Memory.BYTES);
    }

    private static ByteBuffer[] clear(ByteBuffer[] parts) {
        for (ByteBuffer part : parts) {
            part.clear();
        }
        return parts;
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
