package io.panamio.bench;

import static io.panamio.bench.GuardOperation.BURST;
import static io.panamio.bench.GuardOperation.BYTES;
import static io.panamio.bench.GuardOperation.MANY;
import static io.panamio.bench.GuardOperation.SOURCES;
import static io.panamio.bench.GuardOperation.check;
import static io.panamio.bench.GuardOperation.repeat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** The operations of {@link RegressionGuard} that NIO has. */
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
            operations.put("send and receive 64 bytes, arrays", arrays(pair, BYTES));
            operations.put("send and receive 16 KiB, arrays", arrays(pair, MANY));
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
            putDatagrams(operations);
            putPipes(operations);
            putVectored(operations, pair);
            operations.put("64 KiB passed on, spliced", relaying(pair(listener, address), pair(listener, address)));
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

    private static LongConsumer arrays(SocketChannel[] pair, int size) {
        ByteBuffer array = ByteBuffer.allocate(size);
        return repeat(() -> {
            check(pair[0].write(array.clear()) == size);
            array.clear();
            while (array.hasRemaining()) {
                pair[1].read(array);
            }
        });
    }

    private static void putDatagrams(Map<String, LongConsumer> operations) throws IOException {
        DatagramChannel client = bind();
        DatagramChannel server = bind();
        SocketAddress to = server.getLocalAddress();
        for (boolean array : new boolean[] {false, true}) {
            ByteBuffer memory = array ? ByteBuffer.allocate(BYTES) : ByteBuffer.allocateDirect(BYTES);
            operations.put("a datagram of 64 bytes" + (array ? ", arrays" : ""), repeat(() -> {
                check(client.send(memory.clear(), to) == BYTES);
                check(server.receive(memory.clear()) != null);
            }));
        }
    }

    private static DatagramChannel bind() throws IOException {
        DatagramChannel channel = DatagramChannel.open(StandardProtocolFamily.INET);
        channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)).configureBlocking(false);
        return channel;
    }

    private static void putPipes(Map<String, LongConsumer> operations) throws IOException {
        Pipe pipe = Pipe.open();
        pipe.sink().configureBlocking(false);
        pipe.source().configureBlocking(false);
        for (boolean array : new boolean[] {false, true}) {
            ByteBuffer memory = array ? ByteBuffer.allocate(BYTES) : ByteBuffer.allocateDirect(BYTES);
            operations.put("64 bytes through a pipe" + (array ? ", arrays" : ""), repeat(() -> {
                check(pipe.sink().write(memory.clear()) == BYTES);
                check(pipe.source().read(memory.clear()) == BYTES);
            }));
        }
    }

    private static void putVectored(Map<String, LongConsumer> operations, SocketChannel[] pair) {
        ByteBuffer memory = ByteBuffer.allocateDirect(BYTES);
        ByteBuffer[] parts = new ByteBuffer[4];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = memory.slice(i * BYTES / parts.length, BYTES / parts.length);
        }
        operations.put("gather and scatter 4 of 16 bytes", repeat(() -> {
            check(pair[0].write(clear(parts)) == BYTES);
            while (pair[1].read(clear(parts)) == 0) {
                Thread.onSpinWait();
            }
        }));
        operations.put("gather 4 of 16 bytes by a list", repeat(() -> {
            check(pair[0].write(clear(parts)) == BYTES);
            while (pair[1].read(memory.clear()) == 0) {
                Thread.onSpinWait();
            }
        }));
    }

    private static ByteBuffer[] clear(ByteBuffer[] parts) {
        for (ByteBuffer part : parts) {
            part.clear();
        }
        return parts;
    }

    /** NIO cannot splice: it copies. */
    private static LongConsumer relaying(SocketChannel[] in, SocketChannel[] out) {
        ByteBuffer sent = ByteBuffer.allocateDirect(BURST);
        ByteBuffer relayed = ByteBuffer.allocateDirect(BURST);
        ByteBuffer received = ByteBuffer.allocateDirect(BURST);
        return repeat(() -> {
            sent.clear();
            received.clear();
            while (received.hasRemaining()) {
                in[0].write(sent);
                in[1].read(relayed);
                out[0].write(relayed.flip());
                relayed.compact();
                out[1].read(received);
            }
        });
    }

    /** Sums the tokens of the ready keys. */
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
