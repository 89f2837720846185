package io.panamio.bench;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.Slab;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/** Keeps connections in a {@link Slab} until they end. */
final class IdlePanamio {
    private static final long LISTENER = -1;

    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(1024);
    private final TcpListener listener = TcpListener.bind(new InetSocketAddress(0));
    private final Slab<TcpStream> streams = new Slab<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(1024);

    private IdlePanamio() throws IOException {
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    /** Starts the loop and returns the port. */
    static int start() throws IOException {
        IdlePanamio server = new IdlePanamio();
        Thread.ofPlatform().daemon().start(server::run);
        return server.listener.localAddress().getPort();
    }

    private void run() {
        try {
            for (;;) {
                int n = poll.poll(events);
                for (int i = 0; i < n; i++) {
                    long token = events.token(i);
                    if (token == LISTENER) {
                        accept();
                    } else if (streams.get(token).read(buffer) < 0) {
                        streams.remove(token).close();
                        IdleServer.closed();
                    }
                }
            }
        } catch (IOException e) {
            System.err.println(e);
            Runtime.getRuntime().halt(1);
        }
    }

    private void accept() throws IOException {
        for (TcpStream stream; (stream = listener.accept()) != null;) {
            stream.setNoDelay(true);
            poll.registry().register(stream, streams.insert(stream), Interest.READABLE);
            IdleServer.opened();
        }
    }
}
