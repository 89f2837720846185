package io.panamio.sys;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE_INTERESTING;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Enters, exits and closes of a {@link Guard}. */
public final class GuardRaces {
    private static final int REFUSED = 0;
    private static final int USED = 1;
    private static final int USED_DESTROYED = 2;

    private GuardRaces() {
    }

    /** A guard over a resource that records how often it was destroyed. */
    static class Resource extends Guard {
        volatile int destroyed;

        @Override
        protected void destroy() {
            destroyed++;
        }

        /** Enters, uses the resource, and leaves. */
        int use() {
            if (!enter()) {
                return REFUSED;
            }
            int before = destroyed;
            Thread.onSpinWait();
            int after = destroyed;
            exit();
            return before + after > 0 ? USED_DESTROYED : USED;
        }
    }

    /** Two uses against a close by a thread that is inside itself: the last one to leave destroys. */
    @JCStressTest
    @Outcome(id = "0, 0, 1", expect = ACCEPTABLE, desc = "both came after the close")
    @Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "one before the close, one after it")
    @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "both entered before the close")
    @Outcome(id = "0, 1, 1", expect = FORBIDDEN, desc = "entered after a refusal")
    @Outcome(id = {"2, ., .", "., 2, ."}, expect = FORBIDDEN, desc = "used after its destruction")
    @Outcome(id = "., ., 0", expect = FORBIDDEN, desc = "never destroyed: a leak")
    @Outcome(id = "., ., [2-9]", expect = FORBIDDEN, desc = "destroyed twice: a close of a foreign descriptor")
    @State
    public static class UseClose extends Resource {
        @Actor
        public void use(III_Result r) {
            r.r1 = use();
            r.r2 = use();
        }

        @Actor
        public void close() {
            enter();
            shut();
            exit();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = destroyed;
        }
    }

    @JCStressTest
    @Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc = "one of the closes has an effect")
    @Outcome(id = "1, 1, .", expect = FORBIDDEN, desc = "two threads take themselves for the one that closed")
    @Outcome(id = "0, 0, .", expect = FORBIDDEN, desc = "no thread knows that it closed")
    @Outcome(id = "., ., 0", expect = FORBIDDEN, desc = "never destroyed: a leak")
    @Outcome(id = "., ., [2-9]", expect = FORBIDDEN, desc = "destroyed twice")
    @State
    public static class CloseClose extends Resource {
        @Actor
        public void first(III_Result r) {
            r.r1 = shut() ? 1 : 0;
        }

        @Actor
        public void second(III_Result r) {
            r.r2 = shut() ? 1 : 0;
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = destroyed;
        }
    }

    /** What a detach does: it closes only what is unused, and leaves the resource to its caller. A close follows. */
    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "detached, then refused")
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "used, then detached")
    @Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "not detached, as it was in use; closed")
    @Outcome(id = "0, 0, .", expect = FORBIDDEN, desc = "not detached although unused")
    @Outcome(id = "1, ., [1-9]", expect = FORBIDDEN, desc = "detached and destroyed as well")
    @Outcome(id = "., 2, .", expect = FORBIDDEN, desc = "used after its destruction")
    @Outcome(id = "0, 1, 0", expect = FORBIDDEN, desc = "neither detached nor destroyed: a leak")
    @Outcome(id = "0, 1, [2-9]", expect = FORBIDDEN, desc = "destroyed twice")
    @State
    public static class UseDetach extends Resource {
        @Actor
        public void detach(III_Result r) {
            r.r1 = shutUnused() ? 1 : 0;
            shut();
        }

        @Actor
        public void use(III_Result r) {
            r.r2 = use();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = destroyed;
        }
    }

    /** The first destruction fails, as for lack of memory: a later close repeats it. */
    @JCStressTest
    @Outcome(id = {"1, 0, 1", "0, 1, 1"}, expect = ACCEPTABLE, desc = "the later close has repeated it")
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE_INTERESTING, desc = "the later close came before the failure")
    @Outcome(id = "., ., [2-9]", expect = FORBIDDEN, desc = "destroyed twice")
    @Outcome(id = {"1, ., 0", "., 1, 0"}, expect = FORBIDDEN, desc = "repeated, but not destroyed: a leak")
    @Outcome(id = "0, 0, 1", expect = FORBIDDEN, desc = "no thread knows that it has repeated it")
    @State
    public static class FailedDestruction extends Guard {
        private boolean failed;
        private volatile int destroyed;

        @Override
        protected void destroy() {
            if (!failed) {
                failed = true;
                throw new OutOfMemory();
            }
            destroyed++;
        }

        private int close() {
            try {
                return shut() ? 1 : 0;
            } catch (OutOfMemory e) {
                return 0;
            }
        }

        @Actor
        public void first(III_Result r) {
            r.r1 = close();
        }

        @Actor
        public void second(III_Result r) {
            r.r2 = close();
        }

        @Arbiter
        public void arbiter(III_Result r) {
            r.r3 = destroyed;
        }
    }

    /** A failure without a stack trace. */
    @SuppressWarnings("serial")
    private static final class OutOfMemory extends Error {
        OutOfMemory() {
            super(null, null, false, false);
        }
    }
}
