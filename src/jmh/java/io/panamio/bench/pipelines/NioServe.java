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
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The contender {@code nio-serve}: an HTTP/1.1 file server on java.nio as an expert writes it. It has one selector,
 * keeps files open and checks them again after a second, caches heads, writes a head and a small body in one gathering
 * write and larger bodies by transferTo, changes the interest only when a write would block, and allocates nothing for
 * a request.
 */
final class NioServe implements Consumer<SelectionKey> {
    private static final int MOST_HEAD = 8192;

    /** A connection: its unanswered input, and the unsent rest of a response. */
    private static final class Client {
        final SocketChannel channel;
        final ByteBuffer in = ByteBuffer.allocateDirect(MOST_HEAD);
        /** The bytes to send before the rest of the file, or null. */
        ByteBuffer[] first;
        NioFiles.Entry file;
        long position;
        boolean last;

        Client(SocketChannel channel) {
            this.channel = channel;
        }
    }

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final NioFiles files;

    private NioServe(Path directory, int port) throws IOException {
        files = new NioFiles(directory);
        listener.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** {@code DIRECTORY PORT}. */
    public static void main(String[] args) throws IOException {
        NioServe server = new NioServe(Path.of(args[0]), Integer.parseInt(args[1]));
        Allocations.answer();
        for (;;) {
            server.selector.select(server);
        }
    }

    @Override
    public void accept(SelectionKey key) {
        try {
            if (key.channel() == listener) {
                acceptAll();
            } else if (!serve(key, (Client) key.attachment())) {
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
            channel.register(selector, SelectionKey.OP_READ, new Client(channel));
        }
    }

    /** Serves a client; returns false at the end of its stream. */
    private boolean serve(SelectionKey key, Client client) throws IOException {
        if (client.file != null) {
            if (!send(client)) {
                return true;
            }
            key.interestOps(SelectionKey.OP_READ);
            if (!answer(key, client)) {
                return false;
            }
        }
        while (client.file == null) {
            int room = client.in.remaining();
            if (room == 0) {
                return false; // the head is too large
            }
            int n = client.channel.read(client.in);
            if (n < 0 || n > 0 && !answer(key, client)) {
                return false;
            }
            if (n < room) {
                return true; // level-triggered: later input or the end is reported
            }
        }
        return true;
    }

    /** Answers all complete requests until a write would block; returns false after the last. */
    private boolean answer(SelectionKey key, Client client) throws IOException {
        ByteBuffer in = client.in.flip();
        while (client.file == null && !client.last && begin(client, in)) {
            if (!send(client)) {
                key.interestOps(SelectionKey.OP_WRITE);
            }
        }
        in.compact();
        return !client.last || client.file != null;
    }

    /** Removes a request from the buffer; returns false if it is incomplete. */
    private boolean begin(Client client, ByteBuffer in) throws IOException {
        int start = in.position();
        int end = NioRequest.end(in, start);
        if (end < 0) {
            return false;
        }
        int to = in.limit();
        boolean last = NioRequest.isLast(in, start, end);
        boolean head = NioRequest.is("HEAD ", in, start);
        boolean known = head || NioRequest.is("GET ", in, start);
        client.file = known ? files.find(in, start + (head ? 5 : 4), end) : files.refused();
        client.first = client.file.first(head);
        client.position = head || client.file.isSmall() ? client.file.size() : 0;
        client.last = last || !known;
        in.limit(to).position(end);
        return true;
    }

    /** Sends the rest; returns false if it would block. */
    private static boolean send(Client client) throws IOException {
        ByteBuffer[] first = client.first;
        if (first != null) {
            client.channel.write(first);
            if (first[first.length - 1].hasRemaining()) {
                client.first = NioFiles.copies(first);
                return false;
            }
            client.first = null;
        }
        NioFiles.Entry file = client.file;
        while (client.position < file.size()) {
            long n = file.channel().transferTo(client.position, file.size() - client.position, client.channel);
            if (n <= 0) {
                return false;
            }
            client.position += n;
        }
        client.file = null;
        return true;
    }
}
