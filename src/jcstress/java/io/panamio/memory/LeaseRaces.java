package io.panamio.memory;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.panamio.sys.SourceArena;
import java.lang.foreign.Arena;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** Leases and arenas of a {@link SegmentPool} that another thread gives back. */
public final class LeaseRaces {
    private static final PoolOptions OPTIONS = PoolOptions.DEFAULT.sizes(64).limit(128);

    private LeaseRaces() {
    }

    /** Another thread releases a lease while the owner releases it, twice, and closes the pool. */
    @JCStressTest
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "only the owner's first release has an effect")
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "another thread has given the lease back")
    @Outcome(id = ".*, 2", expect = FORBIDDEN, desc = "another thread has used the closed pool")
    @Outcome(id = "., 0, .", expect = FORBIDDEN, desc = "a second release by the owner is accepted")
    @Outcome(id = "[1-9].*", expect = FORBIDDEN, desc = "the pool does not count what it lends")
    @State
    public static class ReleaseReleaseClose {
        private volatile Lease shared;

        @Actor
        public void owner(III_Result r) {
            try (SegmentPool pool = SegmentPool.open(OPTIONS)) {
                Lease lease = pool.acquire(64);
                shared = lease;
                r.r2 = release(lease) + release(lease);
                r.r1 = (int) Math.abs(pool.acquired());
            }
        }

        /** Returns 0 if the release was accepted, 1 if it was not by the state, 5 if not by the thread. */
        private static int release(Lease lease) {
            try {
                lease.release();
                return 0;
            } catch (IllegalStateException e) {
                return 1;
            } catch (WrongThreadException e) {
                return 5;
            }
        }

        @Actor
        public void other(III_Result r) {
            while (shared == null) {
                Thread.onSpinWait();
            }
            int released = release(shared);
            r.r3 = released == 5 ? 0 : 1 + released;
        }
    }

    /** Another thread ends an arena of the pool while the owner takes what is left of the pool, then all. */
    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "the segment comes back")
    @Outcome(id = "2, .*", expect = FORBIDDEN, desc = "a segment was lent twice")
    @Outcome(id = "0, .*", expect = FORBIDDEN, desc = "the segment of an arena that was ended never comes back")
    @Outcome(id = ".*, [1-9]", expect = FORBIDDEN, desc = "the pool does not count what it lends")
    @State
    public static class EndArenaAcquire {
        private volatile SourceArena shared;
        private volatile boolean ended;

        @Actor
        public void owner(III_Result r) {
            try (SegmentPool pool = SegmentPool.open(OPTIONS)) {
                Arena arena = pool.arena();
                long used = arena.allocate(64).address();
                shared = (SourceArena) arena;
                Lease other = pool.acquire(64);
                r.r1 = other.segment().address() == used ? 2 : 0;
                boolean last;
                do { // the limit is two segments: a third one must wait for the arena
                    last = ended;
                    Lease again = pool.acquire(64);
                    if (again != null) {
                        r.r1 |= again.segment().address() == used ? 1 : 2;
                        again.release();
                        break;
                    }
                } while (!last);
                other.release();
                r.r3 = (int) pool.acquired();
            }
        }

        @Actor
        public void other() {
            while (shared == null) {
                Thread.onSpinWait();
            }
            shared.end();
            ended = true;
        }
    }
}
