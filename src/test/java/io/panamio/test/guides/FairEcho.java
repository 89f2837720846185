package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashSet;

/** Sends back what it receives: all clients in turn, and to none faster than it reads. */
public final class FairEcho {
    private static final long LISTENER = -1;                     // a slab's tokens are never negative
    static final int TURN = 16;                                  // reads, or accepted connections
    static final int SIZE = 16 * 1024;

    static final class Client {
        TcpStream stream;
        MemorySegment buffer;
        long from;                                               // from here …
        long to;                                                 // … to here: read, and not sent yet
    }

    final Poll poll = Poll.open();
    private final TcpListener listener;
    final Slab<Client> clients = new Slab<>();
    private final LinkedHashSet<Long> ready = new LinkedHashSet<>(); // tokens whose turn ended early
    private final Events events = Events.withCapacity(256);
    private boolean exhausted;                                   // no descriptor was left for a connection

    FairEcho(TcpListener listener) throws IOException {
        this.listener = listener;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    public static void main(String[] args) throws IOException {
        FairEcho server = new FairEcho(TcpListener.bind(new InetSocketAddress(7000)));
        for (;;) {
            server.turn();
        }
    }

    void turn() throws IOException {
        int n = !ready.isEmpty() ? poll.pollNow(events)          // some have more to do: only look
            : exhausted ? poll.poll(events, Duration.ofMillis(100)) : poll.poll(events);
        if (exhausted) {
            ready.add(LISTENER);                                 // no event reports that a descriptor is free again
        }
        for (int i = 0; i < n; i++) {
            ready.add(events.token(i));
        }
        for (int i = ready.size(); i > 0; i--) {                 // each of them once, then poll again
            long token = ready.removeFirst();
            Client client = clients.get(token);
            if (token == LISTENER ? !accept() : client != null && !serve(token, client)) {
                ready.add(token);                                // last in the queue
            }
        }
    }

    /** Accepts at most 16 connections; returns whether none is left. */
    private boolean accept() {
        try {
            exhausted = false;
            for (int i = 0; i < TURN; i++) {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    return true;
                }
                Client client = new Client();
                client.stream = stream;
                client.buffer = stream.arena().allocate(SIZE);
                poll.registry().register(stream, clients.insert(client), Interest.READABLE.add(Interest.WRITABLE));
            }
            return false;
        } catch (IOException e) {
            exhausted = true;
            return true;
        }
    }

    /** Echoes at most 16 buffers; returns whether the client is drained, blocked or closed. */
    private boolean serve(long token, Client client) {
        try {
            for (int i = 0; i < TURN; i++) {
                if (!flush(client)) {
                    return true;                                 // back-pressure: reads nothing until it is writable
                }
                long n = client.stream.read(client.buffer);
                if (n == IoResult.EOF) {
                    clients.remove(token).stream.close();
                    return true;
                }
                if (n == IoResult.WOULD_BLOCK) {
                    return true;
                }
                client.from = 0;
                client.to = n;
            }
            return false;
        } catch (IOException e) {                                // a reset, for example: only this client ends
            clients.remove(token).stream.close();
            return true;
        }
    }

    private static boolean flush(Client client) throws IOException {
        while (client.from < client.to) {
            long n = client.stream.write(client.buffer, client.from, client.to - client.from);
            if (n == IoResult.WOULD_BLOCK) {
                return false;
            }
            client.from += n;
        }
        return true;
    }
}
