package io.panamio.test.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Functions for bare descriptors that tests need in addition to the API. The constants are Linux's, except on Windows.
 */
public final class NativeFds {
    private static final int O_WRONLY = 1;
    private static final int O_APPEND = 0x400;
    private static final int F_GETFD = 1;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int FD_CLOEXEC = 1;
    private static final int O_NONBLOCK = 0x800;
    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final long SIOCOUTQNSD = 0x894B;
    private static final int RLIMIT_NOFILE = 7;
    private static final Path SELF = Path.of("/proc/self/fd");

    private static final MethodHandle FCNTL = linkVariadic("fcntl", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle IOCTL = linkVariadic("ioctl", JAVA_INT, JAVA_LONG, ADDRESS);
    private static final MethodHandle OPEN = linkVariadic("open", ADDRESS, JAVA_INT, JAVA_INT);
    private static final MethodHandle DUP = link("dup", JAVA_INT);
    private static final MethodHandle CLOSE = link("close", JAVA_INT);
    private static final MethodHandle EVENTFD = link("eventfd", JAVA_INT, JAVA_INT);
    private static final MethodHandle SOCKET = link("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle GETRLIMIT = link("getrlimit", JAVA_INT, ADDRESS);
    private static final MethodHandle SETRLIMIT = link("setrlimit", JAVA_INT, ADDRESS);

    private NativeFds() {
    }

    private static MethodHandle link(String name, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static MethodHandle linkVariadic(String name, MemoryLayout... arguments) {
        return link(name, FunctionDescriptor.of(JAVA_INT, arguments), Linker.Option.firstVariadicArg(2));
    }

    /** Returns null where there is no such function: the C runtime of Windows has others of the same names. */
    private static MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
        return Linker.nativeLinker().defaultLookup().find(name).filter(function -> !WindowsHandles.HERE)
            .map(function -> Linker.nativeLinker().downcallHandle(function, type, options)).orElse(null);
    }

    /** Skips the running test where the system has no such function. */
    private static int call(MethodHandle function, Object... arguments) {
        if (function == null) {
            abort("this system lacks a function that the test needs"); // a child has no JUnit
        }
        try {
            return (int) function.invokeWithArguments(arguments);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int succeed(MethodHandle function, Object... arguments) {
        int r = call(function, arguments);
        if (r < 0) {
            throw new AssertionError("a system call failed");
        }
        return r;
    }

    // ---- queries

    public static boolean isOpen(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.isOpen(fd);
        }
        return call(FCNTL, fd, F_GETFD, 0) >= 0;
    }

    public static boolean isNonBlocking(int fd) {
        if (WindowsHandles.HERE) {
            return true; // the system does not report it; a blocking read would hang the test
        }
        return (succeed(FCNTL, fd, F_GETFL, 0) & O_NONBLOCK) != 0;
    }

    public static boolean isCloseOnExec(int fd) {
        if (WindowsHandles.HERE) {
            return !WindowsHandles.isInheritable(fd);
        }
        return (succeed(FCNTL, fd, F_GETFD, 0) & FD_CLOEXEC) != 0;
    }

    /** Returns the number of the process's descriptors of the same file, socket or pipe as a descriptor. */
    public static int count(int fd) throws IOException {
        if (WindowsHandles.HERE) {
            return WindowsHandles.count(fd);
        }
        Map<String, String> all = all();
        return Collections.frequency(all.values(), all.get(Integer.toString(fd)));
    }

    /** Returns the descriptors of the process: their numbers, and what they refer to. */
    private static Map<String, String> all() throws IOException {
        if (WindowsHandles.HERE) {
            return WindowsHandles.all();
        }
        Map<String, String> all = new TreeMap<>();
        assumeTrue(Files.isDirectory(SELF), "this system does not list the descriptors of a process");
        for (String fd : SELF.toFile().list()) {
            try {
                all.put(fd, Files.readSymbolicLink(SELF.resolve(fd)).toString());
            } catch (NoSuchFileException e) {
                continue; // closed in the meantime
            }
        }
        return all;
    }

    /** Returns the number of the process's descriptors of files below a directory. */
    public static int openFiles(Path folder) throws IOException {
        String root = folder.toRealPath() + File.separator;
        return (int) all().values().stream().filter(file -> file.startsWith(root)).count();
    }

    /**
     * Counts the sockets, pipes, eventfds and memfds that the process has opened since this was created, and files in
     * the given directories. Other files are the JVM's, which opens them at any time. Descriptors opened before may be
     * closed in the meantime.
     */
    public static final class Opened {
        static {
            try { // the JDK opens some permanently when it closes its first socket
                new ServerSocket(0).close();
                SocketChannel.open().close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private final List<String> kinds = new ArrayList<>(List.of("socket:", "pipe:", "anon_inode:", "/memfd:"));
        private final Set<Map.Entry<String, String>> before;

        public Opened(Path... folders) throws IOException {
            for (Path folder : folders) {
                kinds.add(folder.toRealPath().toString());
            }
            before = all().entrySet();
        }

        private List<Map.Entry<String, String>> now() throws IOException {
            return all().entrySet().stream().filter(fd -> !before.contains(fd))
                .filter(fd -> kinds.stream().anyMatch(fd.getValue()::startsWith)).toList();
        }

        public int count() throws IOException {
            return now().size();
        }

        /** {@return the descriptors} */
        public List<Integer> fds() throws IOException {
            return now().stream().map(fd -> Integer.valueOf(fd.getKey())).toList();
        }

        /** Asserts their number. */
        public void expect(int count) throws IOException {
            List<Map.Entry<String, String>> now = now();
            assertEquals(count, now.size(), now::toString);
        }
    }

    /** Returns the number of unsent bytes; skips the test if the system does not report it, as under qemu. */
    public static int unsent(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            int r = call(IOCTL, fd, SIOCOUTQNSD, value);
            assumeTrue(r >= 0 || !isOpen(fd), "no ioctl SIOCOUTQNSD here");
            assertEquals(0, r);
            return value.get(JAVA_INT, 0);
        }
    }

    // ---- creation and modes

    /** Opens a file for appending. */
    public static int append(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            return succeed(OPEN, arena.allocateFrom(file.toString()), O_WRONLY | O_APPEND, 0);
        }
    }

    /** Opens a file for overlapped reads, which only Windows has. */
    public static int openOverlapped(Path file) {
        assumeTrue(WindowsHandles.HERE, "only Windows has handles for overlapped I/O");
        return WindowsHandles.openOverlapped(file.toString());
    }

    public static int dup(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.dup(fd);
        }
        return succeed(DUP, fd);
    }

    public static void close(int fd) {
        if (WindowsHandles.HERE) {
            assertEquals(0, WindowsHandles.close(fd));
            return;
        }
        succeed(CLOSE, fd);
    }

    /** Opens a descriptor in non-blocking mode that is not a socket. */
    public static int eventfd() {
        if (WindowsHandles.HERE) {
            return WindowsHandles.event();
        }
        return succeed(EVENTFD, 0, O_NONBLOCK);
    }

    /** Opens a socket in non-blocking mode that is not a stream. */
    public static int datagramSocket() {
        if (WindowsHandles.HERE) {
            return WindowsHandles.socket(SOCK_DGRAM);
        }
        return succeed(SOCKET, AF_INET, SOCK_DGRAM | O_NONBLOCK, 0);
    }

    public static void setBlocking(int fd) {
        succeed(FCNTL, fd, F_SETFL, succeed(FCNTL, fd, F_GETFL, 0) & ~O_NONBLOCK);
    }

    /** Sets the process's limit on descriptors, and returns the previous one. */
    public static long setLimit(long soft) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limits = arena.allocate(JAVA_LONG, 2);
            assertEquals(0, call(GETRLIMIT, RLIMIT_NOFILE, limits));
            long before = limits.get(JAVA_LONG, 0);
            limits.set(JAVA_LONG, 0, soft);
            assertEquals(0, call(SETRLIMIT, RLIMIT_NOFILE, limits));
            return before;
        }
    }

    /**
     * Lowers the limit on descriptors and takes all that are left, until closed. The JVM cannot open a class file in
     * the meantime: whatever runs then must have run before.
     */
    public static final class Exhaustion implements AutoCloseable {
        @SuppressWarnings("unused")
        private static final Class<?> LOADED = Loop.Condition.class; // by which tests wait meanwhile

        private final Deque<Integer> taken = new ArrayDeque<>();
        private final long limit;

        public Exhaustion() {
            assumeTrue(SETRLIMIT != null && Files.isDirectory(SELF), "this system does not limit or list descriptors");
            String[] open = SELF.toFile().list();
            limit = setLimit(Arrays.stream(open).mapToLong(Long::parseLong).max().orElseThrow() + 8);
            for (int fd = 0; (fd = call(DUP, 0)) >= 0;) {
                taken.push(fd);
            }
        }

        /** Releases one descriptor, if any is left. */
        public void releaseOne() {
            if (!taken.isEmpty()) {
                NativeFds.close(taken.pop());
            }
        }

        /** Releases all descriptors. */
        public void end() {
            setLimit(limit);
            while (!taken.isEmpty()) {
                releaseOne();
            }
        }

        @Override
        public void close() {
            end();
        }
    }
}
