package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Polls sources, some of which stay ready, and reads token and flags of each event: the poll by itself. One operation
 * is one system call for each contender, an epoll_wait that does not wait and reports all ready sources.
 *
 * <p>The sources are pipes, for which the kernel does the least work: 64 of them, or 1024 where that many are ready. A
 * byte that nobody reads keeps a pipe ready. So that it is reported each time, Panamio and C watch level-triggered
 * here, as NIO always does. There is room for 1024 events, as in NIO.
 */
public class PollLevel extends Operation {
    private static final int MAX = 1024;

    /** The number of pipes to watch. */
    private static int sources(int ready) {
        return Math.max(ready, SOURCES);
    }

    /** The sum of the tokens of the ready pipes, which begin with 1. */
    private static long tokens(int ready) {
        return ready * (ready + 1L) / 2;
    }

    /** A Poll that watches pipes. */
    @State(Scope.Thread)
    public static class Panamio {
        /** The number of ready pipes. */
        @Param({"0", "1", "64", "1024"})
        public int ready;

        private final Events events = Events.withCapacity(MAX);
        private io.panamio.net.Pipe[] pipes;
        private Poll poll;

        /** Opens and registers. */
        @Setup
        public void open(Memory memory) throws IOException {
            poll = Poll.open();
            pipes = new io.panamio.net.Pipe[sources(ready)];
            for (int i = 0; i < pipes.length; i++) {
                pipes[i] = io.panamio.net.Pipe.open();
                poll.registry().register(pipes[i].receiver(), i + 1, Interest.READABLE.level());
                check(i >= ready || pipes[i].sender().write(memory.one) == 1);
            }
        }

        /** Closes all. */
        @TearDown
        public void close() {
            for (io.panamio.net.Pipe pipe : pipes) {
                pipe.close();
            }
            poll.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        Events events = state.events;
        int n = state.poll.pollNow(events);
        long seen = 0;
        for (int i = 0; i < n; i++) {
            if (events.isReadable(i)) {
                seen += events.token(i);
            }
        }
        check(seen == tokens(state.ready));
    }

    /** A Selector that watches pipes, and the handler of its events; the token is attached to the key. */
    @State(Scope.Thread)
    public static class Nio implements Consumer<SelectionKey> {
        private record Source(int token) {
        }

        /** The number of ready pipes. */
        @Param({"0", "1", "64", "1024"})
        public int ready;

        private Pipe[] pipes;
        private Selector selector;
        private long seen;

        /** Opens and registers. */
        @Setup
        public void open() throws IOException {
            selector = Selector.open();
            pipes = new Pipe[sources(ready)];
            for (int i = 0; i < pipes.length; i++) {
                pipes[i] = Pipe.open();
                pipes[i].source().configureBlocking(false);
                pipes[i].source().register(selector, SelectionKey.OP_READ, new Source(i + 1));
                check(i >= ready || pipes[i].sink().write(ByteBuffer.allocate(1)) == 1);
            }
        }

        /** Closes all. */
        @TearDown
        public void close() throws IOException {
            for (Pipe pipe : pipes) {
                pipe.source().close();
                pipe.sink().close();
            }
            selector.close();
        }

        @Override
        public void accept(SelectionKey key) {
            if (key.isReadable()) {
                seen += ((Source) key.attachment()).token();
            }
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.seen = 0;
        state.selector.selectNow(state);
        check(state.seen == tokens(state.ready));
    }

    /** The same parameter for C, which {@link Plain} passes on. */
    @State(Scope.Thread)
    public static class C {
        /** The number of ready pipes. */
        @Param({"0", "1", "64", "1024"})
        public int ready;
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain, C state) throws Throwable {
        plain.run();
    }
}
