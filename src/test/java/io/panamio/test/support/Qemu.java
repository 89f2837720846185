package io.panamio.test.support;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.panamio.SystemError;
import java.nio.ByteOrder;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Skips tests under qemu-user ({@code src/test/aarch64/run}), with a message, if they need what qemu cannot pass on to
 * the kernel. As an extension, skips tests of socket options that qemu does not support.
 */
public final class Qemu implements TestExecutionExceptionHandler {
    private static final boolean HERE = System.getenv("PANAMIO_QEMU") != null;

    /** {@return whether the tests run under qemu, where a program takes some ten times as long} */
    public static boolean isHere() {
        return HERE;
    }

    /** Skips a test under qemu, which lacks something that the test needs. */
    public static void lacks(String what) {
        assumeFalse(HERE, "qemu-user lacks " + what);
    }

    /** Skips a test under qemu for a big-endian processor: qemu does not convert the byte order of everything. */
    public static void misorders(String what) {
        assumeFalse(HERE && ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN,
            "qemu-user has a wrong byte order in " + what);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown; // thrown in another thread
        if (HERE && cause instanceof SystemError error
                && (error.errnoName().equals("ENOPROTOOPT") || error.errnoName().equals("EINVAL"))) {
            throw new TestAbortedException("qemu-user lacks an option: " + cause.getMessage());
        }
        throw thrown;
    }
}
