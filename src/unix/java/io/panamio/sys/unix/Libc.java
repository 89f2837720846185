package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The C library functions that every Unix has. Each method returns the result of the function, or the negated errno if
 * it failed, and neither checks arguments nor retries. It has the parameters of the function, which a test compares
 * with the bindings. (The handles that jextract generates do not capture errno.)
 *
 * <h2>One function type</h2>
 * FFM generates code for each function type, that is for each list of parameter types. This takes 5 to 10 ms on a cold
 * JVM, and an echo server calls functions of ten types. So all functions are linked with the same type here: six longs,
 * for integers and addresses alike. A function may be passed more arguments than it has, and longs for its ints: in the
 * calling conventions of System V for x86-64 and of Arm for aarch64, the first six arguments of these kinds are in
 * registers; a function that takes an int reads the lower half of its register, and ignores registers that hold none of
 * its arguments. A variadic function has other conventions, and is linked with its own type.
 *
 * <p>FFM does not treat such a long as an address, so the methods here keep the memory reachable until the call
 * returns. For the memory of users, {@link RawAccess} decides whether that suffices; memory that another thread could
 * free is passed as a segment, with another function type.
 *
 * <h2>Handles are not constants</h2>
 * The handles are deliberately not final. In each call FFM creates a view of the segment for errno, an object of 40
 * bytes, which the compiler eliminates only where it inlines the whole call. A constant handle is inlined into its
 * caller up to the maximum inlining depth, so whether a read allocates would depend on its depth in the application's
 * code. A handle that is not constant is always compiled separately and as a whole: the view is always eliminated, at a
 * cost of about 5 ns per call.
 */
public final class Libc {
    /** The maximum number of bytes of one call: Linux transfers no more (MAX_RW_COUNT), and macOS refuses 2^31. */
    public static final long MAX_TRANSFER = Integer.MAX_VALUE & ~4095;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY = library();
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final int CODE = NativeScratch.captureOffset("errno");

    private Libc() {
    }

    /**
     * Returns the lookup of functions: in the C library, or, if a test sets {@code panamio.test.library}, only in that
     * library. Looking up a symbol in a library also searches the libraries that it depends on, such as the C library.
     * A function found there has the same address as in the system's lookup, and is treated as missing.
     */
    @SuppressWarnings("restricted")
    private static SymbolLookup library() {
        SymbolLookup system = LINKER.defaultLookup();
        String path = System.getProperty("panamio.test.library");
        if (path == null) {
            return system;
        }
        SymbolLookup library = SymbolLookup.libraryLookup(Path.of(path), Arena.global());
        return name -> library.find(name).filter(found -> !system.find(name).equals(Optional.of(found)));
    }

    /**
     * Returns the address of a function of the C library.
     *
     * @throws UnsatisfiedLinkError if the C library has no function of that name
     */
    public static MemorySegment function(String name) {
        MemorySegment function = functionOrNull(name);
        if (function == null) {
            throw new UnsatisfiedLinkError("the C library has no " + name);
        }
        return function;
    }

    /** Returns the address of a function, or null if the C library has none of that name. */
    public static MemorySegment functionOrNull(String name) {
        return LIBRARY.find(name).orElse(null);
    }

