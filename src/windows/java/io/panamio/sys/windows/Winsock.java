package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * The functions of Winsock, raw: a result is that of the function, or the negated error code, such as {@code
 * -WSAEWOULDBLOCK}. Nothing is checked or retried here. A socket is an int, as the handles of Windows have 32 bits.
 *
 * <p>Winsock is started once, when this class is initialized, and stays so until the process ends.
 *
 * <p>As in {@code Libc}, handles are not final: so the compiler compiles each call as a whole, by itself, and removes
 * the view of the segment for the error code that FFM creates in it, at whatever depth the call is.
 */
final class Winsock {
    /** The maximum number of bytes of one call: the system copies all that a send is given. */
    static final int MAX_TRANSFER = 1 << 20;

    private static final Dll DLL = Dll.load("ws2_32");
    private static final Linker.Option ERROR = Linker.Option.captureCallState("WSAGetLastError");
    private static final int CODE = NativeScratch.captureOffset("WSAGetLastError");

    private static MethodHandle call = Dll.link(6, ERROR);

    static {
        start();
    }

    private Winsock() {
    }

    private static void start() {
        int version = 0x0202;
        try (NativeScratch scratch = NativeScratch.enterToCopy(1024)) {
            MemorySegment data = scratch.copyBuffer(1024); // a WSADATA, of 408 bytes
            int error = (int) (long) call.invokeExact(DLL.function("WSAStartup"), scratch.capture, (long) version,
                data.address(), 0L, 0L, 0L, 0L); // returns its error, unlike the others
            Reference.reachabilityFence(data);
            if (error != 0) {
                throw new UnsupportedOperationException(Errors.describe("WSAStartup", "", error));
            }
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** Calls a function with up to six integers or addresses; the others are 0. */
    private static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = (int) (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** The shape of functions with more arguments. */
    static final class More {
        private static MethodHandle call = Dll.link(11, ERROR);
    }

    private static int call(MemorySegment function, long a, long b, long c, long d, long e, long f, long g, long h,
            long i) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = (int) (long) More.call.invokeExact(function, scratch.capture, a, b, c, d, e, f, g, h, i, 0L, 0L);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** The shape of functions that are passed a segment of a shared arena. */
    static final class Shared {
        private static MethodHandle call = Dll.linkTransfer(ERROR);
    }

    /** Calls a function that moves bytes to or from a part of a user's memory, with the parameters of sendto. */
    private static int transfer(MemorySegment function, int socket, MemorySegment buf, long off, int len, int flags,
            long address, long length) {
        if (RawAccess.isSafe(buf)) {
            RawAccess.requireUsable(buf);
            int r = call(function, socket, buf.address() + off, len, flags, address, length);
            Reference.reachabilityFence(buf);
            return r;
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            MemorySegment part = off == 0 ? buf : buf.asSlice(off, len);
            int r = (int) (long) Shared.call.invokeExact(function, scratch.capture, (long) socket, part, len, flags,
                address, length);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    // ---- bytes of users

    private static final MemorySegment RECV = DLL.function("recv");

    static int recv(int socket, MemorySegment buf, long off, int len, int flags) {
        return transfer(RECV, socket, buf, off, len, flags, 0, 0);
    }

    private static final MemorySegment SEND = DLL.function("send");

    static int send(int socket, MemorySegment buf, long off, int len, int flags) {
        return transfer(SEND, socket, buf, off, len, flags, 0, 0);
    }

    private static final MemorySegment RECVFROM = DLL.function("recvfrom");

    static int recvfrom(int socket, MemorySegment buf, int len, int flags, MemorySegment from, MemorySegment length) {
        int r = transfer(RECVFROM, socket, buf, 0, len, flags, from.address(), length.address());
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment SENDTO = DLL.function("sendto");

    static int sendto(int socket, MemorySegment buf, int len, int flags, MemorySegment to, int length) {
        int r = transfer(SENDTO, socket, buf, 0, len, flags, to.address(), length);
        Reference.reachabilityFence(to);
        return r;
    }

    // ---- bytes of WSABUFs; none is overlapped

    private static final MemorySegment WSARECV = DLL.function("WSARecv");

    /** WSARecv: writes the number of bytes and the flags, which it reads first. */
    static int wsaRecv(int socket, MemorySegment buffers, int count, MemorySegment received, MemorySegment flags) {
        int r = call(WSARECV, socket, buffers.address(), count, received.address(), flags.address(), 0, 0, 0, 0);
        Reference.reachabilityFence(buffers);
        Reference.reachabilityFence(received);
        Reference.reachabilityFence(flags);
        return r;
    }

    private static final MemorySegment WSASEND = DLL.function("WSASend");

    /** WSASend: writes the number of bytes. */
    static int wsaSend(int socket, MemorySegment buffers, long off, int count, MemorySegment sent, int flags) {
        int r = call(WSASEND, socket, buffers.address() + off, count, sent.address(), flags, 0, 0, 0, 0);
        Reference.reachabilityFence(buffers);
        Reference.reachabilityFence(sent);
        return r;
    }

    private static final MemorySegment WSASENDMSG = DLL.function("WSASendMsg");

    /** WSASendMsg: writes the number of bytes. */
    static int wsaSendMsg(int socket, MemorySegment message, int flags, MemorySegment sent) {
        int r = call(WSASENDMSG, socket, message.address(), flags, sent.address(), 0, 0);
        Reference.reachabilityFence(message);
        Reference.reachabilityFence(sent);
        return r;
    }

    /** WSARecvMsg, which no library exports: {@code function} is what WSAIoctl returned. Writes the number of bytes. */
    static int wsaRecvMsg(MemorySegment function, int socket, MemorySegment message, MemorySegment received) {
        int r = call(function, socket, message.address(), received.address(), 0, 0, 0);
        Reference.reachabilityFence(message);
        Reference.reachabilityFence(received);
        return r;
    }

    // ---- sockets

    private static final MemorySegment WSASOCKET = DLL.function("WSASocketW");

    /** WSASocketW: overlapped, as AFD can only watch such sockets, and not inheritable. */
    static int socket(int family, int type, int protocol) {
        return call(WSASOCKET, family, type, protocol, 0, 0,
            Windows.WSA_FLAG_OVERLAPPED | Windows.WSA_FLAG_NO_HANDLE_INHERIT);
    }

    private static final MemorySegment CONNECT = DLL.function("connect");

    static int connect(int socket, MemorySegment address, int length) {
        int r = call(CONNECT, socket, address.address(), length, 0, 0, 0);
        Reference.reachabilityFence(address);
        return r;
    }

    private static final MemorySegment BIND = DLL.function("bind");

    static int bind(int socket, MemorySegment address, int length) {
        int r = call(BIND, socket, address.address(), length, 0, 0, 0);
        Reference.reachabilityFence(address);
        return r;
    }

    private static final MemorySegment LISTEN = DLL.function("listen");

    static int listen(int socket, int backlog) {
        return call(LISTEN, socket, backlog, 0, 0, 0, 0);
    }

    private static final MemorySegment ACCEPT = DLL.function("accept");

    static int accept(int socket, MemorySegment address, MemorySegment length) {
        int r = call(ACCEPT, socket, address.address(), length.address(), 0, 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment SHUTDOWN = DLL.function("shutdown");

    static int shutdown(int socket, int how) {
        return call(SHUTDOWN, socket, how, 0, 0, 0, 0);
    }

    private static final MemorySegment GETSOCKNAME = DLL.function("getsockname");

    static int getsockname(int socket, MemorySegment address, MemorySegment length) {
        int r = call(GETSOCKNAME, socket, address.address(), length.address(), 0, 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment GETPEERNAME = DLL.function("getpeername");

    static int getpeername(int socket, MemorySegment address, MemorySegment length) {
        int r = call(GETPEERNAME, socket, address.address(), length.address(), 0, 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment GETSOCKOPT = DLL.function("getsockopt");

    static int getsockopt(int socket, int level, int name, MemorySegment value, MemorySegment length) {
        int r = call(GETSOCKOPT, socket, level, name, value.address(), length.address(), 0);
        Reference.reachabilityFence(value);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment SETSOCKOPT = DLL.function("setsockopt");

    static int setsockopt(int socket, int level, int name, MemorySegment value, int length) {
        int r = call(SETSOCKOPT, socket, level, name, value.address(), length, 0);
        Reference.reachabilityFence(value);
        return r;
    }

    private static final MemorySegment IOCTLSOCKET = DLL.function("ioctlsocket");

    static int ioctlsocket(int socket, int command, MemorySegment argument) {
        int r = call(IOCTLSOCKET, socket, command, argument.address(), 0, 0, 0);
        Reference.reachabilityFence(argument);
        return r;
    }

    private static final MemorySegment WSAIOCTL = DLL.function("WSAIoctl");

    /** WSAIoctl: writes the number of bytes of the answer to {@code returned}. */
    static int wsaIoctl(int socket, int command, MemorySegment in, MemorySegment out, MemorySegment returned) {
        int r = call(WSAIOCTL, socket, command, in.address(), in.byteSize(), out.address(), out.byteSize(),
            returned.address(), 0, 0);
        Reference.reachabilityFence(in);
        Reference.reachabilityFence(out);
        Reference.reachabilityFence(returned);
        return r;
    }

    private static final MemorySegment CLOSESOCKET = DLL.function("closesocket");

    /** closesocket. If this throws, for lack of stack or memory, the call was not made. */
    static int closesocket(int socket) {
        NativeScratch scratch = NativeScratch.enter();
        int r;
        try {
            r = (int) (long) call.invokeExact(CLOSESOCKET, scratch.capture, (long) socket, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
        try {
            r = r >= 0 ? r : -scratch.captured(CODE);
            scratch.close();
        } catch (VirtualMachineError e) {
            return r; // a scratch that was lent becomes garbage
        }
        return r;
    }
}
