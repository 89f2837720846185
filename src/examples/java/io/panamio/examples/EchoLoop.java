package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
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
import java.util.ArrayDeque;
import java.util.concurrent.locks.LockSupport;

/**
 * An event loop that sends back what it gets: the model of how a loop on Panamio is written. In the steady state it
 * allocates nothing, and a request takes three system calls: a poll, a read, a write.
 *
 * <p>Nothing that befalls one client ends the loop or keeps the others waiting: a failure, whatever it is, drops that
 * client; one that sends without end gets its turns between those of the others; and without descriptors or memory no
 * more are accepted for a while.
 */
final class EchoLoop implements Runnable, AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    /** It fits into the processor's first cache, which larger ones do not; smaller ones take more system calls. */
    private static final int BUFFER_SIZE = 32 * 1024;
    /** After so many full buffers the other clients get their turn. */
    private static final int MOST_READS = 16;
    private static final Duration RETRY = Duration.ofMillis(100);

    /** A client, and what it has not taken yet. While there is such output, nothing more is read from it. */
    private static final class Client {
        final TcpStream stream;
        long token;
        MemorySegment pending;
        long from;
        long to;
        /**
         * Whether a short read proves nothing: a FIN that came with the last data has no event of its own, and a read
         * stops at urgent data.
         */
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
    private final int mostClients;
    private final Events events = Events.withCapacity(1024);
    private final Slab<Client> clients = new Slab<>(1024);
    /** Those whose turn has ended before their socket was drained: no event tells that there is more. */
    private final ArrayDeque<Client> ready = new ArrayDeque<>();
    /** One for all: it is empty between events. */
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE, 64);
    /** Whether clients may be waiting to be accepted. */
    private boolean clientsWait;
    /** Whether accepting has failed, so that no event tells when to try again. */
    private boolean exhausted;
    /** How many events the last wait had, and how many of them have been seen to: a turn may be cut short. */
    private int count;
    private int seen;
    /** Why the last turn has not come to its end; null if it has. */
    private OutOfMemoryError cutShort;

    EchoLoop(TcpListener listener, int mostClients, Duration spin) throws IOException {
        this.listener = listener;
        this.mostClients = mostClients;
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
                try {
                    if (cutShort != null) {
                        goOn();
                    }
                    turn();
                } catch (OutOfMemoryError e) { // in what was to end a client, say
                    cutShort = e; // and no more, as even a string may need memory when it is used first
                }
            }
        } catch (ClosedSelectorException e) {
            clients.forEach(client -> client.stream.close());
        } catch (IOException e) {
            log("no more events", e);
            close();
        }
    }

    private void goOn() {
        OutOfMemoryError e = cutShort;
        cutShort = null;
        clientsWait = true;
        exhausted = true;
        log("a turn was cut short", e);
    }

    private void turn() throws IOException {
        if (seen == count) {
            count = poll();
            seen = 0;
        }
        while (seen < count) {
            int i = seen++;
            long token = events.token(i);
            Client client = clients.get(token);
            if (client != null) { // else it was closed earlier in this batch
                client.toTheEnd |= events.isReadClosed(i) || events.isError(i) || events.isPriority(i);
                serve(client);
            } else if (token == LISTENER) {
                clientsWait = true;
            }
        }
        for (int i = ready.size(); i > 0; i--) {
            Client client = ready.remove();
            client.ready = false;
            if (clients.get(client.token) == client) { // else it was closed meanwhile
                serve(client);
            }
        }
        if (clientsWait && clients.size() < mostClients) {
            accept();
        }
    }

    private int poll() throws IOException {
        try {
            return !ready.isEmpty() ? poll.pollNow(events) : exhausted ? poll.poll(events, RETRY) : poll.poll(events);
        } catch (ResourceExhaustedException | OutOfMemoryError e) { // no memory for a wait: nothing is lost
            log("no events for now", e);
            LockSupport.parkNanos(RETRY.toNanos());
            return 0;
        }
    }

    /** Accepts all that wait, as one event may stand for many. */
    private void accept() {
        try {
            while (clients.size() < mostClients) {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    clientsWait = false;
                    break;
                }
                add(stream);
            }
            exhausted = false;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (!exhausted) {
                log("no more clients for now", e);
            }
            exhausted = true;
        }
    }

    private void add(TcpStream stream) {
        long token = LISTENER;
        try {
            Client client = new Client(stream);
            token = clients.insert(client);
            client.token = token;
            poll.registry().register(stream, token, Interest.READABLE);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
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
        } catch (IOException e) { // a reset: normal life
            drop(client);
        } catch (RuntimeException | OutOfMemoryError e) {
            drop(client);
            log("a client is dropped", e);
        }
    }

    private void receive(Client client) throws IOException {
        for (int reads = 0; reads < MOST_READS; reads++) {
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
                return; // back-pressure: read on when the client has taken its output
            }
            if (n < BUFFER_SIZE && !client.toTheEnd) {
                return; // a short read has drained the socket
            }
        }
        if (!client.ready) {
            ready.add(client); // which there may be no memory for
            client.ready = true;
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
