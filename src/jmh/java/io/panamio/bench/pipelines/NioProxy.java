package io.panamio.bench.pipelines;

import io.panamio.bench.rig.Allocations;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/**
 * The contender {@code nio-proxy}: a TCP proxy on java.nio as an expert writes it. It has one selector and a direct
 * buffer for each direction of a connection, writes at once what it has read, stops at a short read, changes the
 * interest only when a write would block, passes half-closes on, and allocates nothing once a connection is open.
 */
final class NioProxy implements Consumer<SelectionKey> {
    private static final int BUFFER_SIZE = 32 * 1024;
    /** The maximum number of reads in a turn, so that one connection does not delay the others. */
    private static final int MOST_READS = 16;

    /** One of the two ends of a connection, and the bytes from it that are pending for the other end. */
    private static final class End {
        final SocketChannel channel;
        final ByteBuffer from;
        SelectionKey key;
        End other;
        boolean ended;

        End(SocketChannel channel, ByteBuffer from) {
            this.channel = channel;
            this.from = from;
        }

        void interest(int add, int remove) {
            key.interestOps(key.interestOps() & ~remove | add);
        }
    }

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final InetSocketAddress to;
    private final ArrayDeque<ByteBuffer> free = new ArrayDeque<>();

    private NioProxy(InetSocketAddress address, InetSocketAddress to) throws IOException {
        this.to = to;
        listener.bind(address, 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** {@code PORT TO-PORT}. */
    public static void main(String[] args) throws IOException {
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        NioProxy proxy = new NioProxy(new InetSocketAddress(loopback, Integer.parseInt(args[0])),
            new InetSocketAddress(loopback, Integer.parseInt(args[1])));
        Allocations.answer();
        for (;;) {
            proxy.selector.select(proxy);
        }
    }

    @Override
    public void accept(SelectionKey key) {
        if (!key.isValid()) {
            return; // closed earlier in this batch
        }
        if (key.channel() == listener) {
            acceptAll();
            return;
        }
        End end = (End) key.attachment();
        try {
            int ready = key.readyOps();
            if ((ready & SelectionKey.OP_CONNECT) != 0) {
                end.channel.finishConnect();
                connected(end);
                return;
            }
            if ((ready & SelectionKey.OP_WRITE) != 0) {
                flush(end.other);
            }
            if ((ready & SelectionKey.OP_READ) != 0) {
                read(end);
            }
            if (end.ended && end.other.ended) {
                close(end);
            }
        } catch (IOException e) { // a reset, which is normal
            close(end);
        }
    }

    private static void connected(End end) {
        end.interest(SelectionKey.OP_READ, SelectionKey.OP_CONNECT);
        end.other.interest(SelectionKey.OP_READ, 0);
    }

    private void close(End end) {
        free.push(end.from.clear());
        free.push(end.other.from.clear());
        close(end.channel);
        close(end.other.channel);
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // closed nevertheless
        }
    }

    private void acceptAll() {
        try {
            for (SocketChannel channel; (channel = listener.accept()) != null;) {
                End client = new End(channel, buffer());
                End server = new End(SocketChannel.open(), buffer());
                client.other = server;
                server.other = client;
                connect(client, server);
            }
        } catch (IOException e) {
            System.err.println("nio-proxy: " + e.getMessage());
        }
    }

    private void connect(End client, End server) {
        try {
            client.key = register(client, 0);
            server.key = register(server, SelectionKey.OP_CONNECT);
            if (server.channel.connect(to)) {
                connected(server);
            }
        } catch (IOException e) { // no server: the client is disconnected
            close(client);
        }
    }

    private ByteBuffer buffer() {
        return free.isEmpty() ? ByteBuffer.allocateDirect(BUFFER_SIZE) : free.pop();
    }

    private SelectionKey register(End end, int interest) throws IOException {
        end.channel.configureBlocking(false);
        end.channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        return end.channel.register(selector, interest, end);
    }

    /** Forwards the input of an end until a read or a write would block. */
    private static void read(End end) throws IOException {
        for (int i = 0; i < MOST_READS; i++) {
            int n = end.channel.read(end.from);
            if (n < 0) {
                end.ended = true;
                end.interest(0, SelectionKey.OP_READ);
                end.other.channel.shutdownOutput();
                return;
            }
            boolean drained = end.from.hasRemaining();
            end.other.channel.write(end.from.flip());
            if (end.from.hasRemaining()) { // continue when the other end is writable
                end.interest(0, SelectionKey.OP_READ);
                end.other.interest(SelectionKey.OP_WRITE, 0);
                return;
            }
            end.from.clear();
            if (drained) {
                return; // level-triggered: later input or the end is reported
            }
        }
    }

    /** Writes pending bytes. */
    private static void flush(End end) throws IOException {
        end.other.channel.write(end.from);
        if (!end.from.hasRemaining()) {
            end.from.clear();
            end.interest(SelectionKey.OP_READ, 0);
            end.other.interest(0, SelectionKey.OP_WRITE);
            read(end);
        }
    }
}
