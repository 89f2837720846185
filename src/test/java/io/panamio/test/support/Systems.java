package io.panamio.test.support;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.panamio.SystemError;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/**
 * Skips tests, with a message, where a system differs in what no {@link io.panamio.Feature} stands for. As an
 * extension, skips tests of socket options that the system, or Wine, does not have. On Linux nothing is skipped.
 */
public final class Systems implements TestExecutionExceptionHandler {
    /** Whether this is Windows, or Wine. */
    public static final boolean WINDOWS = WindowsHandles.HERE;

    /** Whether this is Wine. */
    public static final boolean WINE =
        WINDOWS && SymbolLookup.libraryLookup("ntdll", Arena.global()).find("wine_get_version").isPresent();

    /** The options for JVMs that tests start: Wine lacks what HotSpot then warns of. */
    public static final List<String> CHILD_OPTIONS =
        WINDOWS ? List.of("-XX:-PrintWarnings", "-Dstdout.encoding=UTF-8", "-Dstderr.encoding=UTF-8") : List.of();

    /** Skips a test on Windows, which differs: {@code how} follows its name. */
    public static void windows(String how) {
        assumeFalse(WINDOWS, "Windows " + how);
    }

    /** Skips a test on Wine, which differs from Windows: {@code how} follows its name. */
    public static void wine(String how) {
        assumeFalse(WINE, "Wine, unlike Windows, " + how);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown; // thrown in another thread
        if ((WINDOWS || Loop.isBsd()) && cause instanceof UnsupportedOperationException
                && String.valueOf(cause.getMessage()).contains("has no socket option")) {
            throw new TestAbortedException(cause.getMessage());
        }
        if (WINE && cause instanceof SystemError error && error.errnoName().equals("ENOPROTOOPT")) {
            throw new TestAbortedException("Wine lacks an option: " + cause.getMessage());
        }
        throw thrown;
    }
}
