package io.panamio;

import java.io.Serializable;

/**
 * An exception that tells which system call failed, and how. Every {@code IOException} that Panamio throws for a failed
 * system call is of the class that the JDK uses for such a failure ({@code ConnectException}, {@code BindException},
 * {@code SocketException}, …) and implements this interface besides, and so does the {@code OutOfMemoryError} where the
 * system gives no memory:
 *
 * <pre>{@code
 * catch (IOException e) {
 *     if (e instanceof SystemError s && s.errnoName().equals("EHOSTDOWN")) { … }
 * }
 * }</pre>
 */
public interface SystemError {
    /**
     * What failed.
     *
     * @param call the name of the system call, such as {@code connect}; {@code SO_ERROR} for an error that was pending
     * @param errno the error's number on this platform
     * @param errnoName the error's name, such as {@code ECONNREFUSED}, or {@code errno N} for one without a known name
     */
    record Failure(String call, int errno, String errnoName) implements Serializable {
    }

    /**
     * What failed.
     *
     * @return the call and its error
     */
    Failure failure();

    /**
     * The name of the system call.
     *
     * @return for example {@code connect}
     */
    default String call() {
        return failure().call();
    }

    /**
     * The number of the error.
     *
     * @return errno, as this platform numbers it
     */
    default int errno() {
        return failure().errno();
    }

    /**
     * The name of the error, which is the same on every platform.
     *
     * @return for example {@code ECONNREFUSED}
     */
    default String errnoName() {
        return failure().errnoName();
    }
}
