package io.panamio;

import java.io.IOException;

/**
 * Thrown if the process or the system has run out of descriptors or of kernel memory (EMFILE, ENFILE, ENOBUFS, ENOMEM),
 * if the queue of a Unix listener is full (EAGAIN of a connect), or if a call stops early, such as an accept that
 * encounters many aborted connections in a row. The call had no effect, and the same call can succeed later. For accept
 * loops see {@link io.panamio.net.TcpListener#accept() TcpListener.accept}.
 *
 * <p>If classes are loaded from a directory, a feature first used while no descriptors are available cannot load its
 * classes; the JVM then throws {@link NoClassDefFoundError} at every later use. Classes in a jar are not affected once
 * the jar is open. The JVM does not open it for classes that it takes from a CDS archive or an AOT cache.
 */
public final class ResourceExhaustedException extends IOException implements SystemError {
    private static final long serialVersionUID = 1;

    /** The system call and its error. */
    private final Failure failure;

    /**
     * Constructs an exception for a failed system call.
     *
     * @param message the detail message
     * @param failure the system call and its error
     */
    public ResourceExhaustedException(String message, Failure failure) {
        super(message);
        this.failure = failure;
    }

    @Override
    public Failure failure() {
        return failure;
    }
}
