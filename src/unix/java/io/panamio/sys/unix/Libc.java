package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The C library's calls that every Unix has, raw: the result, or the negated errno. Nothing is checked or retried
 * here.
 *
 * <p>jextract cannot link with {@code captureCallState}, and linking its handle beside ours would cost each start
 * twice; so the calls are linked here by name, and a test compares the descriptors with those of the bindings. Each
 * is linked at its first use.
 *
 * <p>The handles are not final, against custom. FFM makes a view of the segment for errno in each call, 40 bytes, and
 * the compiler does away with it only where it inlines the whole call. A constant handle is inlined into its caller,
 * as far as the inlining depth goes; so whether a read allocates would depend on how deep in the application's code it
 * stands. A handle that is no constant is compiled by itself, always whole: the view is gone everywhere, for about 5 ns
 * a call.
 */
public final class Libc {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");

    private Libc() {
    }

    /** A handle of the function {@code name} that captures errno into its first argument. */
    @SuppressWarnings("restricted")
    public static MethodHandle link(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(result, arguments), ERRNO);
    }

    /** Like {@link #link}; null where the C library has no such function. */
    public static MethodHandle linkIfThere(String name, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.defaultLookup().find(name).isEmpty() ? null : link(name, result, arguments);
    }

    private static MemorySegment symbol(String name) {
        return LINKER.defaultLookup().find(name)
            .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
    }

    /** What a raw call returns: the result, or the negated errno. */
    public static int result(int r, ThreadState state) {
        return r >= 0 ? r : -state.errno();
    }

    /** What a raw call returns: the result, or the negated errno. */
    public static long result(long r, ThreadState state) {
        return r >= 0 ? r : -state.errno();
    }

    /** What is thrown for what {@code invokeExact} threw: the checks of FFM pass, all else is a mistake here. */
    public static AssertionError unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        throw new AssertionError(t);
    }

    // ---- bytes

    private static MemorySegment part(MemorySegment buf, long off, long len) {
        return off == 0 ? buf : buf.asSlice(off, len);
    }

    private static final class Recv {
        static MethodHandle call = link("recv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    }

    static long recv(int fd, MemorySegment buf, long off, long len, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Recv.call.invokeExact(state.capture, fd, part(buf, off, len), len, flags), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Send {
        static MethodHandle call = link("send", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    }

    static long send(int fd, MemorySegment buf, long off, long len, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Send.call.invokeExact(state.capture, fd, part(buf, off, len), len, flags), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Recvmsg {
        static MethodHandle call = link("recvmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static long recvmsg(int fd, MemorySegment msg, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Recvmsg.call.invokeExact(state.capture, fd, msg, flags), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Sendmsg {
        static MethodHandle call = link("sendmsg", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static long sendmsg(int fd, MemorySegment msg, int flags) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Sendmsg.call.invokeExact(state.capture, fd, msg, flags), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Recvfrom {
        static MethodHandle call =
            link("recvfrom", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS);
    }

    static long recvfrom(int fd, MemorySegment buf, long len, int flags, MemorySegment from, MemorySegment length) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Recvfrom.call.invokeExact(state.capture, fd, buf, len, flags, from, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Sendto {
        static MethodHandle call =
            link("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static long sendto(int fd, MemorySegment buf, long len, int flags, MemorySegment to, int length) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Sendto.call.invokeExact(state.capture, fd, buf, len, flags, to, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Readv {
        static MethodHandle call = link("readv", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static long readv(int fd, MemorySegment vectors, int count) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Readv.call.invokeExact(state.capture, fd, vectors, count), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Writev {
        static MethodHandle call = link("writev", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static long writev(int fd, MemorySegment vectors, int count) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Writev.call.invokeExact(state.capture, fd, vectors, count), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Read {
        static MethodHandle call = link("read", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    }

    /** read(2). */
    public static long read(int fd, MemorySegment buf, long off, long len) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Read.call.invokeExact(state.capture, fd, part(buf, off, len), len), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Write {
        static MethodHandle call = link("write", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG);
    }

    /** write(2). */
    public static long write(int fd, MemorySegment buf, long off, long len) {
        try {
            ThreadState state = ThreadState.get();
            return result((long) Write.call.invokeExact(state.capture, fd, part(buf, off, len), len), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- sockets

    private static final class Socket {
        static MethodHandle call = link("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    }

    /** socket(2). */
    public static int socket(int family, int type, int protocol) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Socket.call.invokeExact(state.capture, family, type, protocol), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Socketpair {
        static MethodHandle call = link("socketpair", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);
    }

    /** socketpair(2). */
    public static int socketpair(int family, int type, int protocol, MemorySegment fds) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Socketpair.call.invokeExact(state.capture, family, type, protocol, fds), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Connect {
        static MethodHandle call = link("connect", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static int connect(int fd, MemorySegment address, int length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Connect.call.invokeExact(state.capture, fd, address, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Bind {
        static MethodHandle call = link("bind", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static int bind(int fd, MemorySegment address, int length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Bind.call.invokeExact(state.capture, fd, address, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Listen {
        static MethodHandle call = link("listen", JAVA_INT, JAVA_INT, JAVA_INT);
    }

    static int listen(int fd, int backlog) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Listen.call.invokeExact(state.capture, fd, backlog), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Shutdown {
        static MethodHandle call = link("shutdown", JAVA_INT, JAVA_INT, JAVA_INT);
    }

    static int shutdown(int fd, int how) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Shutdown.call.invokeExact(state.capture, fd, how), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Getsockname {
        static MethodHandle call = link("getsockname", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    }

    static int getsockname(int fd, MemorySegment address, MemorySegment length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Getsockname.call.invokeExact(state.capture, fd, address, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Getpeername {
        static MethodHandle call = link("getpeername", JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    }

    static int getpeername(int fd, MemorySegment address, MemorySegment length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Getpeername.call.invokeExact(state.capture, fd, address, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Getsockopt {
        static MethodHandle call = link("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    }

    static int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Getsockopt.call.invokeExact(state.capture, fd, level, name, value, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Setsockopt {
        static MethodHandle call = link("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    }

    static int setsockopt(int fd, int level, int name, MemorySegment value, int length) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Setsockopt.call.invokeExact(state.capture, fd, level, name, value, length), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- descriptors

    private static final class Close {
        static MethodHandle call = link("close", JAVA_INT, JAVA_INT);
    }

    /** close(2). Never retried: on EINTR the descriptor may be somebody else's already. */
    public static int close(int fd) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Close.call.invokeExact(state.capture, fd), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Poll {
        static MethodHandle call = link("poll", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    }

    static int poll(MemorySegment fds, long count, int millis) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Poll.call.invokeExact(state.capture, fds, count, millis), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle linkVariadic(String name, int fixed, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(symbol(name), FunctionDescriptor.of(result, arguments), ERRNO,
            Linker.Option.firstVariadicArg(fixed));
    }

    private static final class Fcntl {
        static MethodHandle call = linkVariadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    }

    static int fcntl(int fd, int command, int argument) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Fcntl.call.invokeExact(state.capture, fd, command, argument), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final class Ioctl {
        static MethodHandle call = linkVariadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
    }

    /** ioctl(2). */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        try {
            ThreadState state = ThreadState.get();
            return result((int) Ioctl.call.invokeExact(state.capture, fd, request, argument), state);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- memory

    private static final class Memory {
        @SuppressWarnings("restricted")
        static final MethodHandle CALLOC = LINKER.downcallHandle(symbol("calloc"),
            FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
        @SuppressWarnings("restricted")
        static final MethodHandle FREE = LINKER.downcallHandle(symbol("free"), FunctionDescriptor.ofVoid(ADDRESS));
    }

    @SuppressWarnings("restricted")
    static MemorySegment calloc(long bytes) {
        try {
            MemorySegment block = (MemorySegment) Memory.CALLOC.invokeExact(1L, bytes);
            if (block.address() == 0) {
                throw new OutOfMemoryError("calloc of " + bytes + " bytes");
            }
            return block.reinterpret(bytes);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static void free(MemorySegment block) {
        try {
            Memory.FREE.invokeExact(block);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }
}
