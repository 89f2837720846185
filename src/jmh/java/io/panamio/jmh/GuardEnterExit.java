package io.panamio.jmh;

import io.panamio.Interest;
import io.panamio.IoOperation;
import io.panamio.IoSource;
import io.panamio.net.UnixStream;
import java.io.IOException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * The guard of a descriptor by itself, with which every operation of a source begins and ends: enters it, gets the
 * descriptor, and leaves it. No system call.
 *
 * <p>{@code panamio} is a single thread, {@code panamioTryIo} the same through {@code tryIo} with an operation that
 * does nothing. With 2 and 4 threads, each has a source of its own, or all share one, which does not occur in the
 * steady state of an event loop. {@code c} is the same two atomic operations. NIO's locks cannot be measured by
 * themselves.
 */
public class GuardEnterExit extends Operation {
    private static final class Descriptor extends IoSource {
        Descriptor(int fd) {
            super(fd);
        }

        int use() throws IOException {
            int fd = begin();
            try {
                return fd;
            } finally {
                end();
            }
        }
    }

    /** A source over a descriptor, in a state of one thread or of all. */
    public abstract static class Source {
        Descriptor descriptor;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            UnixStream[] pair = UnixStream.pair();
            descriptor = new Descriptor(pair[0].detach());
            pair[1].close();
        }

        /** Closes. */
        @TearDown
        public void close() {
            descriptor.close();
        }
    }

    /** A source of each thread. */
    @State(Scope.Thread)
    public static class Own extends Source {
    }

    /** One for all threads. */
    @State(Scope.Benchmark)
    public static class Shared extends Source {
    }

    @Benchmark
    public int panamio(Own own) throws IOException {
        return own.descriptor.use();
    }

    private static final IoOperation NOTHING = fd -> fd;

    @Benchmark
    public long panamioTryIo(Own own) throws IOException {
        return own.descriptor.tryIo(Interest.READABLE, NOTHING);
    }

    @Benchmark
    @Threads(2)
    public int panamioOwn2(Own own) throws IOException {
        return own.descriptor.use();
    }

    @Benchmark
    @Threads(4)
    public int panamioOwn4(Own own) throws IOException {
        return own.descriptor.use();
    }

    @Benchmark
    @Threads(2)
    public int panamioShared2(Shared shared) throws IOException {
        return shared.descriptor.use();
    }

    @Benchmark
    @Threads(4)
    public int panamioShared4(Shared shared) throws IOException {
        return shared.descriptor.use();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
