package io.panamio.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** A client of {@link Connects} on java.nio, which resolves the name in the loop. */
final class ConnectsNio implements Connects.Client {
    private final Selector selector = Selector.open();
    private final int running;

    ConnectsNio(int running) throws IOException {
        this.running = running;
    }

    @Override
    public long run(int port, long end) throws IOException {
        for (int i = 0; i < running; i++) {
            start(port);
        }
        long count = 0;
        for (int left = running; left > 0;) {
            selector.select();
            for (SelectionKey key : selector.selectedKeys()) {
                SocketChannel channel = (SocketChannel) key.channel();
                if (channel.finishConnect()) {
                    channel.close();
                    count++;
                    if (System.nanoTime() < end) {
                        start(port);
                    } else {
                        left--;
                    }
                }
            }
            selector.selectedKeys().clear();
        }
        return count;
    }

    private void start(int port) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.connect(new InetSocketAddress(InetAddress.getByName(Connects.HOST), port));
        channel.register(selector, SelectionKey.OP_CONNECT);
    }

    @Override
    public void close() throws IOException {
        selector.close();
    }
}
