package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import io.panamio.IoResult;
import io.panamio.net.GatherList;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.LongConsumer;

/** Four segments in one call, over TCP. */
public final class GuardVectored extends GuardOperations {
    @Override
    void put(Map<String, LongConsumer> operations) throws IOException {
        TcpListener listener = listener();
        TcpStream[] pair = pair(listener, listener.localAddress());
        MemorySegment memory = Arena.ofAuto().allocate(BYTES);
        MemorySegment[] parts = new MemorySegment[4];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = memory.asSlice(i * BYTES / parts.length, BYTES / parts.length);
        }
        operations.put("gather and scatter 4 of 16 bytes", repeat(() -> {
            check(pair[0].writeVectored(parts) == BYTES);
            while (pair[1].readVectored(parts) == IoResult.WOULD_BLOCK) {
                Thread.onSpinWait();
            }
        }));
        GatherList list = GatherList.of(parts);
        operations.put("gather 4 of 16 bytes by a list", repeat(() -> {
            list.rewind();
            check(pair[0].write(list) == BYTES);
            while (pair[1].read(memory) == IoResult.WOULD_BLOCK) {
                Thread.onSpinWait();
            }
        }));
    }
}
