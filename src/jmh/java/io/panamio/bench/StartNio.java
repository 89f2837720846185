package io.panamio.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A minimal echo server on java.nio, the counterpart of {@link StartPanamio}. */
public final class StartNio {
    private StartNio() {
    }

    /**
     * Runs the server.
     *
     * @param args the port
     */
    public static void main(String... args) throws IOException {
        long begin = System.nanoTime();
        try (Selector selector = Selector.open()) {
            long open = System.nanoTime();
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])));
            System.out.println(begin);
            System.out.println(open);
            System.out.println("listening");
            ByteBuffer buffer = ByteBuffer.allocateDirect(16 * 1024);
            listener.configureBlocking(false);
            listener.register(selector, SelectionKey.OP_ACCEPT);
            for (;;) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isAcceptable()) {
                        SocketChannel stream = listener.accept();
                        stream.configureBlocking(false);
                        stream.register(selector, SelectionKey.OP_READ);
                        continue;
                    }
                    SocketChannel stream = (SocketChannel) key.channel();
                    int got;
                    while ((got = stream.read(buffer.clear())) > 0) {
                        stream.write(buffer.flip());
                    }
                    if (got == -1) {
                        stream.close();
                        listener.close();
                        return;
                    }
                }
                selector.selectedKeys().clear();
            }
        }
    }
}
