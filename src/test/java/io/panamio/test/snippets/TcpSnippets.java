package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Registry;
import io.panamio.Slab;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/** Examples for the Javadoc of {@code TcpStream}, {@code Connector} and {@code TcpListener}. */
final class TcpSnippets {
    private TcpSnippets() {
    }

    /** Connects to a server, sends a request and returns the number of bytes of the response. */
    static long request(InetSocketAddress server, byte[] request, MemorySegment response) throws IOException {
        // @start region="connect"
        try (Poll poll = Poll.open(); TcpStream stream = TcpStream.connect(server)) {
            Events events = Events.withCapacity(16);
            poll.registry().register(stream, 0, Interest.WRITABLE);
            while (!stream.finishConnect()) { // throws if the connection attempt failed
                poll.poll(events);
            }
            int sent = 0;
            while (sent < request.length) {
                long n = stream.write(request, sent, request.length - sent);
                if (n > 0) {
                    sent += (int) n;
                } else {
                    poll.poll(events); // WOULD_BLOCK: there is an event when there is room again
                }
            }
            poll.registry().reregister(stream, 0, Interest.READABLE);
            long received = 0;
            while (received < response.byteSize()) {
                long n = stream.read(response, received, response.byteSize() - received);
                if (n == IoResult.EOF) {
                    break;
                } else if (n == IoResult.WOULD_BLOCK) {
                    poll.poll(events);
                } else {
                    received += n;
                }
            }
            return received;
        }
        // @end
    }

    /** Connects to a server by its name, sends a request and returns the first bytes of the response. */
    static long request(String host, int port, byte[] request, MemorySegment response) throws IOException {
        // @start region="connect-by-name"
        try (Poll poll = Poll.open(); Connector connector = Connector.connect(host, port, Duration.ofSeconds(10))) {
            Events events = Events.withCapacity(16);
            poll.registry().register(connector, 0, Interest.WRITABLE);
            TcpStream connected;
            while ((connected = connector.finishConnect()) == null) { // throws if no address can be reached in time
                poll.poll(events);
            }
            try (TcpStream stream = connected) {
                poll.registry().register(stream, 1, Interest.READABLE);
                stream.write(request, 0, request.length);
                long n;
                while ((n = stream.read(response)) == IoResult.WOULD_BLOCK) {
                    poll.poll(events);
                }
                return n;
            }
        }
        // @end
    }

    // @start region="resolver"
    /** Connects to a host whose name is resolved by an executor. */
    static Connector connect(String host, int port, Executor executor) throws IOException {
        return Connector.connect(host, port, Duration.ofSeconds(10), ConnectOptions.DEFAULT,
            name -> CompletableFuture.supplyAsync(() -> {
                try {
                    return InetAddress.getAllByName(name);
                } catch (UnknownHostException e) {
                    throw new CompletionException(e);
                }
            }, executor));
    }
    // @end

    /** Accepts connections and closes each at the end of its stream, until a number of them has ended. */
    static void serve(TcpListener listener, int connections) throws IOException {
        try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
            Events events = Events.withCapacity(256);
            Slab<TcpStream> streams = new Slab<>();
            MemorySegment buffer = arena.allocate(64 * 1024);
            poll.registry().register(listener, -1, Interest.READABLE);
            boolean more = false;
            while (connections > 0) {
                int n = more ? poll.poll(events, Duration.ofMillis(1)) : poll.poll(events);
                for (int i = 0; i < n; i++) {
                    if (events.token(i) == -1) {
                        more = true;
                    } else if (!discard(streams.get(events.token(i)), buffer)) {
                        streams.remove(events.token(i)).close();
                        connections--;
                    }
                }
                more = more && accept(listener, poll.registry(), streams);
            }
        }
    }

    /** Returns false at the end of the stream, and if the connection is broken. */
    private static boolean discard(TcpStream stream, MemorySegment buffer) {
        try {
            long n;
            do {
                n = stream.read(buffer);
            } while (n > 0);
            return n != IoResult.EOF;
        } catch (IOException e) {
            return false;
        }
    }

    // @start region="accept"
    /** Accepts at most 64 connections. Returns whether to call this again later: no event reports the others. */
    static boolean accept(TcpListener listener, Registry registry, Slab<TcpStream> streams) {
        for (int i = 0; i < 64; i++) {
            long token = -1;
            try {
                TcpStream stream = listener.accept();
                if (stream == null) {
                    return false;
                }
                token = streams.insert(stream);
                registry.register(stream, token, Interest.READABLE);
            } catch (IOException e) {
                if (token < 0) {
                    return true; // no descriptor is free: wait for a while
                }
                streams.remove(token).close(); // only this connection
            }
        }
        return true; // others have their turn first
    }
    // @end
}
