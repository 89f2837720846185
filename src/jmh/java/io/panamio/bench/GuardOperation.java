package io.panamio.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.LongConsumer;

/** An operation of {@link RegressionGuard}. */
interface GuardOperation {
    /** How many sources the polls watch. */
    int SOURCES = 64;
    /** How much is sent at a time. */
    int BYTES = 64;
    /** How much is sent where it shall be much. */
    int MANY = 16 << 10;
    /** How much is passed on at a time. */
    int BURST = 64 << 10;
    /** How many datagrams there are in a batch. */
    int BATCH = 32;

    /** Does it once. */
    void run() throws IOException;

    /** Does it as often as it is told. */
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

    /** An operation that did not do what it should has measured nothing. */
    static void check(boolean asExpected) {
        if (!asExpected) {
            throw new AssertionError("the operation went wrong");
        }
    }
}
