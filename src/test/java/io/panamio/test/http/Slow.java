package io.panamio.test.http;

import io.panamio.test.support.Loop;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Many clients that send a request byte by byte, all at once, and read the answers in small pieces. */
final class Slow {
    private static final byte[] REQUEST =
        "GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
    private static final int PIECE = 2000;

    private final List<SocketChannel> clients = new ArrayList<>();
    private final List<byte[]> received = new ArrayList<>();
    private final int[] lengths;

    Slow(int count) {
        lengths = new int[count];
    }

    /** Has all clients get the file, in rounds in which each sends a byte or reads a piece, with an action between. */
    void run(Servers servers, Runnable between) throws IOException {
        byte[] content = servers.files.get("large");
        try (Selector selector = Selector.open()) {
            for (int i = 0; i < lengths.length; i++) {
                InetSocketAddress to = servers.address(i % 4 == 0);
                SocketChannel client = SocketChannel.open();
                clients.add(client);
                client.setOption(StandardSocketOptions.SO_RCVBUF, 4096);
                client.connect(to);
                client.configureBlocking(false);
                client.register(selector, SelectionKey.OP_READ, i);
                received.add(new byte[content.length + 1000]);
            }
            for (byte b : REQUEST) {
                for (SocketChannel client : clients) {
                    client.write(ByteBuffer.wrap(new byte[] {b}));
                }
                between.run();
            }
            for (int open = clients.size(), round = 0; open > 0; round++) {
                if (selector.select(Loop.LONG.toMillis()) == 0) {
                    throw new AssertionError(open + " clients wait for ever");
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    int i = (int) key.attachment();
                    byte[] all = received.get(i);
                    int n = ((SocketChannel) key.channel()).read(
                        ByteBuffer.wrap(all, lengths[i], Math.min(PIECE, all.length - lengths[i])));
                    if (n < 0) {
                        check(Arrays.copyOf(all, lengths[i]), content);
                        key.channel().close();
                        open--;
                    }
                    lengths[i] += n;
                }
                selector.selectedKeys().clear();
                if (round % 16 == 0) {
                    between.run();
                }
            }
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }

    /** Gets another file on a connection of its own, and returns 1. */
    static int get(InetSocketAddress from) {
        try (Socket socket = new Socket(from.getAddress(), from.getPort())) {
            socket.setSoTimeout((int) Loop.LONG.toMillis());
            socket.getOutputStream()
                .write("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            if (Answer.read(socket.getInputStream(), false).status() != 200) {
                throw new AssertionError("another status");
            }
            return 1;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void check(byte[] answer, byte[] content) {
        String text = new String(answer, StandardCharsets.ISO_8859_1);
        int head = text.indexOf("\r\n\r\n") + 4;
        if (!text.startsWith("HTTP/1.1 200 ")
                || !Arrays.equals(content, Arrays.copyOfRange(answer, head, answer.length))) {
            throw new AssertionError("another answer to a slow client, of " + answer.length + " bytes");
        }
    }
}
