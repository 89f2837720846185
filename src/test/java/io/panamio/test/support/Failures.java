package io.panamio.test.support;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.panamio.SystemError;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.function.Executable;

/** Assertions about exceptions. */
public final class Failures {
    /** The calls of Windows that do what a call of other systems does. */
    private static final Map<String, Set<String>> CALLS = Map.ofEntries(
        entry("calloc", Set.of("HeapAlloc")),
        entry("close", Set.of("closesocket", "CloseHandle")),
        entry("epoll_ctl", Set.of("NtDeviceIoControlFile", "WSAIoctl")),
        entry("fcntl", Set.of("ioctlsocket")),
        entry("open", Set.of("CreateFileW")),
        entry("pread", Set.of("ReadFile")),
        entry("recvmmsg", Set.of("recvfrom", "WSARecvMsg")),
        entry("recvmsg", Set.of("WSARecv", "WSARecvMsg", "recv")),
        entry("sendfile", Set.of("send", "ReadFile", "WriteFile")),
        entry("sendmmsg", Set.of("sendto", "send", "WSASendMsg")),
        entry("sendmsg", Set.of("WSASend", "WSASendMsg", "sendto", "send")),
        entry("socket", Set.of("WSASocketW")),
        entry("splice", Set.of("recv", "send")),
        entry("statx", Set.of("GetFileSizeEx")),
        entry("write", Set.of("WriteFile")),
        entry("writev", Set.of("WriteFile")));

    /** Those of macOS and FreeBSD, as far as they differ from Linux's. */
    private static final Map<String, Set<String>> CALLS_OF_BSD = Map.ofEntries(
        entry("epoll_ctl", Set.of("kevent")),
        entry("recv", Set.of("recvmsg", "recvfrom")),
        entry("recvfrom", Set.of("recvmsg")),
        entry("recvmmsg", Set.of("recvmsg")),
        entry("sendfile", Set.of("write")), // to a pipe
        entry("sendmmsg", Set.of("sendmsg")),
        entry("splice", Set.of("recv", "send", "read", "write")),
        entry("statx", Set.of("fstat")));

    /**
     * The errors of macOS and FreeBSD that stand for one of Linux: a file that is always ready, a Unix datagram
     * socket without a peer.
     */
    private static final Map<String, Set<String>> ERRORS_OF_BSD = Map.of(
        "EPERM", Set.of("ENODEV"),
        "ENOTCONN", Set.of("EDESTADDRREQ"));

    private Failures() {
    }

    /** Asserts that a socket of the JDK finds its connection reset, after it has read what arrived before. */
    public static void assertReset(Socket socket) throws IOException {
        try {
            socket.getInputStream().readAllBytes();
        } catch (SocketException e) { // "aborted" if it was sending
            assertTrue(e.getMessage().contains("reset") || e.getMessage().contains("abort"), e.getMessage());
            return;
        }
        assertTrue(Behaviour.RESETS_ARRIVE_AS_ENDS.isHere(), "an orderly end");
    }

    private static boolean isSameCall(String expected, String actual) {
        Map<String, Set<String>> calls = Systems.WINDOWS ? CALLS : Systems.BSD ? CALLS_OF_BSD : Map.of();
        return expected.equals(actual) || calls.getOrDefault(expected, Set.of()).contains(actual);
    }

    /**
     * Returns whether two names denote the same error: for a closed handle, Winsock reports the error for a handle that
     * is not a socket.
     */
    private static boolean isSameError(String expected, String actual) {
        return expected.equals(actual)
            || Systems.WINDOWS && actual.equals("ENOTSOCK") && List.of("EBADF", "EPERM").contains(expected)
            || Systems.BSD && ERRORS_OF_BSD.getOrDefault(expected, Set.of()).contains(actual);
    }

    /** Asserts that an action fails in the system call {@code call} with the error {@code errnoName}. */
    public static <E extends IOException> E assertFails(Class<E> kind, String call, String errnoName,
            Executable executable) {
        E e = assertThrows(kind, executable);
        assertFailure(call, errnoName, e);
        return e;
    }

    /** Asserts the errno of an exception. */
    public static void assertErrno(String errnoName, Throwable e) {
        SystemError error = assertInstanceOf(SystemError.class, e);
        if (!isSameError(errnoName, error.errnoName())) {
            assertEquals(errnoName, error.errnoName(), e::toString);
        }
    }

    /** Asserts the system call and the errno of an exception. */
    public static void assertFailure(String call, String errnoName, Throwable e) {
        SystemError error = assertInstanceOf(SystemError.class, e);
        if (!isSameCall(call, error.call()) || !isSameError(errnoName, error.errnoName())) {
            assertEquals(call + " " + errnoName, error.call() + " " + error.errnoName(), e::toString);
        }
        assertTrue(error.errno() > 0, e::toString);
        String message = e.getMessage();
        assertTrue(message.contains(error.call()) && message.contains(error.errnoName()), e::toString);
    }
}
