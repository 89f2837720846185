package io.panamio.bench.echo;

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
import java.util.List;
import java.util.function.Consumer;

/**
 * The contenders {@code nio}: echo on java.nio as an expert writes it. It has one selector, passes its events to a
 * consumer, shares one direct buffer, allocates nothing for a request, and changes the interest only when a write would
 * block.
 */
final class NioEcho implements Consumer<SelectionKey> {
    private static final int BUFFER_SIZE = 32 * 1024;

    private final boolean shortReads;
    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);

    private NioEcho(int port, boolean shortReads) throws IOException {
        this.shortReads = shortReads;
        listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /**
     * {@code PORT [short] [spin]}; short: stops after a read that does not fill the buffer (by default after one that
     * returns 0, as usual); spin: never sleeps in a select.
     */
    public static void main(String[] args) throws IOException {
        List<String> options = List.of(args);
        NioEcho echo = new NioEcho(Integer.parseInt(args[0]), options.contains("short"));
        boolean spin = options.contains("spin");
        Allocations.answer();
        for (;;) {
            if (spin) {
                echo.selector.selectNow(echo);
            } else {
                echo.selector.select(echo);
            }
        }
    }

    @Override
    public void accept(SelectionKey key) {
        try {
            if (key.channel() == listener) {
                acceptAll();
            } else if (!serve(key, (SocketChannel) key.channel())) {
                key.channel().close();
            }
        } catch (IOException e) { // a reset, which is normal
            drop(key);
        }
    }

    private static void drop(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            // closed nevertheless
        }
    }

    private void acceptAll() throws IOException {
        for (SocketChannel channel; (channel = listener.accept()) != null;) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ);
        }
    }

    /** Serves a client; returns false at the end of its stream. */
    private boolean serve(SelectionKey key, SocketChannel channel) throws IOException {
        ByteBuffer pending = (ByteBuffer) key.attachment();
        if (pending != null && pending.hasRemaining()) {
            channel.write(pending);
            if (pending.hasRemaining()) {
                return true;
            }
            key.interestOps(SelectionKey.OP_READ);
        }
        for (;;) {
            int n = channel.read(buffer.clear());
            if (n <= 0) {
                return n == 0;
            }
            channel.write(buffer.flip());
            if (buffer.hasRemaining()) { // continue when the client is writable
                if (pending == null) {
                    pending = ByteBuffer.allocateDirect(BUFFER_SIZE);
                    key.attach(pending);
                }
                pending.clear().put(buffer).flip();
                key.interestOps(SelectionKey.OP_WRITE);
                return true;
            }
            if (shortReads && n < BUFFER_SIZE) {
                return true; // level-triggered: later input or the end is reported
            }
        }
    }
}
