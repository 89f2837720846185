package io.panamio.sys;

import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Creates the JDK's exceptions for failed system calls, each of which implements {@link SystemError}. */
public final class SystemExceptions {
    /** Whether resets and broken pipes have no stack trace: {@code -Dpanamio.stacklessResets=true}. */
    private static final boolean STACKLESS = Boolean.getBoolean("panamio.stacklessResets");

    /** The classes thrown, which are loaded with this class: without descriptors a class cannot be loaded. */
    @SuppressWarnings("unused") // its initializer loads the classes
    private static final Class<?>[] LOADED = {ResourceExhaustedException.class, Connect.class, Bind.class,
        NoRoute.class, NoSuchFile.class, AccessDenied.class, Socket.class, Io.class, Unresolved.class,
        OutOfMemory.class, STACKLESS ? Stackless.class : Socket.class, SystemError.Failure.class};

    private SystemExceptions() {
    }

    /** Loads this class and those of the exceptions. */
    public static void load() {
        // the static initializer does
    }

    /** {@return the exception for a connect that was refused or timed out} */
    public static IOException connect(String message, SystemError.Failure failure) {
        return new Connect(message, failure);
    }

    /** {@return the exception for an address that cannot be bound} */
    public static IOException bind(String message, SystemError.Failure failure) {
        return new Bind(message, failure);
    }

    /** {@return the exception for an unreachable host} */
    public static IOException noRoute(String message, SystemError.Failure failure) {
        return new NoRoute(message, failure);
    }

    /** {@return the exception for a connection reset by the peer, without a stack trace if configured so} */
    public static IOException reset(String message, SystemError.Failure failure) {
        return STACKLESS ? new Stackless(message, failure) : new Socket(message, failure);
    }

    /** {@return the exception for a file that does not exist} */
    public static IOException noSuchFile(String file, String message, SystemError.Failure failure) {
        return new NoSuchFile(file, message, failure);
    }

    /** {@return the exception for a file that may not be opened} */
    public static IOException accessDenied(String file, String message, SystemError.Failure failure) {
        return new AccessDenied(file, message, failure);
    }

    /** {@return the exception for a lack of descriptors or of kernel memory} */
    public static IOException exhausted(String message, SystemError.Failure failure) {
        return new ResourceExhaustedException(message, failure);
    }

    /** {@return the exception for any other failure of a socket} */
    public static IOException socket(String message, SystemError.Failure failure) {
        return new Socket(message, failure);
    }

    /** {@return the exception for any other failure} */
    public static IOException io(String message, SystemError.Failure failure) {
        return new Io(message, failure);
    }

    /** {@return the exception for an unresolved address} */
    public static UnresolvedAddressException unresolved(InetSocketAddress address) {
        return new Unresolved(address.toString());
    }

    /** {@return the error for a system call that failed to allocate memory} */
    public static OutOfMemoryError outOfMemory(String message, SystemError.Failure failure) {
        return new OutOfMemory(message, failure);
    }

    /** {@return the first line of the stack trace, with the name of the JDK's class, which users catch} */
    private static String describe(Throwable e) {
        return e.getClass().getSuperclass().getName() + ": " + e.getMessage();
    }

    /** Has a message, which the JDK's class does not support. */
    private static final class Unresolved extends UnresolvedAddressException {
        private static final long serialVersionUID = 1;
        private final String address;

        Unresolved(String address) {
            this.address = address;
        }

        @Override
        public String getMessage() {
            return address;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class OutOfMemory extends OutOfMemoryError implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        OutOfMemory(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class Connect extends ConnectException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        Connect(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class Bind extends BindException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        Bind(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class NoRoute extends NoRouteToHostException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        NoRoute(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class Stackless extends SocketException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        Stackless(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class NoSuchFile extends NoSuchFileException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        NoSuchFile(String file, String message, Failure failure) {
            super(file, null, message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class AccessDenied extends AccessDeniedException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        AccessDenied(String file, String message, Failure failure) {
            super(file, null, message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class Socket extends SocketException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        Socket(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }

    private static final class Io extends IOException implements SystemError {
        private static final long serialVersionUID = 1;
        private final Failure failure;

        Io(String message, Failure failure) {
            super(message);
            this.failure = failure;
        }

        @Override
        public Failure failure() {
            return failure;
        }

        @Override
        public String toString() {
            return describe(this);
        }
    }
}
