package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Poll;
import io.panamio.Waker;
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
 * Wakes a poller and then polls in the same thread, so that the poll returns at once. Two system calls: a write to an
 * eventfd and an epoll_wait. NIO, which watches its eventfd level-triggered, adds a read.
 */
public class Wake extends Operation {
    /** A Poll with a waker. */
    @State(Scope.Thread)
    public static class Panamio {
        private static final long TOKEN = 1;
        private final Events events = Events.withCapacity(SOURCES);
        private Poll poll;
        private Waker waker;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            poll = Poll.open();
            waker = Waker.open(poll.registry(), TOKEN);
        }

        /** Closes, which ends a wait in another thread. */
        @TearDown
        public void close() {
            poll.close();
        }

        void wake() {
            waker.wake();
        }

        void awaitWake() throws IOException {
            check(poll.poll(events) == 1 && events.token(0) == TOKEN);
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        state.wake();
        state.awaitWake();
    }

    /** A Selector. */
    @State(Scope.Thread)
    public static class Nio {
        private static final Consumer<SelectionKey> UNEXPECTED = key -> check(false);
        private Selector selector;

        /** Opens. */
        @Setup
        public void open() throws IOException {
            selector = Selector.open();
        }

        /** Closes, which ends a wait in another thread. */
        @TearDown
        public void close() throws IOException {
            selector.close();
        }

        void wake() {
            selector.wakeup();
        }

        void awaitWake() throws IOException {
            check(selector.select(UNEXPECTED) == 0);
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.wake();
        state.awaitWake();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
