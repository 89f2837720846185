package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BURST;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import io.panamio.memory.Lease;
import io.panamio.memory.SegmentPool;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.PipePool;
import io.panamio.pipeline.Splice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.LongConsumer;

/** Splices, relays, files, ring buffers and pools. */
public final class GuardPipelines extends GuardOperations {
    private static final int PACKET = 1500;

    @Override
    void put(Map<String, LongConsumer> operations) throws IOException {
        TcpListener listener = listener();
        TcpStream[] in = pair(listener, listener.localAddress());
        TcpStream[] out = pair(listener, listener.localAddress());
        Splice splice = new Splice(in[1], out[0], new PipePool());
        MemorySegment memory = Arena.ofAuto().allocate(BURST);
        operations.put("64 KiB passed on, spliced", repeat(() -> {
            long sent = 0;
            for (long got = 0; got < BURST; got += Math.max(0, out[1].read(memory))) {
                sent += Math.max(0, in[0].write(memory, sent, BURST - sent));
                splice.transfer();
            }
        }));
        SegmentPool pool = SegmentPool.open();
        operations.put("a lease of 1500 bytes", repeat(() -> {
            Lease lease = pool.acquire(PACKET);
            check(lease.segment().byteSize() >= PACKET);
            lease.release();
        }));
    }
}
