package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.examples.log.LogFile;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * An event loop that sends back what it receives: the model for a loop on Panamio. In the steady state it allocates
 * nothing, and a request takes three system calls: a poll, a read, a write.
 *
 * <p>No client can end the loop or delay the others: a failure drops only that client; a client that sends without
 * pause takes turns with the others, and so do clients that wait to be accepted; and without descriptors or memory no
 * more clients are accepted for a while.
 */
final class EchoLoop implements Runnable, AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    /** Fits into the first-level cache; a smaller one takes more system calls. */
    private static final int BUFFER_SIZE = 32 * 1024;
    /** The number of full buffers after which the other clients have their turn. */
    private static final int MAX_READS = 16;

    /** A client and its pending output. While output is pending, nothing more is read from the client. */
    private static final class Client {
        final TcpStream stream;
        long token;
        MemorySegment pending;
        long from;
        long to;
        /** Whether to read until a read would block, even after a short one. */
        boolean toTheEnd;
        /** Whether it is in {@link EchoLoop#ready}. */
        boolean ready;

        Client(TcpStream stream) {
            this.stream = stream;
        }
    }

    private final Poll poll = Poll.open();
    private final LogFile errors = LogFile.standardError();
    private final TcpListener listener;
    private final Acceptor acceptor;
    private final Events events = Events.withCapacity(1024);
    private final Slab<Client> clients = new Slab<>(1024);
    /** Clients whose turn ended before their socket was drained: no event reports the rest. */
    private final TurnQueue<Client> ready = new TurnQueue<>();
    /** Shared by all clients: empty between events. */
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE, 64);
    /** The number of events of the last poll, and of those already handled: an exception may end a turn early. */
    private int count;
    private int seen;
    /** What ended the last turn early, or null. */
    private Throwable cutShort;

    EchoLoop(TcpListener listener, int maxClients, Duration spin) throws IOException {
        this.listener = listener;
        acceptor = new Acceptor(maxClients);
        listener.setOption(StandardSocketOptions.TCP_NODELAY, true); // accepted sockets inherit it
        poll.setSpin(spin);
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    InetSocketAddress address() throws IOException {
        return listener.localAddress();
    }

    /**
     * Ends {@link #run}, from any thread, which then closes the listener and all connections. If {@link #run} is never
     * called, only the Poll is closed.
     */
    @Override
    public void close() {
        poll.close();
    }

    /** Serves until closed. */
    @Override
    public void run() {
        try (listener) {
            for (;;) {
                try {
                    if (cutShort != null) {
                        resume();
                    }
                    turn();
                } catch (ClosedSelectorException e) {
                    throw e;
                } catch (RuntimeException | Error e) { // such as in the handler of a failed client
                    cutShort = e; // logged later: the first use of a string may allocate
                }
            }
        } catch (ClosedSelectorException e) {
            clients.forEach(client -> client.stream.close());
        }
    }

    private void resume() {
        Throwable e = cutShort;
        cutShort = null;
        acceptor.clientsWait();
        log("a turn has failed", e);
        LockSupport.parkNanos(Acceptor.RETRY.toNanos()); // it may be the first of many
    }

    private void turn() {
        if (seen == count) {
            count = poll();
            seen = 0;
        }
        while (seen < count) {
            int i = seen++;
            long token = events.token(i);
            Client client = clients.get(token);
            if (client != null) { // otherwise it was closed earlier in this batch
                client.toTheEnd |= ShortReads.mayHideMore(events, i);
                serve(client);
            } else if (token == LISTENER) {
                acceptor.clientsWait();
            }
        }
        for (int i = ready.size(); i > 0; i--) {
            Client client = ready.remove();
            client.ready = false;
            if (clients.get(client.token) == client) { // else closed meanwhile
                serve(client);
            }
        }
        accept();
    }

    private int poll() {
        try {
            return !ready.isEmpty() || acceptor.isDue(clients.size()) ? poll.pollNow(events)
                : acceptor.isPending(clients.size()) ? poll.poll(events, Acceptor.RETRY) : poll.poll(events);
        } catch (IOException | OutOfMemoryError e) { // such as no memory for the wait: no event is lost
            log("no events for now", e);
            LockSupport.parkNanos(Acceptor.RETRY.toNanos());
            return 0;
        }
    }

    private void accept() {
        try {
            for (int i = 0; i < Acceptor.MAX_ACCEPTS && acceptor.isDue(clients.size()); i++) {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    acceptor.drained();
                } else {
                    add(stream);
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            if (acceptor.failed(clients.size())) {
                log("no more clients for now", e);
            }
        }
    }

    private void add(TcpStream stream) {
        long token = LISTENER;
        try {
            Client client = new Client(stream);
            token = clients.insert(client);
            client.token = token;
            poll.registry().register(stream, token, Interest.READABLE);
        } catch (IOException | RuntimeException | Error e) {
            clients.remove(token);
            stream.close();
            log("a client is dropped", e);
        }
    }

    private void drop(Client client) {
        clients.remove(client.token);
        client.stream.close();
    }

    private void log(String what, Throwable cause) {
        errors.write("echo: " + what, cause);
    }

    private void serve(Client client) {
        try {
            if (client.pending == null || flush(client)) {
                receive(client);
            }
        } catch (IOException e) { // such as a reset: expected
            drop(client);
        } catch (RuntimeException | Error e) {
            drop(client);
            log("a client is dropped", e);
        }
    }

    private void receive(Client client) throws IOException {
        for (int reads = 0; reads < MAX_READS; reads++) {
            long n = client.stream.read(buffer);
            if (n == IoResult.EOF) {
                drop(client);
                return;
            }
            if (n == IoResult.WOULD_BLOCK) {
                client.toTheEnd = false;
                return;
            }
            if (!echo(client, n)) {
                return; // back-pressure: reading resumes when the output is written
            }
            if (n < BUFFER_SIZE && !client.toTheEnd) {
                return; // a short read has drained the socket
            }
        }
        if (!client.ready) {
            ready.add(client); // may throw OutOfMemoryError
            client.ready = true;
        }
    }

    /** Sends what was read, and returns whether all of it could be written. */
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

    /** Sends the pending output, and returns whether all of it could be written. */
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
