package io.panamio.bench;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * {@link StartPanamio} by hand on the Foreign Function and Memory API, without a library, for x86-64: the same steps,
 * an InetSocketAddress, a listener, epoll, and non-blocking calls. Given the names of classes, it also loads them,
 * without initializing them: the floor for a library that consists of so many.
 */
public final class StartFfmEpoll {
    private static final int NON_BLOCKING = 0x80800; // and close on exec
    private static final int EPOLLIN_EDGES = 0x80000001;
    private static final int EAGAIN = 11;
    private static final int EVENTS = 64;
    private static final int EVENT_SIZE = 12;

    private static Linker linker;
    private static MethodHandle handle;
    private static MemorySegment errno;

    private StartFfmEpoll() {
    }

    @SuppressWarnings("restricted")
    private static void link() {
        linker = Linker.nativeLinker();
        handle = linker.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));
        errno = Arena.global().allocate(8, 8);
    }

    private static int call(String function, long... arguments) throws Throwable {
        long[] a = Arrays.copyOf(arguments, 6);
        MemorySegment address = linker.defaultLookup().find(function).orElseThrow();
        int r = (int) (long) handle.invokeExact(address, errno, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (r < 0 && bytes(errno).getInt(0) != EAGAIN) {
            throw new IllegalStateException(function + " has failed, errno " + bytes(errno).getInt(0));
        }
        return r;
    }

    /** A buffer is ready sooner than the access to a segment. */
    private static ByteBuffer bytes(MemorySegment memory) {
        return memory.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    private static void watch(int epoll, int fd, long token, MemorySegment event) throws Throwable {
        bytes(event).putInt(0, EPOLLIN_EDGES).putLong(4, token);
        call("epoll_ctl", epoll, 1, fd, event.address());
    }

    private static int listen(InetSocketAddress address, MemorySegment memory) throws Throwable {
        ByteBuffer bytes = bytes(memory);
        bytes.putShort(0, (short) 2); // struct sockaddr_in
        bytes.put(2, new byte[] {(byte) (address.getPort() >> 8), (byte) address.getPort()});
        bytes.put(4, ((Inet4Address) address.getAddress()).getAddress());
        int listener = call("socket", 2, 1 | NON_BLOCKING, 0);
        bytes.putInt(16, 1);
        call("setsockopt", listener, 1, 2, memory.address() + 16, 4);
        call("bind", listener, memory.address(), 16);
        call("listen", listener, 4096);
        return listener;
    }

    /**
     * Runs the server.
     *
     * @param args the names of classes to load, and the port
     */
    public static void main(String... args) throws Throwable {
        long begin = System.nanoTime();
        link();
        for (int i = 0; i < args.length - 1; i++) {
            Class.forName(args[i], false, StartFfmEpoll.class.getClassLoader());
        }
        int epoll = call("epoll_create1", 0x80000);
        long open = System.nanoTime();
        MemorySegment memory = Arena.global().allocate(64, 8);
        int listener = listen(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[args.length - 1])), memory);
        System.out.println(begin);
        System.out.println(open);
        System.out.println("listening");
        MemorySegment events = Arena.global().allocate(EVENTS * EVENT_SIZE, 8);
        MemorySegment buffer = Arena.global().allocate(16 * 1024);
        watch(epoll, listener, 0, memory);
        int stream = -1;
        for (;;) {
            int n = call("epoll_wait", epoll, events.address(), EVENTS, -1);
            for (int i = 0; i < n; i++) {
                if (bytes(events).getLong(i * EVENT_SIZE + 4) == 0) {
                    stream = call("accept4", listener, 0, 0, NON_BLOCKING);
                    watch(epoll, stream, 1, memory);
                    continue;
                }
                int got;
                while ((got = call("recv", stream, buffer.address(), buffer.byteSize(), 0)) > 0) {
                    call("send", stream, buffer.address(), got, 0x4000);
                }
                if (got == 0) {
                    call("close", stream);
                    call("close", listener);
                    call("close", epoll);
                    return;
                }
            }
        }
    }
}
