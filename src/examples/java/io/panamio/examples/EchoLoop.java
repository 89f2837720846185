package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;

/**
 * An event loop that sends back what it gets: the model of how a loop on Panamio is written. In the steady state it
 * allocates nothing, and a request takes three system calls: a poll, a read, a write.
 */
final class EchoLoop implements Runnable, AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    /** It fits into the processor's first cache, which larger ones do not; smaller ones take more system calls. */
    private static final int BUFFER_SIZE = 32 * 1024;
    private static final Duration ACCEPT_RETRY = Duration.ofMillis(100);

    /** A client, and what it has not taken yet. While there is such output, nothing more is read from it. */
    private static final class Client {
        final TcpStream stream;
        long token;
        MemorySegment pending;
        long from;
        long to;

        Client(TcpStream stream) {
            this.stream = stream;
        }
    }

    private final Poll poll = Poll.open();
    private final TcpListener listener;
    private final Events events = Events.withCapacity(1024);
    private final Slab<Client> clients = new Slab<>(1024);
    /** One for all: it is empty between events. */
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE, 64);
    private boolean acceptLater;

    EchoLoop(TcpListener listener, Duration spin) throws IOException {
        this.listener = listener;
        listener.setOption(StandardSocketOptions.TCP_NODELAY, true); // Linux passes it on to what is accepted
        poll.setSpin(spin);
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    InetSocketAddress address() throws IOException {
        return listener.localAddress();
    }

    /** Ends {@link #run}, from any thread. */
    @Override
    public void close() {
        poll.close();
    }

    /** Serves until closed. */
    @Override
    public void run() {
        try (listener) {
            for (;;) {
                turn();
            }
        } catch (ClosedSelectorException e) {
            clients.forEach(client -> client.stream.close());
        } catch (IOException e) {
            System.err.println("echo: " + e.getMessage());
            close();
        }
    }

    private void turn() throws IOException {
        int n = acceptLater ? poll.poll(events, ACCEPT_RETRY) : poll.poll(events);
        for (int i = 0; i < n; i++) {
            long token = events.token(i);
            Client client = clients.get(token);
            if (client != null) { // else it was closed earlier in this batch
                // a FIN that came with the last data has no event of its own, and a read stops at urgent data
                serve(client, events.isReadClosed(i) || events.isError(i) || events.isPriority(i));
            } else if (token == LISTENER) {
                acceptLater = true;
            }
        }
        if (acceptLater) {
            accept();
        }
    }

    /**
     * Accepts all that wait: one event may stand for many. Without descriptors it tries again, as no event will come.
     */
    private void accept() throws IOException {
        try {
            for (TcpStream stream; (stream = listener.accept()) != null;) {
                add(stream);
            }
            acceptLater = false;
        } catch (ResourceExhaustedException e) {
            acceptLater = true;
        }
    }

    private void add(TcpStream stream) {
        Client client = new Client(stream);
        client.token = clients.insert(client);
        try {
            poll.registry().register(stream, client.token, Interest.READABLE);
        } catch (IOException e) {
            drop(client);
        }
    }

    private void drop(Client client) {
        clients.remove(client.token);
        client.stream.close();
    }

    private void serve(Client client, boolean toTheEnd) {
        try {
            if (client.pending != null && !flush(client)) {
                return;
            }
            long n;
            while ((n = client.stream.read(buffer)) > 0) {
                if (!echo(client, n)) {
                    return; // back-pressure: read on when the client has taken its output
                }
                if (n < BUFFER_SIZE && !toTheEnd) {
                    return; // a short read has drained the socket
                }
            }
            if (n == IoResult.EOF) {
                drop(client);
            }
        } catch (IOException e) { // a reset: normal life
            drop(client);
        }
    }

    /** Sends what was read; false if some of it must wait. */
    private boolean echo(Client client, long length) throws IOException {
        long sent = Math.max(client.stream.write(buffer, 0, length), 0);
        if (sent == length) {
            return true;
        }
        if (client.pending == null) {
            client.pending = client.stream.arena().allocate(BUFFER_SIZE, 64);
        }
        MemorySegment.copy(buffer, sent, client.pending, 0, length - sent);
        client.from = 0;
        client.to = length - sent;
        poll.registry().reregister(client.stream, client.token, Interest.WRITABLE);
        return false;
    }

    /** Sends what waits; false if some of it must wait longer. */
    private boolean flush(Client client) throws IOException {
        if (client.from == client.to) {
            return true;
        }
        client.from += Math.max(client.stream.write(client.pending, client.from, client.to - client.from), 0);
        if (client.from < client.to) {
            return false;
        }
        poll.registry().reregister(client.stream, client.token, Interest.READABLE);
        return true;
    }
}
