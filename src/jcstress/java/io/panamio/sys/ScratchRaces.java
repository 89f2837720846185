package io.panamio.sys;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** Threads that borrow {@link NativeScratch}. */
public final class ScratchRaces {
    private ScratchRaces() {
    }

    @JCStressTest
    @Outcome(id = "1, 2", expect = ACCEPTABLE, desc = "each has its own")
    @Outcome(id = {"2, .", "., 1", "0, .", "., 0"}, expect = FORBIDDEN, desc = "two threads have borrowed the same")
    @State
    public static class BorrowBorrow {
        /** Stores a value in borrowed memory, and returns the value read back from it. */
        private static int store(int value) {
            int found = value;
            for (int i = 0; i < 3 && found == value; i++) {
                try (NativeScratch scratch = NativeScratch.enterToCopy(NativeScratch.COPY_SIZE)) {
                    scratch.argumentBytes.putInt(0, value);
                    Thread.onSpinWait();
                    found = scratch.argumentBytes.getInt(0);
                }
            }
            return found;
        }

        @Actor
        public void first(II_Result r) {
            r.r1 = store(1);
        }

        @Actor
        public void second(II_Result r) {
            r.r2 = store(2);
        }
    }
}
