package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import io.panamio.net.Pipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.function.LongConsumer;

/** Pipes. */
public final class GuardPipes extends GuardOperations {
    @Override
    void put(Map<String, LongConsumer> operations) throws IOException {
        Pipe pipe = Pipe.open();
        Pipe.Sender sender = pipe.sender();
        Pipe.Receiver receiver = pipe.receiver();
        MemorySegment memory = Arena.ofAuto().allocate(BYTES);
        operations.put("64 bytes through a pipe", repeat(() -> {
            check(sender.write(memory) == BYTES);
            check(receiver.read(memory) == BYTES);
        }));
        byte[] array = new byte[BYTES];
        operations.put("64 bytes through a pipe, arrays", repeat(() -> {
            check(sender.write(array, 0, BYTES) == BYTES);
            check(receiver.read(array, 0, BYTES) == BYTES);
        }));
    }
}
