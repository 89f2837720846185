package io.panamio.examples;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** {@link LoadLoop} on java.nio. */
final class NioLoadLoop implements Consumer<SelectionKey> {
    private static final int BUFFER_SIZE = 16 * 1024;
    private static final long POLL_MILLIS = 100;

    private final Load load;
    private final List<SocketChannel> channels = new ArrayList<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
    private final MemorySegment bufferMemory = MemorySegment.ofBuffer(buffer);
    private final ByteBuffer pattern;
    private boolean recording;
    private long answered;

    private NioLoadLoop(Load load) {
        this.load = load;
        this.pattern = load.pattern.asByteBuffer();
    }

    /** Runs until {@link Load#stop}. */
    static void run(Load load) throws IOException {
        NioLoadLoop loop = new NioLoadLoop(load);
        try (Selector selector = Selector.open()) {
            loop.connect(selector);
            while (!load.stop) {
                selector.select(loop, POLL_MILLIS);
                loop.recording = load.isRecording();
                load.answered = loop.answered;
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            for (SocketChannel channel : loop.channels) {
                channel.close();
            }
        }
    }

    private void connect(Selector selector) throws IOException {
        for (int i = 0; i < load.connections; i++) {
            SocketChannel channel = SocketChannel.open();
            channels.add(channel);
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.connect(load.address);
            channel.register(selector, SelectionKey.OP_CONNECT, load.new Exchange(i));
        }
    }

    @Override
    public void accept(SelectionKey key) {
        try {
            serve(key, (SocketChannel) key.channel(), (Load.Exchange) key.attachment());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(SelectionKey key, SocketChannel channel, Load.Exchange exchange) throws IOException {
        if (key.isConnectable() && channel.finishConnect()) {
            exchange.begin();
            send(key, channel, exchange);
            return;
        }
        if (key.isWritable()) {
            send(key, channel, exchange);
        }
        int n;
        while ((n = channel.read(buffer.clear())) > 0) {
            if (exchange.received(bufferMemory, n)) {
                exchange.record(recording);
                answered++;
                exchange.begin();
                send(key, channel, exchange);
            }
            if (n < BUFFER_SIZE) {
                return;
            }
        }
        if (n < 0 && !load.stop) {
            throw new IOException("the server closed a connection");
        }
    }

    private void send(SelectionKey key, SocketChannel channel, Load.Exchange exchange) throws IOException {
        if (exchange.unsent() > 0) {
            int from = (int) exchange.unsentFrom();
            exchange.sent(channel.write(pattern.limit(from + (int) exchange.unsent()).position(from)));
        }
        int interest = exchange.unsent() > 0 ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        if (key.interestOps() != interest) {
            key.interestOps(interest);
        }
    }
}
