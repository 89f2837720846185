package io.panamio.test.snippets;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/** Examples for the Javadoc of {@code TcpStream} and {@code TcpListener}. */
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

    /** Accepts connections and closes each at the end of its stream, until a number of them was served. */
    static void serve(TcpListener listener, int connections) throws IOException {
        // @start region="accept"
        long listening = -1; // tokens of a slab are never negative
        try (Poll poll = Poll.open(); Arena arena = Arena.ofConfined()) {
            Events events = Events.withCapacity(256);
            Slab<TcpStream> streams = new Slab<>();
            MemorySegment buffer = arena.allocate(64 * 1024);
            poll.registry().register(listener, listening, Interest.READABLE);
            while (connections > 0) {
                poll.poll(events);
                for (int i = 0; i < events.size(); i++) {
                    if (events.token(i) == listening) {
                        TcpStream accepted;
                        while ((accepted = listener.accept()) != null) { // one event may report several
                            poll.registry().register(accepted, streams.insert(accepted), Interest.READABLE);
                        }
                    } else if (streams.get(events.token(i)) instanceof TcpStream stream) {
                        long n;
                        do {
                            n = stream.read(buffer); // discards what it reads
                        } while (n > 0);
                        if (n == IoResult.EOF) {
                            streams.remove(events.token(i)).close(); // which deregisters it
                            connections--;
                        }
                    }
                }
            }
        }
        // @end
    }
}
