package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.ArrayDeque;
import java.util.Arrays;

/** Sends what a client sends to all the others; a client that does not keep up is disconnected. */
public final class Chat {
    private static final long LISTENER = -1;                     // a slab's tokens are never negative
    static final int LIMIT = 1 << 20;                            // bytes that may be pending for a client

    static final class Client {
        TcpStream stream;
        final ArrayDeque<byte[]> pending = new ArrayDeque<>();
        int sent;                                                // of the first one
        long bytes;                                              // of all of them
    }

    final Poll poll = Poll.open();
    private final TcpListener listener;
    final Slab<Client> clients = new Slab<>();
    private final byte[] buffer = new byte[16 * 1024];

    Chat(TcpListener listener) throws IOException {
        this.listener = listener;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    public static void main(String[] args) throws IOException {
        ListenOptions options = ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true); // inherited
        new Chat(TcpListener.bind(new InetSocketAddress(7000), options)).run();
    }

    void run() throws IOException {
        Events events = Events.withCapacity(256);
        for (;;) {
            int n = poll.poll(events);
            for (int i = 0; i < n; i++) {
                long token = events.token(i);
                if (token == LISTENER) {
                    accept();
                } else {
                    write(token);                                // first what is pending: there may be room again
                    read(token);
                }
            }
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            Client client = new Client();
            client.stream = stream;
            poll.registry().register(stream, clients.insert(client), Interest.READABLE.add(Interest.WRITABLE));
        }
    }

    private void read(long from) {
        Client client;
        while ((client = clients.get(from)) != null) {           // null once it is closed
            try {
                long n = client.stream.read(buffer, 0, buffer.length);
                if (n == IoResult.WOULD_BLOCK) {
                    return;
                }
                if (n == IoResult.EOF) {
                    close(from);
                    return;
                }
                send(from, Arrays.copyOf(buffer, (int) n));
            } catch (IOException e) {
                close(from);
            }
        }
    }

    private void send(long from, byte[] message) {
        for (long to = clients.nextToken(-1); to >= 0; to = clients.nextToken(to)) {
            Client client = clients.get(to);
            if (to != from) {
                client.pending.add(message);
                client.bytes += message.length;
                write(to);
                if (client.bytes > LIMIT) {
                    close(to);                                   // too slow: neither memory nor the others wait for it
                }
            }
        }
    }

    /** Writes what is pending, in order, until nothing is left or the socket is full. */
    private void write(long token) {
        Client client = clients.get(token);
        try {
            while (client != null && !client.pending.isEmpty()) {
                byte[] first = client.pending.getFirst();
                long n = client.stream.write(first, client.sent, first.length - client.sent);
                if (n == IoResult.WOULD_BLOCK) {
                    return;                                      // a writable event follows
                }
                client.sent += (int) n;
                client.bytes -= n;
                if (client.sent == first.length) {
                    client.pending.removeFirst();
                    client.sent = 0;
                }
            }
        } catch (IOException e) {
            close(token);
        }
    }

    private void close(long token) {
        Client client = clients.remove(token);
        if (client != null) {                                    // else it is closed already
            client.stream.close();
        }
    }
}
