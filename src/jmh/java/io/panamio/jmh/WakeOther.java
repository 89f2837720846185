package io.panamio.jmh;

import java.io.IOException;
import java.nio.channels.ClosedSelectorException;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Wakes another thread, which waits in a poll, and waits in a poll until it has woken this one: two wakes, and the two
 * switches of threads that are most of the time, and of the noise.
 */
public class WakeOther extends Operation {
    /** A turn of the thread that answers. */
    private interface Turn {
        void run() throws IOException;
    }

    private static void start(Turn turn) {
        Thread.ofPlatform().daemon().start(() -> {
            try {
                for (;;) {
                    turn.run();
                }
            } catch (ClosedSelectorException e) {
                // the benchmark is over
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    /** Two Polls, and the thread that waits in one and wakes the other. */
    @State(Scope.Thread)
    public static class Panamio {
        private final Wake.Panamio here = new Wake.Panamio();
        private final Wake.Panamio there = new Wake.Panamio();

        /** Opens and starts. */
        @Setup
        public void open() throws IOException {
            here.open();
            there.open();
            start(() -> {
                there.awaitWake();
                here.wake();
            });
        }

        /** Closes, which ends the thread. */
        @TearDown
        public void close() {
            there.close();
            here.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        state.there.wake();
        state.here.awaitWake();
    }

    /** Two Selectors, and the thread that waits in one and wakes the other. */
    @State(Scope.Thread)
    public static class Nio {
        private final Wake.Nio here = new Wake.Nio();
        private final Wake.Nio there = new Wake.Nio();

        /** Opens and starts. */
        @Setup
        public void open() throws IOException {
            here.open();
            there.open();
            start(() -> {
                there.awaitWake();
                here.wake();
            });
        }

        /** Closes, which ends the thread. */
        @TearDown
        public void close() throws IOException {
            there.close();
            here.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.there.wake();
        state.here.awaitWake();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
