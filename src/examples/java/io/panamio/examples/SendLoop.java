package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.examples.log.LogFile;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * An event loop that sends a file to every client and then waits until the client closes. Each gets a piece at a time,
 * so that a fast one does not keep the others waiting. A client that cannot get all of the file gets a reset, so that
 * it does not take a part for the whole. As that must hold however this process ends, the system is told at first that
 * a close is a reset, and once all is sent that it is none.
 */
final class SendLoop implements AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long PIECE = 1 << 20;
    private static final Duration RETRY = Duration.ofMillis(100);

    /** Who gets the file, and how far that is. */
    private static final class Client {
        final TcpStream stream;
        final InetSocketAddress address; // which a connection that has ended no longer tells
        final long started = System.nanoTime();
        long token;
        ZeroCopySender sender;
        long position;
        /** Whether there may be something to read, or room for more, or completions of the sender's. */
        boolean readable;
        boolean writable;
        boolean error;
        /** Whether it is among the ready ones. */
        boolean queued;
        /** Whether it has got all. */
        boolean whole;
        /** Whether it has ended its side; it may still want the file. */
        boolean ended;

        Client(TcpStream stream) throws IOException {
            this.stream = stream;
            address = stream.peerAddress();
        }
    }

    private final Poll poll = Poll.open();
    private final LogFile errors = LogFile.standardError();
    private final Events events = Events.withCapacity(256);
    private final Slab<Client> clients = new Slab<>(64);
    /** Those for whom something can be done without another event. */
    private final ArrayDeque<Client> ready = new ArrayDeque<>();
    private final MemorySegment sink = Arena.ofAuto().allocate(64 * 1024);
    private final TcpListener listener;
    private final LogFile out;
    private final Send.Way way;
    private final FileSource file;
    private final long size;
    /** The file, mapped until it is collected: it may be sent from even after a client is gone. */
    private final ZeroCopyBuffer mapping;
    /** Whether clients may be waiting to be accepted. */
    private boolean clientsWait;
    /** Whether accepting has failed, so that no event tells when to try again. */
    private boolean exhausted;
    /** How many events the last wait had, and how many of them have been seen to: a turn may be cut short. */
    private int count;
    private int seen;
    /** Why the last turn has not come to its end; null if it has. */
    private OutOfMemoryError cutShort;

    SendLoop(TcpListener listener, Path path, Send.Way way, LogFile out) throws IOException {
        this.listener = listener;
        this.way = way;
        this.out = out;
        file = FileSource.open(path);
        size = file.size();
        mapping = map(path);
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    private static ZeroCopyBuffer map(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            if (size > 0) {
                return ZeroCopyBuffer.of(channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto()));
            }
            if (channel.read(ByteBuffer.allocate(1)) > 0) {
                throw new IOException("it has no size, as a file of /proc, and is not empty");
            }
            return null;
        } catch (FileSystemException e) {
            throw e; // it names the file
        } catch (IOException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
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
    void run() throws IOException {
        try (listener; file) {
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
            Client client = clients.get(events.token(i));
            if (client != null) {
                client.readable |= events.isReadable(i) || events.isReadClosed(i) || events.isError(i);
                client.writable |= events.isWritable(i);
                client.error |= events.isError(i);
                enqueue(client);
            } else if (events.token(i) == LISTENER) {
                clientsWait = true;
            }
        }
        for (int i = ready.size(); i > 0; i--) {
            serve(ready.remove());
        }
        if (clientsWait) {
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
            for (TcpStream stream; (stream = listener.accept()) != null;) {
                add(stream);
            }
            clientsWait = false;
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
            stream.setOption(StandardSocketOptions.SO_LINGER, 0); // a close is a reset
            Client client = new Client(stream);
            client.sender = way == Send.Way.ZEROCOPY ? ZeroCopySender.of(stream) : null;
            token = clients.insert(client);
            client.token = token;
            poll.registry().register(stream, token, Interest.READABLE.add(Interest.WRITABLE));
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            clients.remove(token);
            stream.close();
            log("a client is dropped", e);
        }
    }

    private void log(String what, Throwable cause) {
        errors.write("send: " + what, cause);
    }

    private void enqueue(Client client) {
        if (!client.queued) {
            ready.add(client); // which there may be no memory for
            client.queued = true;
        }
    }

    private void serve(Client client) {
        client.queued = false;
        if (clients.get(client.token) != client) {
            return; // it has gone meanwhile
        }
        try {
            if (client.error && client.sender != null) {
                client.error = false;
                client.sender.drainCompletions(); // which look like an error; a real one comes with the next call
            }
            if (client.readable) {
                discard(client);
            }
            if (client.writable && !client.whole) {
                send(client);
            }
            if (client.whole && client.ended) {
                tell(client);
                drop(client);
            } else if (client.readable || client.writable && !client.whole) {
                enqueue(client);
            }
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            drop(client);
            if (!client.whole) {
                log(client.address + " has not got all", e);
            }
        }
    }

    /** What clients say does not matter, only that they go. */
    private void discard(Client client) throws IOException {
        long n = client.stream.read(sink);
        client.readable = n > 0;
        client.ended |= n == IoResult.EOF;
    }

    private void send(Client client) throws IOException {
        long asked = Math.min(PIECE, size - client.position);
        long n = asked == 0 ? 0 : piece(client, asked);
        if (n == IoResult.EOF) {
            throw new EOFException("the file was cut");
        }
        client.position += Math.max(n, 0);
        client.writable = n >= 0; // after a short piece, too: the file may end there by now, which no event tells
        if (client.position == size) {
            requireWhole();
            client.stream.setOption(StandardSocketOptions.SO_LINGER, -1);
            client.stream.shutdown(Shutdown.WRITE);
            client.whole = true;
        }
    }

    /** The last page of a mapping has zeros in place of what was cut from it. */
    private void requireWhole() throws IOException {
        if (file.size() < size) {
            throw new EOFException("the file was cut");
        }
    }

    private long piece(Client client, long length) throws IOException {
        return switch (way) {
            case SENDFILE -> file.transferTo(client.position, length, client.stream);
            case ZEROCOPY -> client.sender.send(mapping, client.position, length);
            case WRITE -> client.stream.write(mapping.segment(), client.position, length);
        };
    }

    private void tell(Client client) throws IOException {
        double seconds = (System.nanoTime() - client.started) / 1e9;
        String line = String.format(Locale.ROOT, "%s: %d bytes, %.3f s", client.address, client.position, seconds);
        if (client.sender != null) {
            client.sender.drainCompletions();
            line += String.format(Locale.ROOT, ", %d sends without copying, of which the system copied %d after all",
                client.sender.sent(), client.sender.copied());
        }
        out.write(line);
    }

    private void drop(Client client) {
        clients.remove(client.token);
        client.stream.close();
    }
}
