package io.panamio.test.pipeline;

import static io.panamio.test.support.Allocations.assertAtMost;
import static io.panamio.test.support.Loop.RW;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.Feature;
import io.panamio.memory.Lease;
import io.panamio.memory.PoolOptions;
import io.panamio.memory.SegmentPool;
import io.panamio.net.GatherList;
import io.panamio.net.Pipe;
import io.panamio.net.ReadableStream;
import io.panamio.net.TcpStream;
import io.panamio.net.UnixStream;
import io.panamio.net.WritableStream;
import io.panamio.pipeline.RingBuffer;
import io.panamio.test.support.Local;
import io.panamio.test.support.Loop;
import io.panamio.test.support.Requires;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Pools, ring buffers and gather lists allocate nothing once warm; see {@code AllocationTest}. */
class PipelineMemoryAllocationTest {
    private static void requireAll(long n, long size) throws IOException {
        if (n != size) {
            throw new IOException(n + " of " + size + " bytes");
        }
    }

    @Test
    @Tag("any-selector")
    void aPoolAllocatesNothing() throws IOException {
        Random random = new Random(4);
        Lease[] leases = new Lease[64];
        try (SegmentPool pool = SegmentPool.open(PoolOptions.DEFAULT.powersOfTwo(64, 1 << 20).checked(false))) {
            assertAtMost(0, () -> {
                int i = random.nextInt(leases.length);
                if (leases[i] != null) {
                    leases[i].release();
                }
                leases[i] = pool.acquire(random.nextInt(1 << random.nextInt(20)));
                leases[i].segment().set(JAVA_LONG, 0, i);
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    @Tag("any-selector")
    @Requires(Feature.PIPES)
    void aRingAllocatesNothing(RingBufferTest.Kind kind) throws IOException {
        try (Loop loop = new Loop(); Arena arena = Arena.ofConfined()) {
            Pipe pipe = loop.later(Pipe.open());
            RingBuffer out = kind.allocate(arena, 1 << 16);
            RingBuffer in = kind.allocate(arena, 1 << 16);
            in.advanceWrite(1); // never empty, so that it wraps around
            assertAtMost(0, () -> {
                out.memory().set(JAVA_LONG, out.writeOffset(), 42);
                out.advanceWrite(5000);
                requireAll(out.writeTo(pipe.sender()), 5000);
                requireAll(in.readFrom(pipe.receiver()), 5000);
                requireAll(in.memory().get(JAVA_LONG_UNALIGNED, in.readOffset() + 1), 42);
                in.advanceRead(5000);
            });
        }
    }

    /** Writes header and body, and continues after partial writes. */
    private static void assertGatherAllocatesNothing(Loop loop, WritableStream out, ReadableStream in)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment much = arena.allocate(1 << 20);
            MemorySegment sink = arena.allocate(1 << 20);
            GatherList list = GatherList.of(arena.allocate(32), arena.allocate(64));
            GatherList one = GatherList.of(arena.allocate(64));
            int[] round = {0};
            assertAtMost(0, () -> {
                list.set(1, much, round[0]++ & 1023, 64);
                requireAll(out.write(list), 96);
                list.rewind();
                requireAll(out.write(list), 96);
                one.rewind();
                requireAll(out.write(one), 64);
                loop.poll.pollNow(loop.events);
                for (long got = 0; got < 256;) {
                    got += Math.max(in.read(sink), 0);
                }
            });
            GatherList large = GatherList.of(much, much);
            assertAtMost(0, () -> {
                if (large.isDone()) {
                    large.rewind();
                }
                out.write(large);
                in.read(sink, 0, 1 << 14);
            });
            assertEquals(2 << 20, large.size());
        }
    }

    @Test
    void aGatherToATcpStreamAllocatesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            TcpStream[] pair = loop.pair();
            loop.register(pair[0], 1, RW);
            loop.register(pair[1], 2, RW);
            assertGatherAllocatesNothing(loop, pair[0], pair[1]);
        }
    }

    @Test
    @Requires(Feature.UNIX_STREAMS)
    void aGatherToAUnixStreamAllocatesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            UnixStream[] pair = Local.pair(loop);
            loop.register(pair[0], 1, RW);
            assertGatherAllocatesNothing(loop, pair[0], pair[1]);
        }
    }

    @Test
    @Requires(Feature.PIPES)
    void aGatherToAPipeAllocatesNothing() throws IOException {
        try (Loop loop = new Loop()) {
            Pipe pipe = loop.later(Pipe.open());
            loop.register(pipe.sender(), 1, Loop.W);
            assertGatherAllocatesNothing(loop, pipe.sender(), pipe.receiver());
        }
    }
}
