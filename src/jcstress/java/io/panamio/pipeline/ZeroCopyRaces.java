package io.panamio.pipeline;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** The ownership of a {@link ZeroCopyBuffer}: its thread's or the kernel's, and never another thread's. */
public final class ZeroCopyRaces {
    private static final MemorySegment MEMORY = Arena.global().allocate(8, 8);

    private ZeroCopyRaces() {
    }

    /** What another thread does. */
    private interface Act {
        void run(ZeroCopyBuffer buffer);
    }

    /** The owner writes, sends, and is refused until the completion; another thread tries to interfere. */
    static class Ownership {
        private volatile ZeroCopyBuffer shared;
        private MemorySegment lent;

        void own(III_Result r) {
            ZeroCopyBuffer buffer = ZeroCopyBuffer.of(MEMORY);
            MemorySegment segment = buffer.segment();
            lent = segment;
            shared = buffer;
            try {
                segment.set(JAVA_LONG, 0, 1);
            } catch (IllegalStateException e) {
                r.r1 = 1;
            }
            try { // a send, and its completion
                buffer.take();
                buffer.sent();
                if (isAccessible(segment) || isLent(buffer)) {
                    r.r1 |= 2;
                }
                buffer.completed();
                if (!isLent(buffer) || buffer.isPending()) {
                    r.r1 |= 4;
                }
                buffer.close();
            } catch (IllegalStateException e) {
                r.r1 |= 1;
            }
        }

        private static boolean isLent(ZeroCopyBuffer buffer) {
            try {
                return buffer.segment() != null;
            } catch (IllegalStateException e) {
                return false;
            }
        }

        private static boolean isAccessible(MemorySegment segment) {
            try {
                segment.get(JAVA_LONG, 0);
                return true;
            } catch (IllegalStateException e) {
                return false;
            }
        }

        /** Returns 0 if another thread is refused. */
        int interfere(Act act) {
            while (shared == null) {
                Thread.onSpinWait();
            }
            try {
                act.run(shared);
                return 1;
            } catch (WrongThreadException e) {
                return 0;
            }
        }

        MemorySegment lent() {
            return lent;
        }
    }

    /** Another thread takes the memory for a send, or borrows it, or writes to it. */
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "the other thread is refused")
    @Outcome(id = ".*, 1, .", expect = FORBIDDEN, desc = "another thread takes or borrows the memory")
    @Outcome(id = ".*, 1", expect = FORBIDDEN, desc = "another thread writes to the memory")
    @Outcome(id = "[1357], .*", expect = FORBIDDEN, desc = "the owner loses its memory before its send")
    @Outcome(id = "[2367], .*", expect = FORBIDDEN, desc = "the owner may write while a send is pending")
    @Outcome(id = "[4567], .*", expect = FORBIDDEN, desc = "the memory does not come back after the completion")
    @State
    public static class SendTake extends Ownership {
        @Actor
        public void owner(III_Result r) {
            own(r);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = interfere(ZeroCopyBuffer::take) | interfere(ZeroCopyBuffer::segment);
            try {
                r.r3 = interfere(b -> lent().set(JAVA_LONG, 0, 2));
            } catch (IllegalStateException e) {
                r.r3 = 0; // revoked before
            }
        }
    }

    /** Another thread closes the buffer. */
    @JCStressTest
    @Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "the close is refused")
    @Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "the close came after the owner's, without an effect")
    @Outcome(id = "[1357], .*", expect = FORBIDDEN, desc = "the owner loses its memory to the close of another thread")
    @Outcome(id = "[2367], .*", expect = FORBIDDEN, desc = "the owner may write while a send is pending")
    @Outcome(id = "[4567], .*", expect = FORBIDDEN, desc = "the memory does not come back after the completion")
    @State
    public static class SendClose extends Ownership {
        @Actor
        public void owner(III_Result r) {
            own(r);
        }

        @Actor
        public void other(III_Result r) {
            r.r2 = interfere(ZeroCopyBuffer::close);
        }
    }
}
