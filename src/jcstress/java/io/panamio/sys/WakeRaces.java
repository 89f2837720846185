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
        @Actor
        public void poll(I_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void other() {
            wake();
            over();
        }
    }

    /** Two wakes at once, while the descriptor of the selector is watched: they coalesce. */
    @JCStressTest
    @Outcome(id = "1, 1, 3", expect = ACCEPTABLE, desc = "one notification, one report")
    @Outcome(id = "0, ., .", expect = FORBIDDEN, desc = "no notification: a poller would sleep for ever")
    @Outcome(id = "2, ., .", expect = FORBIDDEN, desc = "two notifications are pending")
    @Outcome(id = "., [02-9], .", expect = FORBIDDEN, desc = "not reported once")
    @Outcome(id = "., ., [0-2]", expect = FORBIDDEN, desc = "the report does not see what was written before a wake")
    @State
    public static class TwoWakes extends RaceSelector {
        private int first;
        private int second;

        public TwoWakes() {
            descriptor();
        }

        @Actor
        public void first() {
            first = 1;
            wake();
        }

        @Actor
        public void second() {
            second = 2;
            wake();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r1 = notifications;
            r.r2 = poll(0) + poll(0);
            r.r3 = first | second;
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
            over();
        }
    }

    /** The descriptor of a selector, by which another one watches it: it is asked for during a wake. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "the descriptor is readable, the poll reports the wake")
    @Outcome(id = "0, .", expect = FORBIDDEN, desc = "lost: who watches the descriptor does not learn of the wake")
    @Outcome(id = "1, [02-9]", expect = FORBIDDEN, desc = "not reported once")
    @State
    public static class WakeDescriptor extends RaceSelector {
        @Actor
        public void watch() {
            descriptor();
        }

        @Actor
        public void other() {
            wake();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = isReadable() ? 1 : 0;
            r.r2 = poll(0);
        }
    }

    /** The same, while it is watched and polled. */
    @JCStressTest
    @Outcome(id = {"1, 0", "1, 1"}, expect = ACCEPTABLE, desc = "reported by the poll")
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the descriptor is readable")
    @Outcome(id = "0, 0", expect = FORBIDDEN, desc = "lost: who watches the descriptor does not learn of the wake")
    @Outcome(id = "[2-9], .", expect = FORBIDDEN, desc = "reported twice")
    @State
    public static class WakeWatched extends RaceSelector {
        public WakeWatched() {
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

        @Actor
        public void first(III_Result r) {
            r.r1 = poll(0);
        }

        @Actor
        public void second(III_Result r) {
            r.r2 = poll(others, 0);
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
        @Actor
        public void poll(III_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void other() {
            close();
            over();
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
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "used after its destruction, or destroyed twice")
    @State
    public static class WakeCloseSleep extends RaceSelector {
        @Actor
        public void poll(III_Result r) {
            r.r1 = poll(-1);
        }

        @Actor
        public void other() {
            wake();
            close();
            over();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r2 = destructions();
            r.r3 = misused ? 1 : 0;
        }
    }

    /** A wake by a thread other than that which closes. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "closed once, and not used afterwards")
    @Outcome(id = "0, .", expect = FORBIDDEN, desc = "never destroyed: a leak")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "a wake writes to a descriptor that is closed")
    @State
    public static class WakeClose extends RaceSelector {
        public WakeClose() {
            descriptor(); // so that the wake sends a notification
        }

        @Actor
        public void first() {
            wake();
        }

        @Actor
        public void second() {
            close();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = destructions();
            r.r2 = misused ? 1 : 0;
        }
    }

    // ---- deliveries

    /** Two sources that deliver their own events, one after the other, to a poll that may sleep. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is reported once")
    @Outcome(id = {"0, .", "., 0"}, expect = FORBIDDEN, desc = "an event is lost")
    @Outcome(id = {"[2-9], .", "., [2-9]"}, expect = FORBIDDEN, desc = "an event is reported twice")
    @State
    public static class DeliverSleep extends Sources {
        @Actor
        public void poll(II_Result r) {
            count(-1, r);
        }

        @Actor
        public void other() {
            first.deliver(Readiness.READABLE);
            second.deliver(Readiness.READABLE);
            over();
        }
    }

    /** Two sources at once. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is reported once")
    @Outcome(id = {"0, .", "., 0"}, expect = FORBIDDEN, desc = "an event is lost")
    @Outcome(id = {"[2-9], .", "., [2-9]"}, expect = FORBIDDEN, desc = "an event is reported twice")
    @State
    public static class DeliverDeliver extends Sources {
        @Actor
        public void first() {
            first.deliver(Readiness.READABLE);
        }

        @Actor
        public void second() {
            second.deliver(Readiness.READABLE);
        }

        @Arbiter
        public void arbiter(II_Result r) {
            count(0, r);
        }
    }

    /** A selector with two sources that deliver their own events, with the tokens 2 and 3. */
    static class Sources extends RaceSelector {
        final Delivery first = new Delivery();
        final Delivery second = new Delivery();

        Sources() {
            register(first, this, 2);
            register(second, this, 3);
        }

        static void register(Delivery source, RaceSelector with, long token) {
            try {
                source.register(with, token, Readiness.READABLE);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        /** Polls while there are events, and counts them. */
        final void count(long timeout, II_Result r) {
            for (int n; (n = poll(timeout)) > 0;) {
                for (int i = 0; i < n; i++) {
                    r.r1 += events.token(i) == 2 ? 1 : 0;
                    r.r2 += events.token(i) == 3 ? 1 : 0;
                }
            }
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

        @Actor
        public void register() {
            Sources.register(source, this, 2);
        }

        @Actor
        public void deliver() {
            source.deliver(Readiness.READABLE);
        }

        @Arbiter
        public void arbiter(I_Result r) {
            r.r1 = poll(0) + poll(0);
        }
    }
}
