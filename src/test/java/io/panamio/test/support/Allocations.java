package io.panamio.test.support;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;

/** Measures the bytes that the current thread allocates, as counted by the JVM. */
public final class Allocations {
    public static final int ROUNDS = WindowsHandles.HERE ? 1_000 : 5_000;
    private static final long FEW = ROUNDS * 16 / 5; // less than one object in five rounds
    /** Where calls are slow, the rounds until the code is compiled take longer than any deadline on a busy machine. */
    private static final int MIN_TURNS = 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocations() {
    }

    /** The measured action. */
    public interface Round {
        void run() throws IOException;
    }

    /** {@return the number of bytes that {@link #ROUNDS} rounds allocate} */
    public static long of(Round round) throws IOException {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < ROUNDS; i++) {
            round.run();
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** Asserts that a round allocates at most so many bytes once compiled, which may take long on a busy machine. */
    public static void assertAtMost(long bytesEach, Round round) throws IOException {
        long bytes;
        long deadline = System.nanoTime() + Loop.LONG.toNanos();
        int turns = 0;
        do {
            bytes = of(round);
            turns++;
        } while (bytes >= bytesEach * ROUNDS + FEW && (turns < MIN_TURNS || System.nanoTime() < deadline));
        assertTrue(bytes < bytesEach * ROUNDS + FEW, bytes + " bytes allocated in " + ROUNDS + " rounds");
    }
}
