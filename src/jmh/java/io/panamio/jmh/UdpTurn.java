package io.panamio.jmh;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole turn of an event loop with datagrams: sends one of 64 bytes, polls until the other socket is readable,
 * without actually waiting, and receives it with the sender's address.
 *
 * <p>An edge may report many datagrams, so Panamio receives until it would block, and so do C and Netty on epoll: four
 * system calls, sendto, epoll_wait, and recvfrom twice. The same four by hand, {@code ffm}, show what calls from Java
 * cost at least. NIO's Selector, like Panamio's level-triggered interest, reports pending datagrams again: three. Netty
 * on io_uring lets the kernel send and receive, by two io_uring_enter.
 */
public class UdpTurn extends Operation {
    private static final long TOKEN = 1;

    /** A Poll that watches a socket edge-triggered. */
    @State(Scope.Thread)
    public static class Panamio {
        private final Udp.Panamio udp = new Udp.Panamio();
        private final Events events = Events.withCapacity(SOURCES);
        private final Interest interest;
        private Poll poll;

        /** Edge-triggered. */
        public Panamio() {
            this(Interest.READABLE);
        }

        Panamio(Interest interest) {
            this.interest = interest;
        }

        /** Opens and registers. */
        @Setup
        public void open() throws IOException {
            udp.open();
            poll = Poll.open();
            poll.registry().register(udp.server, TOKEN, interest);
        }

        /** Closes all. */
        @TearDown
        public void close() {
            udp.close();
            poll.close();
        }

        private void sendAndPoll(Memory memory) throws IOException {
            check(udp.client.sendTo(memory.segment, udp.to) == Memory.BYTES);
            check(poll.poll(events) == 1 && events.token(0) == TOKEN && events.isReadable(0));
        }

        private long receive(Memory memory) throws IOException {
            return udp.server.recvFrom(memory.room, udp.from);
        }
    }

    /** A Poll that watches a socket level-triggered. */
    @State(Scope.Thread)
    public static class PanamioLevel extends Panamio {
        /** Level-triggered. */
        public PanamioLevel() {
            super(Interest.READABLE.level());
        }
    }

    @Benchmark
    public void panamio(Panamio state, Memory memory) throws IOException {
        state.sendAndPoll(memory);
        long received = 0;
        for (long n; (n = state.receive(memory)) != IoResult.WOULD_BLOCK;) {
            received += n;
        }
        check(received == Memory.BYTES);
    }

    @Benchmark
    public void panamioLevel(PanamioLevel state, Memory memory) throws IOException {
        ((Panamio) state).sendAndPoll(memory);
        check(((Panamio) state).receive(memory) == Memory.BYTES);
    }

    /**
     * The edge-triggered turn by hand on the Foreign Function and Memory API, for x86-64 Linux, without any check or
     * guard: the floor in Java.
     */
    @State(Scope.Thread)
    public static class Ffm {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle CALL = link();
        private static final MemorySegment ERRNO = Arena.ofAuto().allocate(8, 8);
        private static final MemorySegment SENDTO = LINKER.defaultLookup().find("sendto").orElseThrow();
        private static final MemorySegment RECVFROM = LINKER.defaultLookup().find("recvfrom").orElseThrow();
        private static final MemorySegment EPOLL_WAIT = LINKER.defaultLookup().find("epoll_wait").orElseThrow();
        private static final int EPOLLIN = 1;
        private static final int EAGAIN = 11;

        private final Panamio sockets = new Panamio();
        private final MemorySegment to = Arena.ofAuto().allocate(16, 8);
        private final MemorySegment from = Arena.ofAuto().allocate(128, 8);
        private final MemorySegment length = Arena.ofAuto().allocate(4, 4);
        private final MemorySegment events = Arena.ofAuto().allocate(SOURCES * 12L, 8);
        private int client;
        private int server;
        private int epoll;

        @SuppressWarnings("restricted")
        private static MethodHandle link() {
            return LINKER.downcallHandle(
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
                Linker.Option.captureCallState("errno"));
        }

        /** Opens and registers, with Panamio. */
        @Setup
        public void open() throws IOException {
            sockets.open();
            client = sockets.udp.client.fd();
            server = sockets.udp.server.fd();
            epoll = sockets.poll.fd();
            int port = ((InetSocketAddress) sockets.udp.to.get()).getPort();
            to.set(JAVA_SHORT, 0, (short) 2); // struct sockaddr_in: AF_INET, the port, 127.0.0.1
            MemorySegment.copy(new byte[] {(byte) (port >> 8), (byte) port, 127, 0, 0, 1}, 0, to, JAVA_BYTE, 2, 6);
        }

        /** Closes all. */
        @TearDown
        public void close() {
            sockets.close();
        }

        private static long call(MemorySegment function, long a, long b, long c, long d, long e, long f)
                throws Throwable {
            long r = (long) CALL.invokeExact(function, ERRNO, a, b, c, d, e, f);
            return r >= 0 ? r : -ERRNO.get(JAVA_INT, 0);
        }

        private void sendAndPoll(Memory memory) throws Throwable {
            check(call(SENDTO, client, memory.segment.address(), Memory.BYTES, 0x4040, to.address(), 16)
                == Memory.BYTES); // MSG_DONTWAIT, MSG_NOSIGNAL
            check((int) call(EPOLL_WAIT, epoll, events.address(), SOURCES, -1, 0, 0) == 1
                && (events.get(JAVA_INT_UNALIGNED, 0) & EPOLLIN) != 0);
        }

        private long receive(Memory memory) throws Throwable {
            length.set(JAVA_INT, 0, 128);
            return call(RECVFROM, server, memory.room.address(), memory.room.byteSize(), 0x60, from.address(),
                length.address()); // MSG_DONTWAIT, MSG_TRUNC
        }
    }

    @Benchmark
    public void ffm(Ffm state, Memory memory) throws Throwable {
        state.sendAndPoll(memory);
        check(state.receive(memory) == Memory.BYTES);
        check(state.receive(memory) == -Ffm.EAGAIN);
    }

    /** A Selector that watches a channel, and the handler of its events. */
    @State(Scope.Thread)
    public static class Nio implements Consumer<SelectionKey> {
        private final Udp.Nio udp = new Udp.Nio();
        private final Memory memory = new Memory();
        private Selector selector;
        private int received;

        /** Opens and registers. */
        @Setup
        public void open() throws IOException {
            udp.open();
            selector = Selector.open();
            udp.server.register(selector, SelectionKey.OP_READ);
        }

        /** Closes all. */
        @TearDown
        public void close() throws IOException {
            udp.close();
            selector.close();
        }

        @Override
        public void accept(SelectionKey key) {
            if (key.isReadable()) {
                try {
                    check(udp.server.receive(memory.directRoom.clear()) != null);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                received += memory.directRoom.position();
            }
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        check(state.udp.client.send(state.memory.direct.clear(), state.udp.to) == Memory.BYTES);
        state.received = 0;
        state.selector.select(state);
        check(state.received == Memory.BYTES);
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyEpoll(NettyPair pair) {
        pair.turn();
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyUring(NettyPair pair) {
        pair.turn();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
