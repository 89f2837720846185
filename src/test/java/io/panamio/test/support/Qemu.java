package io.panamio.test.support;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.panamio.SystemError;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * What the kernel can do and qemu-user cannot pass on to it: under qemu ({@code src/test/aarch64/run}) the tests that
 * need it are skipped with a message. As an extension, it skips tests for socket options that qemu does not know.
 */
public final class Qemu implements TestExecutionExceptionHandler {
    private static final boolean HERE = System.getenv("PANAMIO_QEMU") != null;
    /** What a JVM that a test starts is given: under qemu, the better compiler costs more than it ever saves. */
    static final List<String> CHILD_OPTIONS = HERE ? List.of("-XX:TieredStopAtLevel=1") : List.of();

    /** Skips a test under qemu, which lacks something that it needs. */
    public static void lacks(String what) {
        assumeFalse(HERE, "qemu-user lacks " + what);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown; // of another thread
        if (HERE && cause instanceof SystemError error
                && (error.errnoName().equals("ENOPROTOOPT") || error.errnoName().equals("EINVAL"))) {
            throw new TestAbortedException("qemu-user lacks an option: " + cause.getMessage());
        }
        throw thrown;
    }
}
