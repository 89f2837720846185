package io.panamio.test.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What {@link NativeFds} and {@link NativeCalls} do on Windows. */
final class WindowsHandles {
    static final boolean HERE = System.getProperty("os.name").startsWith("Windows");

    private static final int FILE_TYPE_DISK = 1;
    private static final int HANDLE_FLAG_INHERIT = 1;
    private static final int DUPLICATE_SAME_ACCESS = 2;
    private static final int GENERIC_READ = 0x80000000;
    private static final int SHARE_ALL = 7;
    private static final int OPEN_EXISTING = 3;
    private static final int FILE_FLAG_OVERLAPPED = 0x40000000;
    private static final int FIONBIO = 0x8004667E;
    private static final int FIONREAD = 0x4004667F;
    private static final int AF_INET = 2;
    private static final int FROM_PROTOCOL_INFO = -1;
    private static final int OVERLAPPED_NOT_INHERITED = 0x81;

    private static final Map<String, MethodHandle> LINKED = new ConcurrentHashMap<>();

    private WindowsHandles() {
    }

    /** Calls a function of one of the system's libraries, and returns its result, of the given layout, as a long. */
    private static long call(MemoryLayout result, String library, String function, Object... arguments) {
        MethodHandle handle = LINKED.computeIfAbsent(function, name -> {
            MemoryLayout[] layouts = Stream.of(arguments)
                .map(a -> a instanceof Integer ? JAVA_INT : a instanceof Long ? JAVA_LONG : ADDRESS)
                .toArray(MemoryLayout[]::new);
            return Linker.nativeLinker().downcallHandle(
                SymbolLookup.libraryLookup(library, Arena.global()).find(name).orElseThrow(),
                FunctionDescriptor.of(result, layouts));
        });
        try {
            return ((Number) handle.invokeWithArguments(arguments)).longValue();
        } catch (Throwable t) {
            throw new AssertionError(function, t);
        }
    }

    private static int kernel(String function, Object... arguments) {
        return (int) call(JAVA_INT, "kernel32", function, arguments);
    }

    private static int winsock(String function, Object... arguments) {
        return (int) call(JAVA_INT, "ws2_32", function, arguments);
    }

    // ---- queries

