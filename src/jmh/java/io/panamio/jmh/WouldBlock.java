package io.panamio.jmh;

import io.panamio.IoResult;
import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Reads from a connection without data: one system call, which would block. */
public class WouldBlock extends Operation {
    @Benchmark
    public void panamio(PanamioPair pair, Memory memory) throws IOException {
        check(pair.server.read(memory.segment) == IoResult.WOULD_BLOCK);
    }

    @Benchmark
    public void panamioHeap(PanamioPair pair, Memory memory) throws IOException {
        check(pair.server.read(memory.heapSegment) == IoResult.WOULD_BLOCK);
    }

    @Benchmark
    public void nio(NioPair pair, Memory memory) throws IOException {
        check(pair.server.read(memory.direct.clear()) == 0);
    }

    @Benchmark
    public void nioHeap(NioPair pair, Memory memory) throws IOException {
        check(pair.server.read(memory.heap.clear()) == 0);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
