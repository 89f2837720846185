package io.panamio.examples;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.FileSource;
import io.panamio.pipeline.ZeroCopyBuffer;
import io.panamio.pipeline.ZeroCopySender;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;

/**
 * An event loop that sends a file to every client and then waits until the client closes. Each gets a piece at a time,
 * so that a fast one does not keep the others waiting.
 */
final class SendLoop implements AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long PIECE = 1 << 20;

    /** Who gets the file, and how far that is. */
    private static final class Client {
        final TcpStream stream;
        final InetSocketAddress address; // which a connection that has ended no longer tells
        final long started = System.nanoTime();
        long token;
        ZeroCopySender sender;
        long position;
        /** Whether it is among the ready ones, or has all. */
        boolean queued;

        Client(TcpStream stream) throws IOException {
            this.stream = stream;
            address = stream.peerAddress();
        }
    }

    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(256);
    private final Slab<Client> clients = new Slab<>(64);
    /** Those who could get more at once. */
    private final ArrayDeque<Client> ready = new ArrayDeque<>();
    private final MemorySegment sink = Arena.ofAuto().allocate(4096);
    private final TcpListener listener;
    private final PrintWriter out;
    private final Send.Way way;
    private final FileSource file;
    private final long size;
    /** The file, mapped until it is collected: it may be sent from even after a client is gone. */
    private final ZeroCopyBuffer mapping;

    SendLoop(TcpListener listener, Path path, Send.Way way, PrintWriter out) throws IOException {
        this.listener = listener;
        this.way = way;
        this.out = out;
        file = FileSource.open(path);
        size = file.size();
        mapping = size == 0 ? null : ZeroCopyBuffer.of(map(path));
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    private static MemorySegment map(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto());
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
                turn();
            }
        } catch (ClosedSelectorException e) {
            clients.forEach(client -> client.stream.close());
        }
    }

    private void turn() throws IOException {
        int n = ready.isEmpty() ? poll.poll(events) : poll.pollNow(events);
        for (int i = 0; i < n; i++) {
            Client client = clients.get(events.token(i));
            if (client != null) {
                handle(client, i);
            } else if (events.token(i) == LISTENER) {
                accept();
            }
        }
        for (int i = ready.size(); i > 0; i--) {
            send(ready.poll());
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            try {
                Client client = new Client(stream);
                client.token = clients.insert(client);
                client.sender = way == Send.Way.ZEROCOPY ? ZeroCopySender.of(stream) : null;
                poll.registry().register(stream, client.token, Interest.READABLE.add(Interest.WRITABLE));
            } catch (IOException e) { // it has gone already
                stream.close();
            }
        }
    }

    private void handle(Client client, int event) {
        try {
            if (client.sender != null && events.isError(event)) {
                client.sender.drainCompletions(); // which look like an error; a real one comes with the next call
            }
            if (events.isWritable(event) && !client.queued) {
                client.queued = true;
                ready.add(client);
            }
            if (events.isReadable(event) || events.isReadClosed(event) || events.isError(event)) {
                long n;
                do {
                    n = client.stream.read(sink); // what clients say does not matter, only that they go
                } while (n > 0);
                if (n == IoResult.EOF) {
                    tell(client);
                    drop(client);
                }
            }
        } catch (IOException e) { // a reset: normal life
            drop(client);
        }
    }

    private void send(Client client) {
        if (clients.get(client.token) != client) {
            return; // it has gone meanwhile
        }
        try {
            long asked = Math.min(PIECE, size - client.position);
            long n = asked == 0 ? 0 : piece(client, asked);
            if (n == IoResult.EOF) {
                throw new IOException("the file was cut");
            }
            client.position += Math.max(n, 0);
            if (client.position == size) {
                client.stream.shutdown(Shutdown.WRITE);
            } else if (n == asked) {
                ready.add(client);
            } else {
                client.queued = false; // until there is room
            }
        } catch (IOException e) {
            drop(client);
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
        out.printf("%s: %d bytes, %.3f s", client.address, client.position, seconds);
        if (client.sender != null) {
            client.sender.drainCompletions();
            out.printf(", %d sends without copying, of which the system copied %d after all", client.sender.sent(),
                client.sender.copied());
        }
        out.println();
        out.flush();
    }

    private void drop(Client client) {
        clients.remove(client.token);
        client.stream.close();
    }
}
