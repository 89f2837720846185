package io.panamio.jmh;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Sends 64 bytes over a TCP connection and receives them, in one thread: two system calls. */
public class SendRecv extends Operation {
    @Benchmark
    public void panamio(PanamioPair pair, Memory memory) throws IOException {
        sendRecv(pair, memory.segment);
    }

    @Benchmark
    public void panamioHeap(PanamioPair pair, Memory memory) throws IOException {
        sendRecv(pair, memory.heapSegment);
    }

    @Benchmark
    public void panamioArray(PanamioPair pair, Memory memory) throws IOException {
        check(pair.client.write(memory.array, 0, Memory.BYTES) == Memory.BYTES);
        long n;
        do {
            n = pair.server.read(memory.array, 0, Memory.BYTES);
        } while (n < 0);
        check(n == Memory.BYTES);
    }

    @Benchmark
    public void panamioBuffer(PanamioPair pair, Memory memory) throws IOException {
        check(pair.client.write(memory.direct.clear()) == Memory.BYTES);
        long n;
        do {
            n = pair.server.read(memory.direct.clear());
        } while (n < 0);
        check(n == Memory.BYTES);
    }

    private static void sendRecv(PanamioPair pair, MemorySegment memory) throws IOException {
        check(pair.client.write(memory) == Memory.BYTES);
        check(pair.receive(memory) == Memory.BYTES);
    }

    @Benchmark
    public void nio(NioPair pair, Memory memory) throws IOException {
        sendRecv(pair, memory.direct);
    }

    @Benchmark
    public void nioHeap(NioPair pair, Memory memory) throws IOException {
        sendRecv(pair, memory.heap);
    }

    private static void sendRecv(NioPair pair, ByteBuffer memory) throws IOException {
        check(pair.send(memory) == Memory.BYTES);
        check(pair.receive(memory) == Memory.BYTES);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
