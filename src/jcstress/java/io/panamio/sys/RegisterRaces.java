package io.panamio.sys;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.panamio.net.Pipe;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Registrations and closes of a {@link Handle} against each other and against polls. */
public final class RegisterRaces {
    private static final int DONE = 1;
    private static final int CLOSED = 2;
    private static final int REFUSED = 3;

    private RegisterRaces() {
    }

    /** A handle that closes nothing, but deregisters. */
    static class Registration {
        final RaceSelector selector = new RaceSelector();
        final Handle handle = Handle.borrowing(0);

        int register(RaceSelector with) {
            return result(() -> handle.register(with, 2, Readiness.READABLE));
        }

        static int result(Call call) {
            try {
                call.run();
                return DONE;
            } catch (ClosedChannelException | ClosedSelectorException e) {
                return CLOSED;
            } catch (IllegalStateException e) {
                return REFUSED;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /** A call. */
        interface Call {
            void run() throws IOException;
        }
    }

    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "registered, and deregistered by the close")
    @Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "closed before")
    @Outcome(id = "., [1-9]", expect = FORBIDDEN, desc = "a registration outlives its descriptor")
    @Outcome(id = "., -.", expect = FORBIDDEN, desc = "deregistered twice: perhaps the next owner of the number")
    @Outcome(id = "3, .", expect = FORBIDDEN, desc = "refused without a reason")
    @State
    public static class RegisterClose extends Registration {
        @Actor
        public void register(II_Result r) {
            r.r1 = register(selector);
        }

        @Actor
        public void close() {
            handle.close();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = selector.watched;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 0", "2, 0"}, expect = ACCEPTABLE, desc = "deregistered once, by either of them")
    @Outcome(id = "., 1", expect = FORBIDDEN, desc = "a registration outlives its descriptor")
    @Outcome(id = "., -.", expect = FORBIDDEN, desc = "deregistered twice: perhaps the next owner of the number")
    @Outcome(id = "3, .", expect = FORBIDDEN, desc = "refused although registered")
    @State
    public static class DeregisterClose extends Registration {
        public DeregisterClose() {
            register(selector);
        }

        @Actor
        public void deregister(II_Result r) {
            r.r1 = result(() -> handle.deregister(selector));
        }

        @Actor
        public void close() {
            handle.close();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = selector.watched;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 3, 1", "3, 1, 1"}, expect = ACCEPTABLE, desc = "one of them registers")
    @Outcome(id = "1, 1, .*", expect = FORBIDDEN, desc = "registered with two selectors")
    @Outcome(id = "3, 3, .*", expect = FORBIDDEN, desc = "both are refused")
    @Outcome(id = "., ., [02-9]", expect = FORBIDDEN, desc = "the number of registrations is not one")
    @State
    public static class RegisterRegister extends Registration {
        private final RaceSelector other = new RaceSelector();

        @Actor
        public void first(III_Result r) {
            r.r1 = register(selector);
        }

        @Actor
        public void second(III_Result r) {
            r.r2 = register(other);
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = selector.watched + other.watched;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 1, 0", "2, 1, 0"}, expect = ACCEPTABLE, desc = "registered before the close, or refused")
    @Outcome(id = "., 0, .", expect = FORBIDDEN, desc = "the selector is never destroyed: a leak")
    @Outcome(id = "., ., 1", expect = FORBIDDEN, desc = "the selector is used after its destruction")
    @Outcome(id = "3, ., .", expect = FORBIDDEN, desc = "refused without a reason")
    @State
    public static class RegisterCloseSelector extends Registration {
        @Actor
        public void register(III_Result r) {
            r.r1 = register(selector);
        }

        @Actor
        public void close() {
            selector.close();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = selector.destructions();
            r.r3 = selector.misused ? 1 : 0;
        }
    }

    /** Both ways to end a handle. */
    @JCStressTest
    @Outcome(id = {"1, 0", "2, 0"}, expect = ACCEPTABLE, desc = "deregistered once, by either of them")
    @Outcome(id = "., 1", expect = FORBIDDEN, desc = "a registration outlives its descriptor")
    @Outcome(id = "., -.", expect = FORBIDDEN, desc = "deregistered twice")
    @Outcome(id = "3, .", expect = FORBIDDEN, desc = "detach finds an operation that is not there")
    @State
    public static class DetachClose extends Registration {
        public DetachClose() {
            register(selector);
        }

        @Actor
        public void detach(II_Result r) {
            r.r1 = result(handle::detach);
        }

        @Actor
        public void close() {
            handle.close();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = selector.watched;
        }
    }

    /** The selector of this system, with pipes that are readable: one thread registers and closes, another polls. */
    @JCStressTest
    @Outcome(id = {"0", "1"}, expect = ACCEPTABLE, desc = "no event, or one of a source that was open")
    @Outcome(id = "2", expect = FORBIDDEN, desc = "an event of a source that was closed before the poll began")
    @State
    public static class RegisterPollClose {
        private static final Selector SELECTOR = open();
        private static final EventBuffer EVENTS = Platform.current().newEvents(16);
        private static final byte[] BYTE = {1};
        /** The last token whose source is closed. */
        private static volatile long closed;

        private static Selector open() {
            try {
                return Platform.current().openSelector();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Actor
        public void register() {
            try (Pipe pipe = Pipe.open()) {
                pipe.sender().write(BYTE, 0, 1);
                long token = closed + 1;
                Handle.of(pipe.receiver()).register(SELECTOR, token, Readiness.READABLE);
                pipe.receiver().close();
                closed = token;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Actor
        public void poll(I_Result r) {
            long before = closed;
            try {
                int n = SELECTOR.select(EVENTS, 0);
                for (int i = 0; i < n; i++) {
                    r.r1 = Math.max(r.r1, EVENTS.token(i) <= before ? 2 : 1);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }
}
