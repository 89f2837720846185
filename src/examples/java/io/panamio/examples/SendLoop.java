package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.examples.log.LogFile;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
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
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * An event loop that sends a file to every client, or to one server, and then waits until that peer closes. Each
 * receives a piece at a time, so that a fast one does not delay the others. The connection of one that cannot receive
 * the whole file is reset, so that it does not mistake a part for the whole. This holds even if the process is killed:
 * until everything is sent, SO_LINGER is 0, so that a close resets the connection.
 */
final class SendLoop implements AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long CONNECTOR = -2;
    private static final Duration CONNECT_TIME = Duration.ofSeconds(10);
    private static final long PIECE = 1 << 20;

    /** A client and its position in the file. */
    private static final class Client {
        final TcpStream stream;
        final InetSocketAddress address; // not available once the connection has ended
        final long started = System.nanoTime();
        long token;
        ZeroCopySender sender;
        long position;
        /** Readiness: data to read, room to write, and an error event, which also reports completions of the sender. */
        boolean readable;
        boolean writable;
        boolean error;
        /** Whether it is in {@link SendLoop#ready}. */
        boolean queued;
        /** Whether the whole file has been sent. */
        boolean whole;
        /** Whether the client has shut down its side; it may still receive. */
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
    /** Clients that can make progress without another event. */
    private final TurnQueue<Client> ready = new TurnQueue<>();
    private final MemorySegment sink = Arena.ofAuto().allocate(64 * 1024);
    /** Null if the file is sent to a server. */
    private final TcpListener listener;
    private final Acceptor acceptor;
    /** Connects to the server; null if there is none, or once it is connected. */
    private Connector connector;
    private final LogFile out;
    private final Send.Way way;
    private final FileSource file;
    private final long size;
    /**
     * The file, mapped until the mapping is garbage-collected: the kernel may send from it after a client is closed.
     * Null if the file is empty, or if it is sent without a mapping: Windows deletes no file that is mapped.
     */
    private final ZeroCopyBuffer mapping;
    /** The number of events of the last poll, and of those already handled: an exception may end a turn early. */
    private int count;
    private int seen;
    /** What ended the last turn early, or null. */
    private Throwable cutShort;
    /** Whether a client has not received the whole file. */
    private boolean incomplete;

    SendLoop(TcpListener listener, Path path, Send.Way way, LogFile out) throws IOException {
        this.listener = listener;
        acceptor = new Acceptor(listener == null ? 0 : Integer.MAX_VALUE);
        this.way = way;
        this.out = out;
        file = FileSource.open(path);
        size = file.size();
        mapping = map(path, size, way);
        if (listener != null) {
            listener.setOption(StandardSocketOptions.SO_LINGER, 0); // accepted sockets inherit it: a close is a reset
            poll.registry().register(listener, LISTENER, Interest.READABLE);
        }
    }

    /** Starts to connect to a server, to which {@link #run} sends the file. */
    void connect(InetSocketAddress server) throws IOException {
        connector = Connector.connect(server.getHostString(), server.getPort(), CONNECT_TIME,
            ConnectOptions.DEFAULT.with(StandardSocketOptions.SO_LINGER, 0)); // a close is a reset
        poll.registry().register(connector, CONNECTOR, Interest.WRITABLE);
    }

    private static ZeroCopyBuffer map(Path path, long size, Send.Way way) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            if (size == 0 && channel.read(ByteBuffer.allocate(1)) > 0) {
                throw new IOException("the size of the file is unknown, as for those in /proc");
            }
            return size == 0 || way == Send.Way.SENDFILE ? null
                : ZeroCopyBuffer.of(channel.map(FileChannel.MapMode.READ_ONLY, 0, size, Arena.ofAuto()));
        } catch (FileSystemException e) {
            throw e; // it names the file
        } catch (IOException e) {
            throw new IOException(path + ": " + e.getMessage(), e);
        }
    }

    InetSocketAddress address() throws IOException {
        return listener.localAddress();
    }

    /**
     * Ends {@link #run}, from any thread, which then closes the listener, the file and all connections. If {@link #run}
     * is never called, only the Poll is closed.
     */
    @Override
    public void close() {
        poll.close();
    }

    /**
     * Serves until closed, or until the server has the file. Returns whether every client has received the whole file.
     *
     * @throws IOException if the server cannot be reached
     */
    boolean run() throws IOException {
        try (listener; file) {
            while (listener != null || connector != null || clients.size() > 0) {
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
        } finally {
            if (connector != null) {
                connector.close();
            }
        }
        return !incomplete;
    }

    private void resume() {
        Throwable e = cutShort;
        cutShort = null;
        acceptor.clientsWait();
        log("a turn has failed", e);
        LockSupport.parkNanos(Acceptor.RETRY.toNanos()); // it may be the first of many
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
                acceptor.clientsWait();
            } else if (connector != null) {
                TcpStream stream = connector.finishConnect();
                if (stream != null) {
                    connector = null;
                    add(stream);
                }
            }
        }
        for (int i = ready.size(); i > 0; i--) {
            serve(ready.remove());
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
            client.sender = way == Send.Way.ZEROCOPY ? ZeroCopySender.of(stream) : null;
            token = clients.insert(client);
            client.token = token;
            poll.registry().register(stream, token, Interest.READABLE.add(Interest.WRITABLE));
        } catch (IOException | RuntimeException | Error e) {
            clients.remove(token);
            stream.close();
            incomplete = true;
            log("a client is dropped", e);
        }
    }

    private void log(String what, Throwable cause) {
        errors.write("send: " + what, cause);
    }

    private void enqueue(Client client) {
        if (!client.queued) {
            try {
                ready.add(client);
                client.queued = true;
            } catch (RuntimeException | Error e) {
                fail(client, e); // no event reports again what it is ready for
            }
        }
    }

    private void serve(Client client) {
        client.queued = false;
        if (clients.get(client.token) != client) {
            return; // closed meanwhile
        }
        try {
            if (client.error && client.sender != null) {
                client.error = false;
                client.sender.drainCompletions(); // reported as an error event; a real error is thrown by the next call
            }
            if (client.readable) {
                discard(client);
            }
            if (client.writable && !client.whole) {
                send(client);
            }
            if (client.whole && client.ended) {
                report(client);
                drop(client);
            } else if (client.readable || client.writable && !client.whole) {
                enqueue(client);
            }
        } catch (IOException | RuntimeException | Error e) {
            fail(client, e);
        }
    }

    private void fail(Client client, Throwable cause) {
        drop(client);
        if (!client.whole) {
            incomplete = true;
            log(client.address + " has not received the whole file", cause);
        }
    }

    /** Reads and discards input, to detect the end of the stream. */
    private void discard(Client client) throws IOException {
        long n = client.stream.read(sink);
        client.readable = n > 0;
        client.ended |= n == IoResult.EOF;
    }

    private void send(Client client) throws IOException {
        long asked = Math.min(PIECE, size - client.position);
        long n = asked == 0 ? 0 : piece(client, asked);
        if (n == IoResult.EOF) {
            throw new EOFException("the file was truncated");
        }
        client.position += Math.max(n, 0);
        client.writable = n >= 0; // after a short piece, too: the file may have been truncated, which no event reports
        if (client.position == size) {
            requireWhole();
            client.stream.setOption(StandardSocketOptions.SO_LINGER, -1);
            client.stream.shutdown(Shutdown.WRITE);
            client.whole = true;
        }
    }

    /** Fails if the file was truncated: its mapping then reads as zeros up to the end of the last page. */
    private void requireWhole() throws IOException {
        if (file.size() < size) {
            throw new EOFException("the file was truncated");
        }
    }

    private long piece(Client client, long length) throws IOException {
        return switch (way) {
            case SENDFILE -> file.transferTo(client.position, length, client.stream);
            case ZEROCOPY -> client.sender.send(mapping, client.position, length);
            case WRITE -> client.stream.write(mapping.segment(), client.position, length);
        };
    }

    private void report(Client client) throws IOException {
        double seconds = (System.nanoTime() - client.started) / 1e9;
        String line = String.format(Locale.ROOT, "%s: %d bytes, %.3f s", client.address, client.position, seconds);
        if (client.sender != null) {
            client.sender.drainCompletions();
            line += String.format(Locale.ROOT, ", %d zero-copy sends, of which the system copied %d",
                client.sender.sent(), client.sender.copied());
        }
        out.write(line);
    }

    private void drop(Client client) {
        clients.remove(client.token);
        client.stream.close();
    }
}
