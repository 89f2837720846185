package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Registry;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Registers a connection for reading, reregisters it for reading and writing, and deregisters it. One operation is
 * three system calls, each an epoll_ctl.
 *
 * <p>NIO only records changes and applies them in the next select, with which an operation of {@code nio} ends, as a
 * cancelled key is removed only there. By then no change is left, so this is one epoll_wait and no epoll_ctl. The
 * contenders do equal work in the methods that poll, without waiting, after each of the three steps, the second of
 * which reports that the connection is writable: three epoll_ctl and three epoll_wait.
 */
public class Register extends Operation {
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final long TOKEN = 1;

    /** A connection, and a Poll that does not watch it. */
    @State(Scope.Thread)
    public static class Panamio {
        private final PanamioPair pair = new PanamioPair();
        private final Events events = Events.withCapacity(SOURCES);
        private Poll poll;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            pair.open();
            poll = Poll.open();
        }

        /** Closes. */
        @TearDown
        public void close() {
            pair.close();
            poll.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        Registry registry = state.poll.registry();
        registry.register(state.pair.server, TOKEN, Interest.READABLE);
        registry.reregister(state.pair.server, TOKEN, BOTH);
        registry.deregister(state.pair.server);
    }

    @Benchmark
    public void panamioPolled(Panamio state) throws IOException {
        Registry registry = state.poll.registry();
        registry.register(state.pair.server, TOKEN, Interest.READABLE);
        check(state.poll.pollNow(state.events) == 0);
        registry.reregister(state.pair.server, TOKEN, BOTH);
        check(state.poll.pollNow(state.events) == 1);
        registry.deregister(state.pair.server);
        check(state.poll.pollNow(state.events) == 0);
    }

    /** A connection, and a Selector that does not watch it. */
    @State(Scope.Thread)
    public static class Nio {
        private static final Consumer<SelectionKey> IGNORED = key -> { };
        private final NioPair pair = new NioPair();
        private Selector selector;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            pair.open();
            selector = Selector.open();
        }

        /** Closes. */
        @TearDown
        public void close() throws IOException {
            pair.close();
            selector.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        SelectionKey key = state.pair.server.register(state.selector, SelectionKey.OP_READ);
        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        key.cancel();
        check(state.selector.selectNow(Nio.IGNORED) == 0);
    }

    @Benchmark
    public void nioPolled(Nio state) throws IOException {
        SelectionKey key = state.pair.server.register(state.selector, SelectionKey.OP_READ);
        check(state.selector.selectNow(Nio.IGNORED) == 0);
        key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        check(state.selector.selectNow(Nio.IGNORED) == 1);
        key.cancel();
        check(state.selector.selectNow(Nio.IGNORED) == 0);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void cPolled(Plain plain) throws Throwable {
        plain.run();
    }
}
