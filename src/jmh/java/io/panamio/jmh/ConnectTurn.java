package io.panamio.jmh;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The life cycle of a connection in an event loop, in one thread: connects, registers the client, and polls until both
 * ends are closed. The listener's event accepts the connection, registers it, and closes it at once; the client's first
 * event reports that it is connected, its second one the end of the stream, upon which it is closed as well.
 *
 * <p>Panamio makes 15 system calls: socket, connect, epoll_ctl; epoll_wait; accept4, epoll_ctl, epoll_ctl, close,
 * accept4 (which would block); getsockopt, getpeername; epoll_wait; recv, epoll_ctl, close. C makes 13, as it closes
 * without an epoll_ctl. NIO makes 26, Netty 28 on epoll and 15 on io_uring, among them five io_uring_enter with most of
 * the work; Netty also schedules a timeout for each connect. See {@link ConnectAcceptClose} for why the accepted end
 * closes first.
 */
public class ConnectTurn extends Operation {
    /** A Poll that watches a listener. */
    @State(Scope.Thread)
    public static class Panamio {
        private static final long LISTENER = 1;
        private static final long ACCEPTED = 2;
        private static final long CLIENT = 3;
        private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
        private final Events events = Events.withCapacity(SOURCES);
        private Poll poll;
        private TcpListener listener;
        private InetSocketAddress address;

        /** Listens. */
        @Setup
        public void open() throws IOException {
            poll = Poll.open();
            listener = TcpListener.bind(PanamioPair.loopback());
            address = listener.localAddress();
            poll.registry().register(listener, LISTENER, Interest.READABLE);
        }

        /** Closes. */
        @TearDown
        public void close() {
            listener.close();
            poll.close();
        }

        private void accept() throws IOException {
            for (TcpStream stream; (stream = listener.accept()) != null;) {
                poll.registry().register(stream, ACCEPTED, Interest.READABLE);
                stream.close();
            }
        }
    }

    @Benchmark
    public void panamio(Panamio state, Memory memory) throws IOException {
        Events events = state.events;
        TcpStream client = TcpStream.connect(state.address);
        state.poll.registry().register(client, Panamio.CLIENT, Panamio.BOTH);
        boolean connected = false;
        boolean ended = false;
        while (!ended) {
            int n = state.poll.poll(events);
            for (int i = 0; i < n; i++) {
                if (events.token(i) == Panamio.LISTENER) {
                    state.accept();
                    continue;
                }
                if (!connected && events.isWritable(i)) {
                    connected = client.finishConnect();
                }
                if (events.isReadable(i)) {
                    check(connected && client.read(memory.segment) == IoResult.EOF);
                    client.close();
                    ended = true;
                }
            }
        }
    }

    /** A Selector that watches a listener, and the handler of its events. */
    @State(Scope.Thread)
    public static class Nio implements Consumer<SelectionKey> {
        private final Memory memory = new Memory();
        private Selector selector;
        private ServerSocketChannel listener;
        private InetSocketAddress address;
        private boolean ended;

        /** Listens. */
        @Setup
        public void open() throws IOException {
            selector = Selector.open();
            listener = NioPair.listen();
            address = (InetSocketAddress) listener.getLocalAddress();
            listener.register(selector, SelectionKey.OP_ACCEPT);
        }

        /** Closes. */
        @TearDown
        public void close() throws IOException {
            listener.close();
            selector.close();
        }

        @Override
        public void accept(SelectionKey key) {
            try {
                if (key.isAcceptable()) {
                    SocketChannel accepted = listener.accept();
                    accepted.configureBlocking(false);
                    accepted.register(selector, SelectionKey.OP_READ);
                    accepted.close();
                } else if (key.isConnectable()) {
                    check(((SocketChannel) key.channel()).finishConnect());
                    key.interestOps(SelectionKey.OP_READ);
                } else if (key.isReadable()) {
                    check(((SocketChannel) key.channel()).read(memory.direct.clear()) == -1);
                    key.channel().close();
                    ended = true;
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Benchmark
    public void nio(Nio state) throws IOException {
        SocketChannel client = NioPair.connect(state.address);
        client.register(state.selector, client.isConnected() ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT);
        state.ended = false;
        while (!state.ended) {
            state.selector.select(state);
        }
    }

    /** A loop of Netty with a listener. */
    @State(Scope.Thread)
    public static class NettySide {
        private Netty netty;
        private Bootstrap clients;
        private int accepted;

        /** Closes accepted connections. */
        @Sharable
        private final class Closer extends ChannelInboundHandlerAdapter {
            @Override
            public void channelActive(ChannelHandlerContext context) {
                accepted++;
                context.close();
            }
        }

        /** Closes a channel at the end of its stream. */
        @Sharable
        private static final class Nothing extends ChannelInboundHandlerAdapter {
        }

        /** Listens. */
        @Setup
        public void open(BenchmarkParams benchmark) throws IOException {
            netty = new Netty(benchmark);
            Channel listener = netty.await(new ServerBootstrap().group(netty.loop)
                .channel(netty.transport.listener()).childHandler(new Closer()).bind(PanamioPair.loopback()));
            clients = new Bootstrap().group(netty.loop).channel(netty.transport.stream()).handler(new Nothing())
                .remoteAddress(listener.localAddress());
        }

        /** Closes. */
        @TearDown
        public void close() {
            netty.close();
        }

        private void connect() {
            accepted = 0;
            netty.await(netty.await(clients.connect()).closeFuture());
            check(accepted == 1);
        }
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyEpoll(NettySide state) {
        state.connect();
    }

    @Benchmark
    @Fork(jvmArgsAppend = {Netty.IPV4, Netty.UNSAFE})
    public void nettyUring(NettySide state) {
        state.connect();
    }

    @Benchmark
    @OperationsPerInvocation(Plain.OPERATIONS)
    public void c(Plain plain) throws Throwable {
        plain.run();
    }
}
