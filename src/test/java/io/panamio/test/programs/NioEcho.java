package io.panamio.test.programs;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** An echo on the JDK's selector for one client: {@code src/test/windows/calls} counts its system calls. */
public final class NioEcho {
    private NioEcho() {
    }

    public static void main(String[] args) throws IOException {
        try (Selector selector = Selector.open(); ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            System.out.println("echo on port " + listener.socket().getLocalPort());
            try (SocketChannel channel = listener.accept()) {
                channel.configureBlocking(false);
                SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
                ByteBuffer buffer = ByteBuffer.allocateDirect(32 * 1024);
                for (int n = 0; n >= 0;) {
                    selector.select();
                    if (selector.selectedKeys().remove(key)) {
                        n = channel.read(buffer.clear()); // a short read needs no second one: it is level-triggered
                        channel.write(buffer.flip());
                    }
                }
            }
        }
    }
}
