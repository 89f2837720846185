package io.panamio.test.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** System functions that tests need and the library does not offer. All return -1 on failure. */
public final class NativeCalls {
    private static final int NONBLOCK = 04000; // SOCK_NONBLOCK, EFD_NONBLOCK
    private static final int NOCTTY = 0400;
    private static final int SIGPIPE = 13;
    private static final int SIGWINCH = 28;
    private static final int CLONE_NEWNET = 0x40000000;
    private static final long TUNSETIFF = 0x400454CAL;
    private static final long EPIOCGPARAMS = 0x80088A02L; // _IOR(0x8A, 2, struct epoll_params), Linux 6.9

    private NativeCalls() {
    }

    private static long call(String function, Object... arguments) {
        MemoryLayout[] layouts = Stream.of(arguments)
            .map(a -> a instanceof Integer ? JAVA_INT : a instanceof Long ? JAVA_LONG : ADDRESS)
            .toArray(MemoryLayout[]::new);
        Linker linker = Linker.nativeLinker();
        MemorySegment address = address(function);
        try {
            return (long) linker.downcallHandle(address, FunctionDescriptor.of(JAVA_LONG, layouts))
                .invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(function, t);
        }
    }

    /** Skips the running test where the system has no such function. */
    private static MemorySegment address(String function) {
        return Linker.nativeLinker().defaultLookup().find(function)
            .filter(address -> !WindowsHandles.HERE) // the C runtime there has some of the names
            .orElseGet(() -> Assumptions.abort("this system has no function " + function)); // a child has no JUnit
    }

    /** Opens an IPv4 TCP socket in non-blocking mode. */
    public static int socket() {
        if (WindowsHandles.HERE) {
            return WindowsHandles.socket(1);
        }
        return (int) call("socket", 2, 1 | NONBLOCK, 0);
    }

    /** Opens a socket of any kind in non-blocking mode; -1 if the kernel does not support it. */
    public static int socket(int domain, int type, int protocol) {
        return (int) call("socket", domain, type | NONBLOCK, protocol);
    }

    /** Opens a Unix socket of type 1 (stream), 2 (datagram) or 5 (seqpacket) in blocking mode. */
    public static int unixSocket(int type) {
        return (int) call("socket", 1, type, 0);
    }

    /** Opens two connected Unix sockets in non-blocking mode. */
    public static int[] unixPair(int type) {
        return two(fds -> call("socketpair", 1, type | NONBLOCK, 0, fds));
    }

    /** bind(2) to a Unix address without a terminating zero. */
    public static int unixBind(int fd, byte[] name) {
        return withAddress(name, (address, length) -> call("bind", fd, address, length));
    }

    /** connect(2) to a Unix address without a terminating zero. */
    public static int unixConnect(int fd, byte[] name) {
        return withAddress(name, (address, length) -> call("connect", fd, address, length));
    }

    private interface WithAddress {
        long call(MemorySegment address, int length);
    }

