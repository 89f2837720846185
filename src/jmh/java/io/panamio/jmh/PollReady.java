package io.panamio.jmh;

import io.panamio.Events;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * A whole turn of an event loop with 64 of 64 connections ready. One operation sends one byte to each connection, polls
 * once without waiting (again if the kernel has not delivered all bytes yet, which is rare), and for each of the 64
 * events reads token and flags and receives the byte, into a larger buffer, which drains the connection.
 *
 * <p>That is 129 system calls, the same for each contender, as both edge- and level-triggered sources need a byte that
 * arrives and is received. Most of the time is spent in the kernel's TCP; {@link PollRearm} has less of it.
 */
public class PollReady extends Operation {
    @Benchmark
    public void panamio(PanamioPoll state, Memory memory) throws IOException {
        var one = memory.one;
        for (PanamioPair pair : state.pairs) {
            check(pair.client.write(one) == 1);
        }
        Events events = state.events;
        for (int seen = 0; seen < SOURCES;) {
            int n = state.poll.pollNow(events);
            for (int i = 0; i < n; i++) {
                if (events.isReadable(i)) {
                    check(state.pairs[(int) events.token(i)].receive(memory.segment) == 1);
                    seen++;
                }
            }
        }
    }

    /** NIO's side, with the handler of its events. */
    @State(Scope.Thread)
    public static class Nio extends NioPoll implements Consumer<SelectionKey> {
        final Memory memory = new Memory();

        @Override
        public void accept(SelectionKey key) {
            if (key.isReadable()) {
                try {
                    check(((Source) key.attachment()).pair().receive(memory.direct) == 1);
                    seen++;
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        var one = state.memory.directOne;
        for (NioPair pair : state.pairs) {
            check(pair.send(one) == 1);
        }
        state.seen = 0;
        while (state.seen < SOURCES) {
            state.selector.selectNow(state);
        }
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
