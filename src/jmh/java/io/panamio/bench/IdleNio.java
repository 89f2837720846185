package io.panamio.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/** {@link IdlePanamio} on java.nio, whose keys hold the connections. */
final class IdleNio implements Consumer<SelectionKey> {
    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1024);

    private IdleNio() throws IOException {
        listener.bind(new InetSocketAddress(0), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Starts the loop and returns the port. */
    static int start() throws IOException {
        IdleNio server = new IdleNio();
        Thread.ofPlatform().daemon().start(server::run);
        return server.listener.socket().getLocalPort();
    }

    private void run() {
        try {
            for (;;) {
                selector.select(this);
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    private static void fail(IOException e) {
        System.err.println(e);
        Runtime.getRuntime().halt(1);
    }

    @Override
    public void accept(SelectionKey key) {
        try {
            if (key.channel() == listener) {
                accept();
            } else if (((SocketChannel) key.channel()).read(buffer.clear()) < 0) {
                key.channel().close();
                IdleServer.closed();
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    private void accept() throws IOException {
        for (SocketChannel channel; (channel = listener.accept()) != null;) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ);
            IdleServer.opened();
        }
    }
}
