package io.panamio.jmh;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.StreamSocket;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A whole turn of an event loop with one connection: sends 64 bytes, polls until the other end is readable, without
 * actually waiting, and receives them there into a larger buffer, all in one thread. Three system calls: send,
 * epoll_wait, recv (write and read with NIO).
 *
 * <p>Netty makes the same three on epoll, and in one turn of eight a further recv that would block; on io_uring it lets
 * the kernel send and receive, by two io_uring_enter.
 */
public class Turn extends Operation {
    private static final long TOKEN = 1;

    /** A Poll that watches one stream. */
    static final class PanamioLoop implements AutoCloseable {
        private final Poll poll = Poll.open();
        private final Events events = Events.withCapacity(SOURCES);
        private final Memory memory = new Memory();
        private final StreamSocket<?> client;
        private final StreamSocket<?> server;

        PanamioLoop(StreamSocket<?> client, StreamSocket<?> server) throws IOException {
            this.client = client;
            this.server = server;
            poll.registry().register(server, TOKEN, Interest.READABLE);
        }

        void turn() throws IOException {
            check(client.write(memory.segment) == Memory.BYTES);
            check(poll.poll(events) == 1 && events.token(0) == TOKEN && events.isReadable(0));
            check(server.read(memory.room) == Memory.BYTES);
        }

        @Override
        public void close() {
            client.close();
            server.close();
            poll.close();
        }
    }

    /** A Selector that watches one channel, and the handler of its events. */
    static final class NioLoop implements AutoCloseable, Consumer<SelectionKey> {
        private final Selector selector = Selector.open();
        private final Memory memory = new Memory();
        private final SocketChannel client;
        private final SocketChannel server;
        private int received;

        NioLoop(SocketChannel client, SocketChannel server) throws IOException {
            this.client = client;
            this.server = server;
            server.register(selector, SelectionKey.OP_READ);
        }

        void turn() throws IOException {
            check(client.write(memory.direct.clear()) == Memory.BYTES);
            received = 0;
            selector.select(this);
            check(received == Memory.BYTES);
        }

        @Override
        public void accept(SelectionKey key) {
            if (key.isReadable()) {
                try {
                    received += server.read(memory.directRoom.clear());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
            selector.close();
        }
    }

    /** Panamio's side. */
    @State(Scope.Thread)
    public static class Panamio {
        private PanamioLoop loop;

        /** Connects and registers. */
        @Setup
        public void open() throws IOException {
            PanamioPair pair = new PanamioPair();
            pair.open();
            loop = new PanamioLoop(pair.client, pair.server);
        }

        /** Closes all. */
        @TearDown
        public void close() {
            loop.close();
        }
    }

    @Benchmark
    public void panamio(Panamio state) throws IOException {
        state.loop.turn();
    }

    /** NIO's side. */
    @State(Scope.Thread)
    public static class Nio {
        private NioLoop loop;

        /** Connects and registers. */
        @Setup
        public void open() throws IOException {
            NioPair pair = new NioPair();
            pair.open();
            loop = new NioLoop(pair.client, pair.server);
        }

        /** Closes all. */
        @TearDown
        public void close() throws IOException {
            loop.close();
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        state.loop.turn();
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
