package io.panamio.net;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Waits of a {@link Poller} against events and closes. */
public final class WaitsRaces {
    private static final int LOST = 0;
    private static final int READY = 1;
    private static final int CLOSED = 2;
    /** Longer than any delay of a busy machine. */
    private static final long LONG = 60_000_000_000L;

    private WaitsRaces() {
    }

    static int await(Waits waits, int directions, long nanos) {
        try {
            return waits.await(directions, nanos) ? READY : LOST;
        } catch (ClosedChannelException e) {
            return CLOSED;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the event ends the wait")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "lost: the thread waits for ever")
    @Outcome(id = "2", expect = FORBIDDEN, desc = "closed without a close")
    @State
    public static class AwaitDeliver {
        private final Waits waits = new Waits(null, null, Waits.ALL);

        @Actor
        public void await(I_Result r) {
            r.r1 = WaitsRaces.await(waits, Waits.READ | Waits.WRITE, LONG);
        }

        @Actor
        public void deliver() {
            waits.deliver(Waits.WRITE);
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 2", "2, 2"}, expect = ACCEPTABLE, desc = "the event ends the wait, or the close does")
    @Outcome(id = "0, .", expect = FORBIDDEN, desc = "lost: the thread waits for ever")
    @Outcome(id = "., [01]", expect = FORBIDDEN, desc = "the close is forgotten: the next wait does not end")
    @State
    public static class AwaitClose {
        private final Waits waits = new Waits(null, null, Waits.ALL);

        @Actor
        public void await(II_Result r) {
            r.r1 = WaitsRaces.await(waits, Waits.READ, LONG);
        }

        @Actor
        public void close() {
            waits.deliver(Waits.READ);
            waits.end(Waits.CLOSED);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = WaitsRaces.await(waits, Waits.READ, 0);
        }
    }

    @JCStressTest
    @Outcome(id = "2", expect = ACCEPTABLE, desc = "the close prevails")
    @Outcome(id = "[01]", expect = FORBIDDEN, desc = "an event has undone the close")
    @State
    public static class DeliverClose {
        private final Waits waits = new Waits(null, null, Waits.ALL);

        @Actor
        public void deliver() {
            waits.deliver(Waits.READ);
        }

        @Actor
        public void close() {
            waits.end(Waits.CLOSED);
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = WaitsRaces.await(waits, Waits.READ, 0);
        }
    }
}
