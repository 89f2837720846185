package io.panamio.test.unix;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;

import io.panamio.Feature;
import io.panamio.IoResult;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Unix streams and pipes allocate nothing once warm; see {@code AllocationTest} for TCP. */
@Requires({Feature.UNIX_STREAMS, Feature.PIPES})
class LocalAllocationTest {
    private static final int SIZE = 64;

    /** The ways to read and write. */
    enum Memory {
        NATIVE {
            @Override
            long read(ReadableStream stream) throws IOException {
                return stream.read(NATIVE_IN);
            }

            @Override
            long write(WritableStream stream) throws IOException {
                return stream.write(NATIVE_OUT);
            }
        },
        HEAP {
            @Override
            long read(ReadableStream stream) throws IOException {
                return stream.read(HEAP_IN);
            }

            @Override
            long write(WritableStream stream) throws IOException {
                return stream.write(HEAP_OUT);
            }
        },
        ARRAY {
            @Override
            long read(ReadableStream stream) throws IOException {
                return stream.read(IN, 0, 2 * SIZE);
            }

            @Override
            long write(WritableStream stream) throws IOException {
                return stream.write(OUT, 0, SIZE);
            }
        };

        private static final byte[] IN = new byte[2 * SIZE];
        private static final byte[] OUT = new byte[SIZE];
        private static final MemorySegment HEAP_IN = MemorySegment.ofArray(IN);
        private static final MemorySegment HEAP_OUT = MemorySegment.ofArray(OUT);
        private static final MemorySegment NATIVE_IN = Arena.global().allocate(2 * SIZE);
        private static final MemorySegment NATIVE_OUT = Arena.global().allocate(SIZE);

        abstract long read(ReadableStream stream) throws IOException;

        abstract long write(WritableStream stream) throws IOException;
    }

    private static void write(Memory memory, WritableStream to) throws IOException {
        if (memory.write(to) != SIZE) {
            throw new IOException("the message does not fit");
        }
    }

    /** Reads if an event with this token is readable. */
    private static boolean read(Memory memory, Loop loop, long token, ReadableStream from) throws IOException {
        for (int i = 0; i < loop.events.size(); i++) {
            if (loop.events.token(i) == token && loop.events.isReadable(i)) {
                long n = memory.read(from);
                if (n != SIZE && n != IoResult.WOULD_BLOCK) {
                    throw new IOException(n + " bytes");
                }
                return n == SIZE;
            }
        }
        return false;
    }

    @ParameterizedTest
    @EnumSource
    void anEchoOfAUnixStreamAllocatesNothing(Memory memory) throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            loop.register(pair[0], 0, RW);
            loop.register(pair[1], 1, RW);
            Allocations.assertAtMost(0, () -> {
                write(memory, pair[0]);
                for (boolean answered = false; !answered;) {
                    loop.poll.poll(loop.events, Loop.LONG);
                    if (read(memory, loop, 1, pair[1])) {
                        write(memory, pair[1]);
                    }
                    answered = read(memory, loop, 0, pair[0]);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPipeAllocatesNothing(Memory memory) throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = loop.later(Pipe.open());
            loop.register(pipe.receiver(), 1, R);
            Allocations.assertAtMost(0, () -> {
                write(memory, pipe.sender());
                for (boolean answered = false; !answered;) {
                    loop.poll.poll(loop.events, Loop.LONG);
                    answered = read(memory, loop, 1, pipe.receiver());
                }
            });
        }
    }
}
