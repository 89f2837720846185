package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import io.panamio.pipeline.RingBuffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Answers each line in upper case: a decoder, a handler and an encoder, as methods. */
public final class LineServer {
    private static final long LISTENER = -1;                     // a slab's tokens are never negative

    static final class Client {
        TcpStream stream;
        final RingBuffer in = RingBuffer.allocate(Arena.ofAuto(), 64 * 1024);
        final RingBuffer out = RingBuffer.allocate(Arena.ofAuto(), 64 * 1024);
    }

    final Poll poll = Poll.open();
    private final TcpListener listener;
    final Slab<Client> clients = new Slab<>();

    LineServer(TcpListener listener) throws IOException {
        this.listener = listener;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    public static void main(String[] args) throws IOException {
        ListenOptions options = ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true); // inherited
        new LineServer(TcpListener.bind(new InetSocketAddress(7000), options)).run();
    }

    void run() throws IOException {
        Events events = Events.withCapacity(256);
        for (;;) {
            int n = poll.poll(events);
            for (int i = 0; i < n; i++) {
                long token = events.token(i);
                if (token == LISTENER) {
                    for (TcpStream stream; (stream = listener.accept()) != null;) {
                        active(stream);
                    }
                } else if (clients.get(token) != null) {
                    serve(token, clients.get(token));
                }
            }
        }
    }

    private void active(TcpStream stream) throws IOException {   // channelActive
        Client client = new Client();
        client.stream = stream;
        poll.registry().register(stream, clients.insert(client), Interest.READABLE.add(Interest.WRITABLE));
    }

    private void serve(long token, Client client) {
        try {
            for (;;) {
                while (client.out.readableBytes() > 0) {         // flush, and back-pressure: no read until it is done
                    if (client.out.writeTo(client.stream) == IoResult.WOULD_BLOCK) {
                        return;
                    }
                }
                if (decode(client)) {
                    continue;
                }
                long n = client.in.readFrom(client.stream);
                if (n == IoResult.WOULD_BLOCK) {
                    return;                                      // for other clients' sake, see also "Fairness"
                }
                if (n == IoResult.EOF) {
                    clients.remove(token).stream.close();        // channelInactive
                    return;
                }
            }
        } catch (IOException | RuntimeException e) {             // exceptionCaught
            clients.remove(token).stream.close();
        }
    }

    /** Handles the next line; returns whether there was one. */
    private static boolean decode(Client client) throws IOException {
        long length = client.in.indexOf((byte) '\n');            // LineBasedFrameDecoder
        if (length < 0) {
            if (client.in.writableBytes() == 0) {
                throw new IOException("a line is too long");     // TooLongFrameException
            }
            return false;
        }
        byte[] line = new byte[(int) length + 1];
        client.in.get(line, 0, line.length);
        channelRead(client, new String(line, StandardCharsets.UTF_8));
        return true;
    }

    private static void channelRead(Client client, String line) {
        byte[] answer = line.toUpperCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
        client.out.put(answer, 0, answer.length);                // ctx.write
    }
}
