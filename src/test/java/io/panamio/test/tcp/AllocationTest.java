package io.panamio.test.tcp;

import static io.panamio.test.support.Loop.R;
import static io.panamio.test.support.Loop.RW;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Waker;
import io.panamio.net.TcpStream;
import io.panamio.test.support.Allocations;
import io.panamio.test.support.Loop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A warm event loop allocates nothing, according to the JVM's count of the bytes that a thread allocates. */
class AllocationTest {
    private static final int SIZE = 64;
    private static final int CALLS = 4; // two reads and two writes in each round

    private static final IoOperation NOTHING_TO_DO = fd -> IoResult.WOULD_BLOCK;
    private static volatile Object sink;

    /** The ways to read and write. */
    private interface Memory {
        long read(TcpStream stream) throws IOException;

        long write(TcpStream stream) throws IOException;
    }

    /** A client, a server that echoes, and a waker, all in one loop. */
    private static final class Echo implements AutoCloseable {
        private static final long SERVER = 1;
        private static final long CLIENT = 2;
        private static final long WAKER = 3;

        private final Loop loop = new Loop();
        private final Poll poll = loop.poll;
        private final Events events = loop.events;
        private final TcpStream client;
        private final TcpStream server;
        private final Waker waker;
        private final Memory memory;
        private boolean woken;
        private boolean answered;

        Echo(Memory memory) throws IOException {
            this.memory = memory;
            TcpStream[] pair = loop.pair();
            client = pair[0];
            server = pair[1];
            client.setNoDelay(true);
            server.setNoDelay(true);
            loop.register(client, CLIENT, RW);
            loop.register(server, SERVER, RW);
            waker = loop.later(Waker.open(poll.registry(), WAKER));
        }

        void round() throws IOException {
            woken = false;
            answered = false;
            waker.wake();
            write(client);
            for (boolean cursor = false; !woken || !answered; cursor = !cursor) {
                int n = cursor ? poll.poll(events) : poll.poll(events, Loop.LONG);
                if (cursor) {
                    for (Event event : events) {
                        handle(event.token(), event.isReadable());
                    }
                } else {
                    for (int i = 0; i < n; i++) {
                        handle(events.token(i), events.isReadable(i));
                    }
                }
            }
            poll.pollNow(events);
        }

        private void handle(long token, boolean readable) throws IOException {
            if (token == WAKER) {
                woken = true;
            } else if (readable && read(token == SERVER ? server : client)) {
                if (token == SERVER) {
                    write(server);
                } else {
                    answered = true;
                }
            }
        }

        /** Returns whether a message was received; false for a spurious event. */
        private boolean read(TcpStream from) throws IOException {
            long n = memory.read(from);
            from.tryIo(R, NOTHING_TO_DO);
            return n == SIZE;
        }

        private void write(TcpStream to) throws IOException {
            if (memory.write(to) != SIZE) {
                throw new IOException("the message does not fit");
            }
            to.tryIo(NOTHING_TO_DO);
        }

        @Override
        public void close() throws IOException {
            loop.close();
        }
    }

    private static void assertAllocatesAtMost(long bytesEach, Memory memory) throws IOException {
        try (Echo echo = new Echo(memory)) {
            Allocations.assertAtMost(bytesEach, echo::round);
        }
    }

    private static Memory of(MemorySegment in, MemorySegment out) {
        return new Memory() {
            @Override
            public long read(TcpStream stream) throws IOException {
                return stream.read(in);
            }

            @Override
            public long write(TcpStream stream) throws IOException {
                return stream.write(out);
            }
        };
    }

    @Test
    void anEchoOfNativeSegmentsAllocatesNothing() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            assertAllocatesAtMost(0, of(arena.allocate(2 * SIZE), arena.allocate(SIZE)));
        }
    }

    @Test
    void anEchoOfPartsOfSegmentsAllocatesNothing() throws IOException {
        MemorySegment heap = MemorySegment.ofArray(new byte[4 * SIZE]);
        for (MemorySegment memory : List.of(Arena.ofAuto().allocate(4 * SIZE), heap)) {
            assertAllocatesAtMost(0, new Memory() {
                @Override
                public long read(TcpStream stream) throws IOException {
                    return stream.read(memory, 1, 2 * SIZE);
                }

                @Override
                public long write(TcpStream stream) throws IOException {
                    return stream.write(memory, 3, SIZE);
                }
            });
        }
    }

    @Test
    void anEchoOfHeapSegmentsAllocatesNothing() throws IOException {
        MemorySegment in = MemorySegment.ofArray(new byte[2 * SIZE]);
        MemorySegment out = MemorySegment.ofArray(new byte[SIZE]);
        assertAllocatesAtMost(0, of(in, out));
    }

    @Test
    void anEchoByScatterAndGatherAllocatesNothing() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] in = {arena.allocate(SIZE), arena.allocate(SIZE)};
            MemorySegment[] out = {arena.allocate(SIZE / 2), arena.allocate(SIZE / 2)};
            assertAllocatesAtMost(0, new Memory() {
                @Override
                public long read(TcpStream stream) throws IOException {
                    return stream.readVectored(in);
                }

                @Override
                public long write(TcpStream stream) throws IOException {
                    return stream.writeVectored(out);
                }
            });
        }
    }

    private static Memory of(ByteBuffer in, ByteBuffer out) {
        return new Memory() {
            @Override
            public long read(TcpStream stream) throws IOException {
                return stream.read(in.clear());
            }

            @Override
            public long write(TcpStream stream) throws IOException {
                return stream.write(out.clear());
            }
        };
    }

    @Test
    void anEchoOfHeapBuffersAllocatesNothing() throws IOException {
        assertAllocatesAtMost(0, of(ByteBuffer.allocate(2 * SIZE), ByteBuffer.allocate(SIZE)));
    }

    @Test
    void anEchoOfDirectBuffersAllocatesAtMostAViewForEachCall() throws IOException {
        Memory buffers = of(ByteBuffer.allocateDirect(2 * SIZE), ByteBuffer.allocateDirect(SIZE));
        assertAllocatesAtMost(CALLS * 256L, buffers);
    }

    @Test
    void anEchoOfArraysAllocatesNothing() throws IOException {
        byte[] in = new byte[2 * SIZE];
        byte[] out = new byte[SIZE];
        assertAllocatesAtMost(0, new Memory() {
            @Override
            public long read(TcpStream stream) throws IOException {
                return stream.read(in, 0, in.length);
            }

            @Override
            public long write(TcpStream stream) throws IOException {
                return stream.write(out, 0, out.length);
            }
        });
    }

    @Test
    void theMeasurementDetectsTheSmallestAllocation() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            Memory segments = of(arena.allocate(2 * SIZE), arena.allocate(SIZE));
            Memory allocating = new Memory() {
                @Override
                public long read(TcpStream stream) throws IOException {
                    sink = new Object();
                    return segments.read(stream);
                }

                @Override
                public long write(TcpStream stream) throws IOException {
                    return segments.write(stream);
                }
            };
            try (Echo echo = new Echo(allocating)) {
                long bytes = Long.MAX_VALUE;
                for (int i = 0; i < 3; i++) {
                    bytes = Math.min(bytes, Allocations.of(echo::round));
                }
                assertTrue(bytes >= 8L * Allocations.ROUNDS, "only " + bytes + " bytes seen of " + sink);
            }
        }
    }
}
