package io.panamio.examples;

import io.panamio.examples.log.LogFile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/** {@link EchoLoop} on java.nio, written as well as that API allows. */
final class NioEchoLoop implements Runnable, AutoCloseable, Consumer<SelectionKey> {
    private static final int BUFFER_SIZE = 32 * 1024;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);

    NioEchoLoop(InetSocketAddress address) throws IOException {
        listener.bind(address, 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) listener.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    @Override
    public void run() {
        try {
            for (;;) {
                selector.select(this);
            }
        } catch (ClosedSelectorException e) {
            // the end
        } catch (IOException e) {
            LogFile.standardError().write("echo over NIO", e);
        }
    }

    @Override
    public void accept(SelectionKey key) {
        if (!key.isValid()) {
            return;
        }
        try {
            if (key.channel() == listener) {
                acceptAll();
            } else if (!serve(key, (SocketChannel) key.channel())) {
                key.channel().close();
            }
        } catch (IOException e) {
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
            buffer.clear();
            int n = channel.read(buffer);
            if (n <= 0) {
                return n == 0;
            }
            channel.write(buffer.flip());
            if (buffer.hasRemaining()) {
                if (pending == null) {
                    pending = ByteBuffer.allocateDirect(BUFFER_SIZE);
                    key.attach(pending);
                }
                pending.clear().put(buffer).flip();
                key.interestOps(SelectionKey.OP_WRITE);
                return true;
            }
            if (n < BUFFER_SIZE) {
                return true; // level-triggered: later input or the end is reported
            }
        }
    }
}
