package io.panamio;

import java.io.IOException;

/**
 * The process or the system has run out of descriptors or of memory for them: EMFILE, ENFILE, ENOBUFS or ENOMEM; or a
 * call gives up for now, as an accept does that meets one dead connection after another. Nothing has changed, and the
 * same call can succeed later. For what this means to an accept loop see {@link
 * io.panamio.net.TcpListener#accept() TcpListener.accept}.
 *
 * <p>Where the classes are in a folder, a feature that is used for the first time while there are no descriptors cannot
 * load its classes, and the JVM remembers that: it throws a {@link NoClassDefFoundError} from then on. From a jar,
 * which is open already, this cannot happen.
 */
public final class ResourceExhaustedException extends IOException implements SystemError {
    private static final long serialVersionUID = 1;

    /** What failed. */
    private final Failure failure;

    /**
     * Constructs an exception for a system call that has failed.
     *
     * @param message what failed, for people
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
