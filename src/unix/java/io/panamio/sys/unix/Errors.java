package io.panamio.sys.unix;

import io.panamio.SystemError;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.SystemExceptions;
import java.io.IOException;
import java.net.URL;
import java.util.zip.Inflater;

/**
 * Creates the exception for an errno: of the class that the JDK uses for it, naming the call and the error. The
 * switches here have no case for null, with which javac would link them at run time, for which there may be no memory.
 */
public final class Errors implements Runnable {
    private final UnixConstants constants;

    /** Constructs the errors of a platform. */
    public Errors(UnixConstants constants) {
        this.constants = constants;
    }

    /**
     * Loads the classes that the methods here and their exceptions need, and those that a call on an open source may be
     * the first to need, which may happen when no descriptors are left. The latter are not initialized, except the
     * names of options. Does nothing if the classes are in a jar that stays open, from which they can be loaded at any
     * time. A class that cannot be loaded is left to the call that needs it: there may be no descriptors or no memory
     * already.
     */
    @Override
    @SuppressWarnings("unused")
    public void run() {
        try {
            if (isInOpenJar()) {
                return;
            }
            SystemExceptions.load();
            socket("", 1); // which needs whatever the others need
            NativeScratch.load();
            constants.load();
            Class<?>[] loaded = {Libc.Shared.class, Libc.Ioctl.class, Libc.Fcntl.class};
            Class.forName("io.panamio.net.SystemSocketOptions"); // initialized; by name, as this layer does not use it
        } catch (Throwable t) {
            return; // not a failure of any call, and not to be printed
        }
    }

    /**
     * Returns whether this class is in a jar or an image that the JDK's own class loader keeps open. If all classes
     * came from a CDS archive, opens the jar, and loads what reads it. Other class loaders may close and reopen their
     * jars.
     */
    private static boolean isInOpenJar() {
        Class<?> self = Errors.class;
        URL found = self.getResource("Errors.class");
        if (found == null || found.getProtocol().equals("file")
                || self.getClassLoader() != ClassLoader.getSystemClassLoader()) {
            return false;
        }
        new Inflater().end(); // its native library
        return true;
    }

    /** {@return the exception for a failed call on a socket} */
    public IOException socket(String call, int number) {
        return socket(call, "", number);
    }

    /** {@return the exception for a failed call on a socket, which names the address or the option concerned} */
    public IOException socket(String call, String about, int number) {
        Errno errno = constants.errno(number);
        SystemError.Failure failure = failure(call, number, errno);
        String message = message(failure, about, errno);
        if (errno == null) {
            return SystemExceptions.socket(message, failure);
        }
        return switch (errno) {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN -> SystemExceptions.exhausted(message, failure);
            case ECONNREFUSED -> SystemExceptions.connect(message, failure);
            case ETIMEDOUT, ENOTCONN -> call.equals("connect") ? SystemExceptions.connect(message, failure)
                : SystemExceptions.socket(message, failure);
            case EHOSTUNREACH -> SystemExceptions.noRoute(message, failure);
            case EADDRINUSE, EADDRNOTAVAIL -> SystemExceptions.bind(message, failure);
            case EACCES -> call.equals("bind") ? SystemExceptions.bind(message, failure)
                : SystemExceptions.socket(message, failure);
            case ECONNRESET, EPIPE -> SystemExceptions.reset(message, failure);
            default -> SystemExceptions.socket(message, failure);
        };
    }

    /** {@return whether an error of accept(2) concerns only the connection at the head of the queue} */
    boolean isOfOneConnection(int number) {
        Errno errno = constants.errno(number);
        if (errno == null) {
            return false;
        }
        return switch (errno) {
            case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
                EOPNOTSUPP, ETIMEDOUT -> true;
            default -> false;
        };
    }

    /**
     * Returns the exception for an error that was pending on a socket: its connection is broken, and no later call
     * succeeds. So it is never a {@code ResourceExhaustedException}, whatever the errno.
     */
    public IOException pending(String call, String about, int number) {
        Errno errno = constants.errno(number);
        if (errno == null) {
            return socket(call, about, number);
        }
        return switch (errno) {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN -> {
                SystemError.Failure failure = failure(call, number, errno);
                yield SystemExceptions.socket(message(failure, about, errno), failure);
            }
            default -> socket(call, about, number);
        };
    }

    /** {@return the exception for a failed call that may succeed later, whatever the errno} */
    public IOException exhausted(String call, String about, int number) {
        Errno errno = constants.errno(number);
        SystemError.Failure failure = failure(call, number, errno);
        return SystemExceptions.exhausted(message(failure, about, errno), failure);
    }

    /** {@return the exception for a failed call on any other descriptor} */
    public IOException io(String call, int number) {
        Errno errno = constants.errno(number);
        SystemError.Failure failure = failure(call, number, errno);
        String message = message(failure, "", errno);
        if (errno == null) {
            return SystemExceptions.io(message, failure);
        }
        return switch (errno) {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM -> SystemExceptions.exhausted(message, failure);
            default -> SystemExceptions.io(message, failure);
        };
    }

    /** {@return the exception for a failed call that opens a file} */
    public IOException open(String call, String file, int number) {
        Errno errno = constants.errno(number);
        SystemError.Failure failure = failure(call, number, errno);
        if (errno == null) {
            return SystemExceptions.io(message(failure, file, errno), failure);
        }
        return switch (errno) {
            case ENOENT -> SystemExceptions.noSuchFile(file, message(failure, "", errno), failure);
            case EACCES -> SystemExceptions.accessDenied(file, message(failure, "", errno), failure);
            case EMFILE, ENFILE, ENOMEM -> SystemExceptions.exhausted(message(failure, file, errno), failure);
            default -> SystemExceptions.io(message(failure, file, errno), failure);
        };
    }

    /** {@return the error for a failed allocation} */
    public OutOfMemoryError outOfMemory(String call, String about, int number) {
        Errno errno = constants.errno(number);
        SystemError.Failure failure = failure(call, number, errno);
        return SystemExceptions.outOfMemory(message(failure, about, errno), failure);
    }

    private static SystemError.Failure failure(String call, int number, Errno errno) {
        return new SystemError.Failure(call, number, errno == null ? "errno " + number : errno.name());
    }

    private static String message(SystemError.Failure failure, String about, Errno errno) {
        String what = about.isEmpty() ? failure.call() : failure.call() + " " + about;
        return errno == null ? what + ": " + failure.errnoName()
            : what + ": " + errno.text + " (" + errno + ", errno " + failure.errno() + ")";
    }
}
