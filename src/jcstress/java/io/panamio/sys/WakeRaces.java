package io.panamio.sys;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.io.IOException;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Wakes, deliveries and closes against a poll: the protocol of {@link WakeState} in {@link Selector}. */
public final class WakeRaces {
    private WakeRaces() {
    }

    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "the poll reports the wake")
    @Outcome(id = "-1", expect = FORBIDDEN, desc = "lost: the poll sleeps for ever after the wake")
    @Outcome(id = "[02-9]", expect = FORBIDDEN, desc = "the poll returned without the wake, or reported it twice")
    @State
    public static class WakeSleep extends RaceSelector {
        public WakeSleep() {
            super(1);
        }

        @Actor
        public void poll(I_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void other() {
            wake();
            ended();
        }
    }

    /** Two wakes, which may coalesce: a report sees what was written before the wakes that it reports. */
    @JCStressTest
    @Outcome(id = "1, 3", expect = ACCEPTABLE, desc = "coalesced")
    @Outcome(id = "2, 3", expect = ACCEPTABLE, desc = "reported one by one")
    @Outcome(id = "0, .", expect = FORBIDDEN, desc = "both are lost")
    @Outcome(id = "., [0-2]", expect = FORBIDDEN, desc = "a wake is lost, or its report does not see the writes before")
    @Outcome(id = "[3-9], .", expect = FORBIDDEN, desc = "more reports than wakes")
    @State
    public static class TwoWakes extends RaceSelector {
        private int first;
        private int second;

        public TwoWakes() {
            super(2);
        }

        @Actor
        public void poll(II_Result r) {
            for (int n; (n = poll(-1)) > 0;) {
                r.r1 += n;
                r.r2 = first | second;
            }
        }

        @Actor
        public void first() {
            first = 1;
            wake();
            ended();
        }

        @Actor
        public void second() {
            second = 2;
            wake();
            ended();
        }
    }

    /** Wakes by one thread while another polls without waiting, then sleeps: two for two, or coalesced. */
    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "coalesced")
    @Outcome(id = "2, 2", expect = ACCEPTABLE, desc = "reported one by one")
    @Outcome(id = "0, .", expect = FORBIDDEN, desc = "both are lost")
    @Outcome(id = "., [01]", expect = FORBIDDEN, desc = "the second wake is lost, or its report does not see the write")
    @Outcome(id = "[3-9], .", expect = FORBIDDEN, desc = "more reports than wakes")
    @State
    public static class WakeWakePollNow extends RaceSelector {
        private int written;

        public WakeWakePollNow() {
            super(1);
        }

        @Actor
        public void poll(II_Result r) {
            int n = poll(0);
            do {
                r.r1 += n;
                r.r2 = n == 0 ? r.r2 : written;
                n = poll(-1);
            } while (n > 0);
        }

        @Actor
        public void other() {
            written = 1;
            wake();
            written = 2;
            wake();
            ended();
        }
    }

    /** The descriptor of a selector, by which another one watches it. */
    @JCStressTest
    @Outcome(id = {"1, 0", "1, 1"}, expect = ACCEPTABLE, desc = "reported by the poll")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the descriptor is readable")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost: who watches the descriptor does not learn of the wake")
    @Outcome(id = "[2-9], .", expect = FORBIDDEN, desc = "reported twice")
    @State
    public static class WakeDescriptor extends RaceSelector {
        public WakeDescriptor() {
            super(2);
        }

        @Actor
        public void watch() {
            descriptor();
        }

        @Actor
        public void poll(II_Result r) {
            r.r1 = poll(0);
        }

        @Actor
        public void other() {
            wake();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r2 = isReadable() ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = {"0, 0, 0", "0, -3, 0", "-3, 0, 0"}, expect = ACCEPTABLE, desc = "one after the other, or refused")
    @Outcome(id = "-3, -3, 0", expect = FORBIDDEN, desc = "both are refused")
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "two threads wait at once")
    @State
    public static class PollPoll extends RaceSelector {
        private final Reported others = new Reported();

        public PollPoll() {
            super(0);
        }

        @Actor
        public void first(III_Result r) {
            r.r1 = poll(0);
        }

        @Actor
        public void second(III_Result r) throws IOException {
            try {
                r.r2 = select(others, 0);
            } catch (IllegalStateException e) {
                r.r2 = REFUSED;
            }
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = misused ? 1 : 0;
        }
    }

    // ---- closes

    @JCStressTest
    @Outcome(id = "-2, 1, 0", expect = ACCEPTABLE, desc = "the close ends the poll")
    @Outcome(id = "-1, .*", expect = FORBIDDEN, desc = "the poll sleeps for ever after the close")
    @Outcome(id = "[0-9], .*", expect = FORBIDDEN, desc = "the poll returns as if nothing had happened")
    @Outcome(id = ".*, 0, .", expect = FORBIDDEN, desc = "never destroyed: a leak")
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "used after its destruction, or destroyed twice")
    @State
    public static class CloseSleep extends RaceSelector {
        public CloseSleep() {
            super(1);
        }

        @Actor
        public void poll(III_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void other() {
            close();
            ended();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = destructions();
            r.r3 = misused ? 1 : 0;
        }
    }

    @JCStressTest
    @Outcome(id = "-2, 1, 0", expect = ACCEPTABLE, desc = "the close ends the poll")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "the poll reports the wake before the close")
    @Outcome(id = "-1, .*", expect = FORBIDDEN, desc = "the poll sleeps for ever")
    @Outcome(id = "0, .*", expect = FORBIDDEN, desc = "the poll returns as if nothing had happened")
    @Outcome(id = ".*, 0, .", expect = FORBIDDEN, desc = "never destroyed: a leak")
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "a wake used the descriptor after its close")
    @State
    public static class WakeCloseSleep extends RaceSelector {
        public WakeCloseSleep() {
            super(2);
        }

        @Actor
        public void poll(III_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void first() {
            wake();
            ended();
        }

        @Actor
        public void second() {
            close();
            ended();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = destructions();
            r.r3 = misused ? 1 : 0;
        }
    }

    // ---- deliveries

    /** Two sources that deliver their own events. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is reported once")
    @Outcome(id = {"0, .", "., 0"}, expect = FORBIDDEN, desc = "an event is lost")
    @Outcome(id = {"[2-9], .", "., [2-9]"}, expect = FORBIDDEN, desc = "an event is reported twice")
    @State
    public static class TwoDeliveries extends RaceSelector {
        private final Delivery first = new Delivery();
        private final Delivery second = new Delivery();

        public TwoDeliveries() throws IOException {
            super(2);
            first.register(this, 2, Readiness.READABLE);
            second.register(this, 3, Readiness.READABLE);
        }

        @Actor
        public void poll(II_Result r) {
            for (int n; (n = poll(-1)) > 0;) {
                for (int i = 0; i < n; i++) {
                    r.r1 += events.token(i) == 2 ? 1 : 0;
                    r.r2 += events.token(i) == 3 ? 1 : 0;
                }
            }
        }

        @Actor
        public void first() {
            first.deliver(Readiness.READABLE);
            ended();
        }

        @Actor
        public void second() {
            second.deliver(Readiness.READABLE);
            ended();
        }
    }

    /** An event that arrives while its source is being registered. */
    @JCStressTest
    @Outcome(id = "1", expect = ACCEPTABLE, desc = "reported once")
    @Outcome(id = "0", expect = FORBIDDEN, desc = "lost: between the registration and the delivery")
    @Outcome(id = "[2-9]", expect = FORBIDDEN, desc = "reported twice")
    @State
    public static class RegisterDeliver extends RaceSelector {
        private final Delivery source = new Delivery();

        public RegisterDeliver() {
            super(2);
        }

        @Actor
        public void poll(I_Result r) {
            for (int n; (n = poll(-1)) > 0;) {
                r.r1 += n;
            }
        }

        @Actor
        public void register() throws IOException {
            source.register(this, 2, Readiness.READABLE);
            ended();
        }

        @Actor
        public void deliver() {
            source.deliver(Readiness.READABLE);
            ended();
        }
    }
}