    private static int withAddress(byte[] name, WithAddress function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(2 + name.length, 2);
            address.set(JAVA_SHORT, 0, (short) 1); // AF_UNIX
            MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
            return (int) function.call(address, 2 + name.length);
        }
    }

    /** connect(2) to a port of 127.0.0.1. */
    public static int connect(int fd, int port) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(16, 4);
            address.set(JAVA_SHORT, 0, (short) 2); // AF_INET
            address.set(JAVA_BYTE, 2, (byte) (port >> 8));
            address.set(JAVA_BYTE, 3, (byte) port);
            address.set(JAVA_BYTE, 4, (byte) 127);
            address.set(JAVA_BYTE, 7, (byte) 1);
            return WindowsHandles.HERE ? WindowsHandles.connect(fd, address) : (int) call("connect", fd, address, 16);
        }
    }

    /** Creates a FIFO at a path. */
    public static void makeFifo(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            if ((int) call("mkfifo", arena.allocateFrom(path.toString()), 0600) < 0) {
                throw new AssertionError("no FIFO");
            }
        }
    }

    /** Opens a file in non-blocking mode, to read (0), to write (1) or for both (2). */
    public static int open(Path path, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call("open", arena.allocateFrom(path.toString()), mode | NONBLOCK);
        }
    }

    /** Opens the master end of a new pseudo-terminal, in blocking mode. */
    public static int openTerminal() {
        int master = (int) call("posix_openpt", 2 | NOCTTY);
        if (master < 0 || (int) call("grantpt", master) < 0 || (int) call("unlockpt", master) < 0) {
            throw new AssertionError("no terminal");
        }
        return master;
    }

    /** Opens the other end in non-blocking mode. */
    public static int openTerminalOf(int master) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(64);
            if ((int) call("ptsname_r", master, name, name.byteSize()) != 0) {
                throw new AssertionError("no name");
            }
            return open(Path.of(name.getString(0)), 2 | NOCTTY);
        }
    }

    /** Locks a directory by flock(2) until the returned descriptor is closed. */
    public static int lock(Path directory) {
        int fd = open(directory, 0);
        if ((int) call("flock", fd, 2) < 0) { // LOCK_EX
            throw new AssertionError("no lock");
        }
        return fd;
    }

    /** Receives the urgent byte; -1 if there is none. */
    public static int receiveUrgent(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(1);
            long n = WindowsHandles.HERE ? WindowsHandles.recv(fd, one, 1) : call("recv", fd, one, 1L, 1); // MSG_OOB
            return n == 1 ? one.get(JAVA_BYTE, 0) : -1;
        }
    }

    /** Sets the process's limit on descriptors, and returns the previous one. */
    public static long limitDescriptors(long limit) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(JAVA_LONG, 2);
            call("getrlimit", 7, limits);
            long before = limits.get(JAVA_LONG, 0);
            limits.set(JAVA_LONG, 0, limit);
            if ((int) call("setrlimit", 7, limits) < 0) {
                throw new AssertionError("no such limit");
            }
            return before;
        }
    }

    /** Moves the current thread into a new network namespace; false without the privilege. */
    public static boolean newNetwork() {
        return (int) call("unshare", CLONE_NEWNET) == 0;
    }

    /** Creates a TUN device in the network of the current thread; it ends with the returned descriptor. */
    public static int openTun(String name) {
        int fd = open(Path.of("/dev/net/tun"), 2);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(40, 8); // struct ifreq
            request.setString(0, name);
            request.set(JAVA_SHORT, 16, (short) 0x1001); // IFF_TUN | IFF_NO_PI
            Assumptions.assumeTrue(fd >= 0 && (int) call("ioctl", fd, TUNSETIFF, request) == 0, "no TUN devices");
        }
        return fd;
    }

    /** Opens a pipe in blocking mode, and returns the end to read from and the end to write to. */
    public static int[] pipe() {
        return two(fds -> call("pipe", fds));
    }

    private static int[] two(ToLongFunction<MemorySegment> function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fds = arena.allocate(JAVA_INT, 2);
            if ((int) function.applyAsLong(fds) < 0) {
                throw new AssertionError("no descriptors");
            }
            return fds.toArray(JAVA_INT);
        }
    }

    /**
     * Opens an eventfd in non-blocking mode, which is readable while its count is not 0. On Windows, a datagram socket
     * that is connected to itself takes its place.
     */
    public static int eventfd(int count) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.counter(count);
        }
        return (int) call("eventfd", count, NONBLOCK);
    }

    /** Reads the count of an eventfd, which resets it to 0. */
    public static long eventfdRead(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.takeCount(fd);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_LONG);
            return (int) call("eventfd_read", fd, count) == 0 ? count.get(JAVA_LONG, 0) : -1;
        }
    }

    /** Adds to the count of an eventfd. */
    public static int eventfdWrite(int fd, long count) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.addCount(fd, count);
        }
        return (int) call("eventfd_write", fd, count);
    }

    /** Opens a timerfd in non-blocking mode, without starting it. */
    public static int timerfd() {
        return (int) call("timerfd_create", 1, NONBLOCK); // CLOCK_MONOTONIC
    }

    /** Makes a timerfd expire once, immediately, and waits until it has. */
    public static void timerfdExpire(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment times = arena.allocate(JAVA_LONG, 4); // struct itimerspec: the interval, the value
            times.set(JAVA_LONG, 24, 1);
            call("timerfd_settime", fd, 0, times, MemorySegment.NULL);
            MemorySegment expired = arena.allocate(JAVA_INT, 2); // struct pollfd
            expired.set(JAVA_INT, 0, fd);
            expired.set(JAVA_SHORT, 4, (short) 1); // POLLIN
            call("poll", expired, 1L, -1);
        }
    }

    /** Creates an empty regular file without a name. */
    public static int regularFile() {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call("memfd_create", arena.allocateFrom("panamio"), 0);
        }
    }

    /** Returns the struct epoll_params of an epoll: microseconds, the budget from bit 32 on, and prefer at bit 48. */
    public static long busyPoll(int epoll) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(JAVA_LONG);
            return (int) call("ioctl", epoll, EPIOCGPARAMS, params) == 0 ? params.get(JAVA_LONG, 0) : -1;
        }
    }

    /** Returns the number of bytes that can be read. */
    public static int available(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.available(fd);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(JAVA_INT);
            return (int) call("ioctl", fd, 0x541BL, bytes) == 0 ? bytes.get(JAVA_INT, 0) : -1; // FIONREAD
        }
    }

    /** write(2) of one byte, which raises SIGPIPE if the peer is closed. */
    public static long writeByte(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            return call("write", fd, arena.allocate(1), 1L);
        }
    }

    /** Sends one byte as urgent data: MSG_OOB. */
    public static int sendUrgent(int fd, byte data) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(JAVA_BYTE, data);
            return WindowsHandles.HERE ? WindowsHandles.send(fd, one, 1) : (int) call("send", fd, one, 1L, 1);
        }
    }

    /** shutdown(2) of the reading half. */
    public static int shutdownRead(int fd) {
        return WindowsHandles.HERE ? WindowsHandles.shutdown(fd, 0) : (int) call("shutdown", fd, 0);
    }

    /** Runs a command of the shell as a child process, which inherits the descriptors that are not marked. */
    public static int system(String command) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call("system", arena.allocateFrom(command));
        }
    }

    /** Sends a signal to the current thread. */
    public static int raise(int signal) {
        return (int) call("raise", signal);
    }

    /** Removes the JVM's handler of SIGPIPE: from now on that signal ends the process. */
    public static void restoreDefaultSigpipe() {
        if (call("signal", SIGPIPE, 0L) == -1) { // SIG_DFL
            throw new AssertionError("signal(SIGPIPE, SIG_DFL) failed");
        }
    }

    /** A signal with a handler that does nothing, so that it ends a wait with EINTR. Closing this ignores it again. */
    public static final class Signal implements AutoCloseable {
        private final long before = call("signal", SIGWINCH, address("abs")); // a harmless function of an int

        /** Sends the signal to a thread, identified by its {@link #self}. */
        public void send(long thread) {
            call("pthread_kill", thread, SIGWINCH);
        }

        public static long self() {
            return call("pthread_self");
        }

        @Override
        public void close() {
            call("signal", SIGWINCH, before);
        }
    }
}
