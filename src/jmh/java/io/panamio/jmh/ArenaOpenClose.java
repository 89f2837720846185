package io.panamio.jmh;

import io.panamio.SourceFd;
import io.panamio.net.UnixStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The arena of a source by itself: creates a source, allocates 64 bytes from its arena, and closes it, which frees
 * them. No system call, as the source is a {@link SourceFd}, which neither opens nor closes a descriptor; its arena is
 * the same as that of a stream.
 *
 * <p>{@code panamioWithoutArena} only creates and closes the source: the difference is the cost of the arena. The
 * others allocate the same from an arena of the JDK, or by calloc and free in C.
 */
public class ArenaOpenClose extends Operation {
    /** A descriptor, for sources that only borrow it. */
    @State(Scope.Thread)
    public static class Descriptor {
        private UnixStream[] pair;
        private int fd;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            pair = UnixStream.pair();
            fd = pair[0].fd();
        }

        /** Closes. */
        @TearDown
        public void close() {
            pair[0].close();
            pair[1].close();
        }
    }

    @Benchmark
    public void panamio(Descriptor descriptor, Blackhole hole) {
        SourceFd source = new SourceFd(descriptor.fd);
        hole.consume(source);
        take(source.arena(), hole);
        source.close();
    }

    @Benchmark
    public void panamioWithoutArena(Descriptor descriptor, Blackhole hole) {
        SourceFd source = new SourceFd(descriptor.fd);
        hole.consume(source);
        source.close();
    }

    @Benchmark
    public void confined(Blackhole hole) {
        try (Arena arena = Arena.ofConfined()) {
            take(arena, hole);
        }
    }

    @Benchmark
    public void shared(Blackhole hole) {
        try (Arena arena = Arena.ofShared()) {
            take(arena, hole);
        }
    }

    private static void take(Arena arena, Blackhole hole) {
        MemorySegment memory = arena.allocate(Memory.BYTES, 8);
        hole.consume(memory);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
