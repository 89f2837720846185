package io.panamio;

import java.io.Serializable;

/**
 * Identifies the system call that failed, and its error. Every {@code IOException} that Panamio throws for a failed
 * system call has the class that the JDK uses for such a failure ({@code ConnectException}, {@code BindException},
 * {@code SocketException}, …) and implements this interface. So does the {@code OutOfMemoryError} thrown if the system
 * provides no memory.
 *
 * {@snippet file="LoopSnippets.java" region="system-error"}
 */
public interface SystemError {
    /**
     * A failed system call and its error.
     *
     * @param call the name of the system call, for example {@code connect}; {@code SO_ERROR} for an error that was
     *     pending
     * @param errno the number of the error on this system
     * @param errnoName the name of the error, for example {@code ECONNREFUSED}, or {@code errno N} if the name is
     *     unknown
     */
    record Failure(String call, int errno, String errnoName) implements Serializable {
    }

    /** {@return the system call and its error} */
    Failure failure();

    /** {@return the name of the system call, for example {@code connect}} */
    default String call() {
        return failure().call();
    }

    /** {@return the number of the error on this system} */
    default int errno() {
        return failure().errno();
    }

    /** {@return the name of the error, for example {@code ECONNREFUSED}, which is the same on every system} */
    default String errnoName() {
        return failure().errnoName();
    }
}
