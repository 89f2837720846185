package io.panamio.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** Arenas that are ended by other threads than their owner. */
public final class ArenaRaces {
    private static final int RELEASED_BY_ANOTHER = 5;

    private ArenaRaces() {
    }

    /** An arena that counts how often its memory is released. */
    static final class Counted extends SourceArena {
        private static final MemorySegment MEMORY = Arena.global().allocate(8, 8);

        private final Thread owner = Thread.currentThread();
        final AtomicInteger released = new AtomicInteger();

        @Override
        protected MemorySegment take(long byteSize, long byteAlignment) {
            return MEMORY;
        }

        @Override
        protected void releaseMemory() {
            released.getAndAdd(owner.isAlive() && Thread.currentThread() != owner ? RELEASED_BY_ANOTHER : 1);
        }
    }

    /** The owner uses its memory until it sweeps; another thread ends two arenas. */
    @JCStressTest
    @Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "each is released once, by the owner")
    @Outcome(id = {"0, .*", "., 0, ."}, expect = FORBIDDEN, desc = "an arena that was ended is never released")
    @Outcome(id = {"[2-4], .*", "., [2-4], ."}, expect = FORBIDDEN, desc = "released twice")
    @Outcome(id = {"[5-9], .*", "., [5-9], ."}, expect = FORBIDDEN, desc = "released by another thread")
    @Outcome(id = "., ., 1", expect = FORBIDDEN, desc = "the memory is accessible after its release")
    @Outcome(id = "., ., 2", expect = FORBIDDEN, desc = "the memory is invalid before its release")
    @State
    public static class EndSweep {
        private volatile boolean ended;
        private volatile Counted first;
        private volatile Counted second;

        @Actor
        public void owner(III_Result r) {
            Counted a = new Counted();
            Counted b = new Counted();
            MemorySegment memory = a.allocate(8, 8);
            first = a;
            second = b;
            boolean last;
            do {
                last = ended;
                SourceArena.sweep();
                if (isAccessible(memory) != (a.released.get() == 0)) {
                    r.r3 = a.released.get() == 0 ? 2 : 1;
                }
            } while (!last);
            r.r1 = a.released.get();
            r.r2 = b.released.get();
        }

        private static boolean isAccessible(MemorySegment memory) {
            try {
                memory.set(JAVA_LONG, 0, 1);
                return true;
            } catch (IllegalStateException e) {
                return false;
            }
        }

        @Actor
        public void end() {
            while (second == null) {
                Thread.onSpinWait();
            }
            first.end();
            second.end();
            ended = true;
        }
    }

    /** The owner has ended: those who end its arenas release them. */
    @JCStressTest
    @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each is released once")
    @Outcome(id = {"0, .", "., 0"}, expect = FORBIDDEN, desc = "a leak: nobody will release it")
    @Outcome(id = {"[2-4], .", "., [2-4]"}, expect = FORBIDDEN, desc = "released twice")
    @State
    public static class EndEndOfDeadOwner {
        private Counted first;
        private Counted second;

        public EndEndOfDeadOwner() {
            Thread owner = Thread.ofVirtual().start(() -> {
                first = new Counted();
                second = new Counted();
            });
            try {
                owner.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        @Actor
        public void endFirst() {
            first.end();
        }

        @Actor
        public void endSecond() {
            second.end();
        }

        @Arbiter
        public void arbiter(II_Result r) {
            r.r1 = first.released.get();
            r.r2 = second.released.get();
        }
    }
}
