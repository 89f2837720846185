package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Sends back what it receives, and closes connections that are idle for a minute. */
public final class IdleEcho {
    private static final long LISTENER = -1;                     // a slab's tokens are never negative
    private static final Duration IDLE = Duration.ofMinutes(1);

    static final class Client {
        TcpStream stream;
        long timer;
    }

    final Poll poll = Poll.open();
    private final TcpListener listener;
    private final Timers timers;
    final Slab<Client> clients = new Slab<>();
    private final Events events = Events.withCapacity(256);
    private final byte[] buffer = new byte[16 * 1024];

    IdleEcho(TcpListener listener, Timers timers) throws IOException {
        this.listener = listener;
        this.timers = timers;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    public static void main(String[] args) throws IOException {
        TcpListener listener = TcpListener.bind(new InetSocketAddress(7000));
        IdleEcho server = new IdleEcho(listener, new Timers(Duration.ofMillis(100)));
        for (;;) {
            server.turn();
        }
    }

    void turn() throws IOException {
        int n = poll.poll(events, timers);                       // until an event, or the next deadline
        for (int i = 0; i < n; i++) {
            long token = events.token(i);
            if (token == LISTENER) {
                accept();
            } else if (clients.get(token) != null) {
                echo(token, clients.get(token));
            }
        }
        while (timers.expire()) {                                // each timer that has expired, once
            close(timers.token());
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            Client client = new Client();
            long token = clients.insert(client);
            client.stream = stream;
            client.timer = timers.schedule(token, IDLE);
            poll.registry().register(stream, token, Interest.READABLE);
        }
    }

    private void echo(long token, Client client) {
        timers.reschedule(client.timer, IDLE);                   // it is not idle: another minute
        try {
            long n;
            while ((n = client.stream.read(buffer, 0, buffer.length)) > 0) {
                client.stream.write(buffer, 0, (int) n);         // for what would block, see "Pending output"
            }
            if (n == IoResult.EOF) {
                close(token);
            }
        } catch (IOException e) {
            close(token);
        }
    }

    private void close(long token) {
        Client client = clients.remove(token);
        timers.cancel(client.timer);                             // does nothing if it has expired
        client.stream.close();
    }
}
