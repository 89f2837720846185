package io.panamio.test.support;

import io.panamio.SystemError;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** Skips the rest of a test, with a message, at the first socket option that the system lacks. Linux lacks none. */
public final class MissingOptions implements TestExecutionExceptionHandler {
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown) throws Throwable {
        Throwable cause = thrown instanceof ExecutionException ? thrown.getCause() : thrown; // thrown in another thread
        if ((Systems.WINDOWS || Systems.BSD) && cause instanceof UnsupportedOperationException
                && String.valueOf(cause.getMessage()).contains("has no socket option")) {
            throw new TestAbortedException(cause.getMessage());
        }
        if (Behaviour.OPTIONS_ARE_UNKNOWN.isHere() && cause instanceof SystemError error
                && error.errnoName().equals("ENOPROTOOPT")) {
            throw new TestAbortedException(cause.getMessage());
        }
        throw thrown;
    }
}