    private static int flags(int handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment flags = arena.allocate(JAVA_INT);
            return kernel("GetHandleInformation", (long) handle, flags) != 0 ? flags.get(JAVA_INT, 0) : -1;
        }
    }

    static boolean isOpen(int handle) {
        return flags(handle) >= 0;
    }

    static boolean isInheritable(int handle) {
        int flags = flags(handle);
        assertTrue(flags >= 0, "a system call failed");
        return (flags & HANDLE_FLAG_INHERIT) != 0;
    }

    /** Returns the number of handles of the object that a handle refers to. */
    static int count(int handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment basic = arena.allocate(56, 8); // OBJECT_BASIC_INFORMATION
            assertEquals(0, call(JAVA_INT, "ntdll", "NtQueryObject", (long) handle, 0, basic, 56, MemorySegment.NULL));
            return basic.get(JAVA_INT, 8);
        }
    }

    /** The sockets, pipes, ports, sections and files of the process: their handles, and what they are. */
    static Map<String, String> all() {
        Map<String, String> all = new TreeMap<>();
        int free = 0;
        for (int handle = 4; free < 1000; handle += 4) {
            if (!isOpen(handle)) {
                free++;
                continue;
            }
            free = 0;
            String type = type(handle);
            String kind = switch (type) {
                case "File" -> kernel("GetFileType", (long) handle) == FILE_TYPE_DISK ? path(handle) : "socket:";
                case "IoCompletion" -> "anon_inode:";
                case "Section" -> "/memfd:";
                default -> null;
            };
            if (kind != null) {
                all.put(Integer.toString(handle), kind);
            }
        }
        return all;
    }

    private static String type(int handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment type = arena.allocate(1024, 8); // OBJECT_TYPE_INFORMATION: a UNICODE_STRING, then more
            long status =
                call(JAVA_INT, "ntdll", "NtQueryObject", (long) handle, 2, type, 1024, MemorySegment.NULL);
            int length = status == 0 ? type.get(JAVA_SHORT, 0) : 0;
            MemorySegment name = type.get(ADDRESS, 8).reinterpret(length);
            return new String(name.toArray(JAVA_BYTE), StandardCharsets.UTF_16LE);
        }
    }

    /** Returns the path of a file, with its drive. */
    private static String path(int handle) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(2048, 2);
            int length = kernel("GetFinalPathNameByHandleW", (long) handle, name, 1024, 0);
            return length <= 0 || length >= 1024 ? "file:"
                : new String(name.asSlice(0, length * 2L).toArray(JAVA_BYTE), StandardCharsets.UTF_16LE)
                    .replace("\\\\?\\", "");
        }
    }

    /** Returns the number of bytes that can be read from a socket. */
    static int available(int socket) {
        return ioctl(socket, FIONREAD, 0);
    }

    private static int ioctl(int socket, int command, int value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment argument = arena.allocateFrom(JAVA_INT, value);
            return winsock("ioctlsocket", (long) socket, command, argument) == 0 ? argument.get(JAVA_INT, 0) : -1;
        }
    }

    // ---- creation and modes

    static int openOverlapped(String file) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) call(JAVA_LONG, "kernel32", "CreateFileW",
                arena.allocateFrom(file, StandardCharsets.UTF_16LE), GENERIC_READ, SHARE_ALL, MemorySegment.NULL,
                OPEN_EXISTING, FILE_FLAG_OVERLAPPED, 0L);
        }
    }

    static int dup(int socket) {
        try (Arena arena = Arena.ofConfined()) {
            if (kernel("GetFileType", (long) socket) == FILE_TYPE_DISK) {
                MemorySegment copy = arena.allocate(JAVA_LONG);
                assertTrue(kernel("DuplicateHandle", -1L, (long) socket, -1L, copy, 0, 0, DUPLICATE_SAME_ACCESS) != 0);
                return copy.get(JAVA_INT, 0);
            }
            MemorySegment info = arena.allocate(1024, 8); // WSAPROTOCOL_INFOW
            assertEquals(0, winsock("WSADuplicateSocketW", (long) socket, kernel("GetCurrentProcessId"), info));
            return socket(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info);
        }
    }

    /** An IPv4 socket in non-blocking mode; type 1 is a stream, 2 has datagrams. */
    static int socket(int type) {
        int socket = socket(AF_INET, type, 0, MemorySegment.NULL);
        setBlocking(socket, false);
        return socket;
    }

    private static int socket(int family, int type, int protocol, MemorySegment info) {
        return (int) call(JAVA_LONG, "ws2_32", "WSASocketW", family, type, protocol, info, 0, OVERLAPPED_NOT_INHERITED);
    }

    /** A datagram socket that is connected to itself, and readable while it has a count other than 0. */
    static int counter(int count) {
        int socket = socket(2);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(16, 4); // the port follows from the bind
            address.set(JAVA_SHORT, 0, (short) AF_INET);
            address.set(JAVA_BYTE, 4, (byte) 127);
            address.set(JAVA_BYTE, 7, (byte) 1);
            MemorySegment length = arena.allocateFrom(JAVA_INT, 16);
            assertEquals(0, winsock("bind", (long) socket, address, 16));
            assertEquals(0, winsock("getsockname", (long) socket, address, length));
            assertEquals(0, connect(socket, address));
        }
        if (count > 0) {
            assertEquals(0, addCount(socket, count));
        }
        return socket;
    }

    /** Sends a count to a counter itself. */
    static int addCount(int counter, long count) {
        try (Arena arena = Arena.ofConfined()) {
            return send(counter, arena.allocateFrom(JAVA_LONG, count), 0) == Long.BYTES ? 0 : -1;
        }
    }

    /** Receives all counts, and returns their sum; -1 if there is none. */
    static long takeCount(int counter) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(JAVA_LONG);
            long sum = -1;
            while (recv(counter, count, 0) == Long.BYTES) {
                sum = Math.max(sum, 0) + count.get(JAVA_LONG, 0);
            }
            return sum;
        }
    }

    static int setBlocking(int socket, boolean blocking) {
        return ioctl(socket, FIONBIO, blocking ? 0 : 1);
    }

    /** Creates an event, which is not a socket. */
    static int event() {
        return (int) call(JAVA_LONG, "kernel32", "CreateEventW", MemorySegment.NULL, 1, 0, MemorySegment.NULL);
    }

    static int close(int handle) {
        boolean closed = winsock("closesocket", (long) handle) == 0 || kernel("CloseHandle", (long) handle) != 0;
        return closed ? 0 : -1;
    }

    static int connect(int socket, MemorySegment address) {
        return winsock("connect", (long) socket, address, (int) address.byteSize());
    }

    static int send(int socket, MemorySegment bytes, int flags) {
        return winsock("send", (long) socket, bytes, (int) bytes.byteSize(), flags);
    }

    static int recv(int socket, MemorySegment bytes, int flags) {
        return winsock("recv", (long) socket, bytes, (int) bytes.byteSize(), flags);
    }

    static int shutdown(int socket, int how) {
        return winsock("shutdown", (long) socket, how);
    }
}
