package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * Changes the interest of 64 connections, all of which are writable, and polls them. One operation reregisters each,
 * alternately for writing only and for reading and writing, polls once without waiting, and reads token and flags of
 * the 64 events.
 *
 * <p>That is 65 system calls for each contender: 64 epoll_ctl and an epoll_wait. Panamio needs the former to trigger
 * new edges; NIO, which is level-triggered, makes them only because the interest changes; that is why the benchmark
 * changes it.
 */
public class PollRearm extends Operation {
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    /** Panamio's side. */
    @State(Scope.Thread)
    public static class Panamio extends PanamioPoll {
        private Interest interest = Interest.WRITABLE;

        Interest otherInterest() {
            interest = interest == BOTH ? Interest.WRITABLE : BOTH;
            return interest;
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        Interest interest = state.otherInterest();
        for (int i = 0; i < SOURCES; i++) {
            state.poll.registry().reregister(state.pairs[i].server, i, interest);
        }
        Events events = state.events;
        int n = state.poll.pollNow(events);
        long tokens = 0;
        for (int i = 0; i < n; i++) {
            if (events.isWritable(i)) {
                tokens += events.token(i);
            }
        }
        check(tokens == ALL_TOKENS);
    }

    /** NIO's side, with the handler of its events. */
    @State(Scope.Thread)
    public static class Nio extends NioPoll implements Consumer<SelectionKey> {
        private int interest = SelectionKey.OP_WRITE;

        int otherInterest() {
            interest ^= SelectionKey.OP_READ;
            return interest;
        }

        @Override
        public void accept(SelectionKey key) {
            if (key.isWritable()) {
                seen += ((Source) key.attachment()).index();
            }
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        int interest = state.otherInterest();
        for (SelectionKey key : state.keys) {
            key.interestOps(interest);
        }
        state.seen = 0;
        state.selector.selectNow(state);
        check(state.seen == ALL_TOKENS);
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
