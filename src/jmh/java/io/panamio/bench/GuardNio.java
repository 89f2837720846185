package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.SOURCES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** The operations of {@link RegressionGuard} over NIO, the same as {@link GuardOperations}. */
final class GuardNio implements Supplier<Map<String, LongConsumer>> {
    @Override
    public Map<String, LongConsumer> get() {
        try {
            Map<String, LongConsumer> operations = new LinkedHashMap<>();
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).configureBlocking(false);
            InetSocketAddress address = (InetSocketAddress) listener.getLocalAddress();
            SocketChannel[] pair = pair(listener, address);
            ByteBuffer memory = ByteBuffer.allocateDirect(BYTES);
            operations.put("send and receive 64 bytes", repeat(() -> {
                check(pair[0].write(memory.clear()) == BYTES);
                while (pair[1].read(memory.clear()) == 0) {
                    Thread.onSpinWait();
                }
            }));
            operations.put("a read that would block", repeat(() -> check(pair[0].read(memory.clear()) == 0)));
            operations.put("poll, none of 64 ready", polling(listener, address, false));
            operations.put("poll, 64 of 64 ready", polling(listener, address, true));
            Selector selector = Selector.open();
            Consumer<SelectionKey> none = key -> { };
            operations.put("wake, and the poll that reports it", repeat(() -> {
                selector.wakeup();
                check(selector.selectNow(none) == 0);
            }));
            operations.put("connect, accept, close both", repeat(() -> {
                SocketChannel[] ends = pair(listener, address);
                ends[1].close();
                ends[0].close();
            }));
            return operations;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static SocketChannel[] pair(ServerSocketChannel listener, InetSocketAddress address) throws IOException {
        SocketChannel client = SocketChannel.open();
        client.configureBlocking(false);
        client.connect(address);
        SocketChannel server;
        do {
            server = listener.accept();
        } while (server == null);
        server.configureBlocking(false);
        check(client.finishConnect());
        return new SocketChannel[] {client, server};
    }

    /** Sums the tokens of the keys that are ready. */
    private static final class Tokens implements Consumer<SelectionKey> {
        private long sum;

        @Override
        public void accept(SelectionKey key) {
            sum += key.isWritable() ? (Integer) key.attachment() : SOURCES;
        }
    }

    private static LongConsumer polling(ServerSocketChannel listener, InetSocketAddress address, boolean ready)
            throws IOException {
        Selector selector = Selector.open();
        int interest = ready ? SelectionKey.OP_WRITE : SelectionKey.OP_READ;
        for (int i = 0; i < SOURCES; i++) {
            pair(listener, address)[0].register(selector, interest, i);
        }
        Tokens tokens = new Tokens();
        if (!ready) {
            return repeat(() -> check(selector.selectNow(tokens) == 0));
        }
        return repeat(() -> {
            tokens.sum = 0;
            selector.selectNow(tokens);
            check(tokens.sum == SOURCES * (SOURCES - 1) / 2);
        });
    }
}