    /** Links a function type: the handle takes a function's address, the segment for errno and the arguments. */
    @SuppressWarnings("restricted")
    private static MethodHandle link(MemoryLayout... arguments) {
        return LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, arguments), ERRNO);
    }

    /** Rethrows an unchecked exception of {@code invokeExact}; any other would be a bug here. Never returns. */
    private static AssertionError unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        throw new AssertionError(t);
    }

    // ---- the common function type

    private static MethodHandle call = link(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /**
     * Calls a function that returns an int and has up to five parameters, integers or addresses. Pass 0 for the rest.
     *
     * @return the result, or the negated errno
     */
    public static int call(MemorySegment function, long a, long b, long c, long d, long e) {
        return call(function, a, b, c, d, e, 0);
    }

    /**
     * Calls a function that returns an int and has six parameters, integers or addresses.
     *
     * @return the result, or the negated errno
     */
    public static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = (int) (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /**
     * Calls a function that returns a long or an address and has up to six parameters, integers or addresses. Pass 0
     * for the rest.
     *
     * @return the result, or the negated errno
     */
    public static long callLong(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long r = (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** The handle for buffers that another thread may free, which FFM must keep alive: they are passed as segments. */
    static final class Shared {
        static MethodHandle call = link(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    }

    /** Calls a function with the parameters of sendto(2), or with the first of them, on a part of a user's memory. */
    private static long transfer(MemorySegment function, int fd, MemorySegment buf, long off, long len, int flags,
            long address, long length) {
        if (RawAccess.isSafe(buf)) {
            RawAccess.requireUsable(buf);
            long r = callLong(function, fd, buf.address() + off, len, flags, address, length);
            Reference.reachabilityFence(buf);
            return r;
        }
        try (NativeScratch scratch = NativeScratch.enter()) {
            MemorySegment part = off == 0 ? buf : buf.asSlice(off, len);
            long r = (long) Shared.call.invokeExact(function, scratch.capture, fd, part, len, flags, address, length);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- transfers to and from a user's memory

    private static final MemorySegment RECV = function("recv");

    /** recv(2). */
    public static long recv(int fd, MemorySegment buf, long off, long len, int flags) {
        return transfer(RECV, fd, buf, off, len, flags, 0, 0);
    }

    private static final MemorySegment SEND = function("send");

    /** send(2). */
    public static long send(int fd, MemorySegment buf, long off, long len, int flags) {
        return transfer(SEND, fd, buf, off, len, flags, 0, 0);
    }

    private static final MemorySegment RECVFROM = function("recvfrom");

    static long recvfrom(int fd, MemorySegment buf, long len, int flags, MemorySegment from, MemorySegment length) {
        long r = transfer(RECVFROM, fd, buf, 0, len, flags, from.address(), length.address());
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment SENDTO = function("sendto");

    static long sendto(int fd, MemorySegment buf, long len, int flags, MemorySegment to, int length) {
        long r = transfer(SENDTO, fd, buf, 0, len, flags, to.address(), length);
        Reference.reachabilityFence(to);
        return r;
    }

    private static final MemorySegment READ = function("read");

    /** read(2). */
    public static long read(int fd, MemorySegment buf, long off, long len) {
        return transfer(READ, fd, buf, off, len, 0, 0, 0);
    }

    private static final MemorySegment WRITE = function("write");

    /** write(2). */
    public static long write(int fd, MemorySegment buf, long off, long len) {
        return transfer(WRITE, fd, buf, off, len, 0, 0, 0);
    }

    // ---- transfers to and from iovecs

    private static final MemorySegment RECVMSG = function("recvmsg");

    /** recvmsg(2). */
    public static long recvmsg(int fd, MemorySegment msg, int flags) {
        long r = callLong(RECVMSG, fd, msg.address(), flags, 0, 0, 0);
        Reference.reachabilityFence(msg);
        return r;
    }

    private static final MemorySegment SENDMSG = function("sendmsg");

    static long sendmsg(int fd, MemorySegment msg, int flags) {
        long r = callLong(SENDMSG, fd, msg.address(), flags, 0, 0, 0);
        Reference.reachabilityFence(msg);
        return r;
    }

    private static final MemorySegment READV = function("readv");

    static long readv(int fd, MemorySegment vectors, int count) {
        long r = callLong(READV, fd, vectors.address(), count, 0, 0, 0);
        Reference.reachabilityFence(vectors);
        return r;
    }

    private static final MemorySegment WRITEV = function("writev");

    static long writev(int fd, MemorySegment vectors, long off, int count) {
        long r = callLong(WRITEV, fd, vectors.address() + off, count, 0, 0, 0);
        Reference.reachabilityFence(vectors);
        return r;
    }

    // ---- sockets

    private static final MemorySegment SOCKET = function("socket");

    /** socket(2). */
    public static int socket(int family, int type, int protocol) {
        return call(SOCKET, family, type, protocol, 0, 0);
    }

    private static final MemorySegment SOCKETPAIR = function("socketpair");

    /** socketpair(2). */
    public static int socketpair(int family, int type, int protocol, MemorySegment fds) {
        int r = call(SOCKETPAIR, family, type, protocol, fds.address(), 0);
        Reference.reachabilityFence(fds);
        return r;
    }

    private static final MemorySegment CONNECT = function("connect");

    static int connect(int fd, MemorySegment address, int length) {
        int r = call(CONNECT, fd, address.address(), length, 0, 0);
        Reference.reachabilityFence(address);
        return r;
    }

    private static final MemorySegment BIND = function("bind");

    static int bind(int fd, MemorySegment address, int length) {
        int r = call(BIND, fd, address.address(), length, 0, 0);
        Reference.reachabilityFence(address);
        return r;
    }

    private static final MemorySegment LISTEN = function("listen");

    static int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog, 0, 0, 0);
    }

    private static final MemorySegment SHUTDOWN = function("shutdown");

    static int shutdown(int fd, int how) {
        return call(SHUTDOWN, fd, how, 0, 0, 0);
    }

    private static final MemorySegment GETSOCKNAME = function("getsockname");

    static int getsockname(int fd, MemorySegment address, MemorySegment length) {
        int r = call(GETSOCKNAME, fd, address.address(), length.address(), 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment GETPEERNAME = function("getpeername");

    static int getpeername(int fd, MemorySegment address, MemorySegment length) {
        int r = call(GETPEERNAME, fd, address.address(), length.address(), 0, 0);
        Reference.reachabilityFence(address);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment GETSOCKOPT = function("getsockopt");

    /** getsockopt(2). */
    public static int getsockopt(int fd, int level, int name, MemorySegment value, MemorySegment length) {
        int r = call(GETSOCKOPT, fd, level, name, value.address(), length.address());
        Reference.reachabilityFence(value);
        Reference.reachabilityFence(length);
        return r;
    }

    private static final MemorySegment SETSOCKOPT = function("setsockopt");

    /** setsockopt(2). */
    public static int setsockopt(int fd, int level, int name, MemorySegment value, int length) {
        int r = call(SETSOCKOPT, fd, level, name, value.address(), length);
        Reference.reachabilityFence(value);
        return r;
    }

    // ---- descriptors

    private static final MemorySegment CLOSE = function("close");

    /**
     * close(2). Must not be retried after EINTR: the number may already belong to another descriptor. If this throws,
     * because stack or memory is exhausted, {@code close} was not called.
     */
    public static int close(int fd) {
        NativeScratch scratch = NativeScratch.enter();
        int r;
        try {
            r = (int) (long) call.invokeExact(CLOSE, scratch.capture, (long) fd, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw unexpected(t);
        }
        try {
            r = r >= 0 ? r : -scratch.captured(CODE);
            scratch.close();
        } catch (VirtualMachineError e) {
            return r; // a borrowed scratch is then garbage collected
        }
        return r;
    }

    private static final MemorySegment POLL = function("poll");

    static int poll(MemorySegment fds, long count, int millis) {
        int r = call(POLL, fds.address(), count, millis, 0, 0);
        Reference.reachabilityFence(fds);
        return r;
    }

    /** Polls one descriptor without waiting. Returns {@code revents}, which is not negative, or the negated errno. */
    static int pollNow(int fd, int events) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r;
            do {
                scratch.argumentBytes.putInt(Structs.POLLFD_FD, fd).putShort(Structs.POLLFD_EVENTS, (short) events)
                    .putShort(Structs.POLLFD_REVENTS, (short) 0);
                r = poll(scratch.argument, 1, 0);
            } while (r == -Posix.EINTR);
            return r < 0 ? r : scratch.argumentBytes.getShort(Structs.POLLFD_REVENTS);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle linkVariadic(String name, int fixed, MemoryLayout... arguments) {
        return LINKER.downcallHandle(function(name), FunctionDescriptor.of(JAVA_INT, arguments), ERRNO,
            Linker.Option.firstVariadicArg(fixed));
    }

    static final class Fcntl {
        static MethodHandle call = linkVariadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT);
    }

    /** fcntl(2) with an int, repeated after EINTR. */
    public static int fcntl(int fd, int command, int argument) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r;
            do {
                r = (int) Fcntl.call.invokeExact(scratch.capture, fd, command, argument);
            } while (r < 0 && scratch.captured(CODE) == Posix.EINTR);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Makes a descriptor close-on-exec. */
    public static int setCloseOnExec(int fd) {
        return fcntl(fd, Posix.F_SETFD, Posix.FD_CLOEXEC);
    }

    private static final class Open {
        static MethodHandle call = linkVariadic("open", 2, ADDRESS, JAVA_INT, JAVA_INT);
    }

    /** open(2), repeated after EINTR. */
    public static int open(MemorySegment path, int flags, int mode) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r;
            do {
                r = (int) Open.call.invokeExact(scratch.capture, path, flags, mode);
            } while (r < 0 && scratch.captured(CODE) == Posix.EINTR);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static final class Ioctl {
        static MethodHandle call = linkVariadic("ioctl", 2, JAVA_INT, JAVA_LONG, ADDRESS);
    }

    /** ioctl(2), repeated after EINTR. */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r;
            do {
                r = (int) Ioctl.call.invokeExact(scratch.capture, fd, request, argument);
            } while (r < 0 && scratch.captured(CODE) == Posix.EINTR);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- functions of other types

    /** Links a function of a type of its own; the handle takes the segment for errno and the arguments. */
    @SuppressWarnings("restricted")
    public static MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker.Option[] all = Arrays.copyOf(options, options.length + 1);
        all[options.length] = ERRNO;
        return LINKER.downcallHandle(function(name), type, all);
    }

    /** An invocation of a linked function. */
    public interface Invocation {
        /** Invokes the function with the segment for errno; returns its result. */
        int run(MemorySegment capture) throws Throwable;
    }

    /** Invokes a linked function; returns its result, or the negated errno. */
    public static int invoke(Invocation invocation) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = invocation.run(scratch.capture);
            return r >= 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    // ---- memory

    private static final MemorySegment CALLOC = function("calloc");

    /** calloc(3): the memory, or the negated errno in place of its address. */
    @SuppressWarnings("restricted")
    static MemorySegment calloc(long count, long size) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long block = (long) call.invokeExact(CALLOC, scratch.capture, count, size, 0L, 0L, 0L, 0L);
            return block == 0 ? MemorySegment.ofAddress(-scratch.captured(CODE))
                : MemorySegment.ofAddress(block).reinterpret(count * size);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static final MemorySegment GETPAGESIZE = function("getpagesize");

    static int getpagesize() {
        return call(GETPAGESIZE, 0, 0, 0, 0, 0);
    }

    private static final MemorySegment FREE = function("free");

    static void free(MemorySegment block) {
        callLong(FREE, block.address(), 0, 0, 0, 0, 0);
    }
}
