package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import java.io.IOException;
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
 * system calls, sendto, epoll_wait, and recvfrom twice. NIO's Selector, like Panamio's level-triggered interest,
 * reports pending datagrams again: three. Netty on io_uring lets the kernel send and receive, by two io_uring_enter.
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
