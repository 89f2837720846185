package io.panamio.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.LongConsumer;

/** An operation of {@link RegressionGuard}. */
interface GuardOperation {
    /** The number of sources that the polls watch. */
    int SOURCES = 64;
    /** The size of a small message. */
    int BYTES = 64;
    /** The size of a large message. */
    int MANY = 16 << 10;
    /** The number of bytes forwarded at a time. */
    int BURST = 64 << 10;
    /** The number of datagrams in a batch. */
    int BATCH = 32;

    /** Performs it once. */
    void run() throws IOException;

    /** Performs it {@code times} times. */
    static LongConsumer repeat(GuardOperation operation) {
        return times -> {
            try {
                for (long i = 0; i < times; i++) {
                    operation.run();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /** Fails if an operation did not do what it should, as its figure would be meaningless. */
    static void check(boolean asExpected) {
        if (!asExpected) {
            throw new AssertionError("the operation did not have the expected result");
        }
    }
}
