package io.panamio.bench;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A client of {@link Connects} on Panamio. */
final class ConnectsPanamio implements Connects.Client {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    /** Closes by a reset, as otherwise the ports are soon all in TIME_WAIT. */
    private static final ConnectOptions OPTIONS = ConnectOptions.DEFAULT.with(StandardSocketOptions.SO_LINGER, 0);

    private final Poll poll = Poll.open();
    private final Events events = Events.withCapacity(64);
    private final Connector[] connectors;
    /** The answer of one lookup, or null if each connector resolves the name itself. */
    private final CompletableFuture<InetAddress[]> shared;

    ConnectsPanamio(int running, boolean shares) throws IOException {
        connectors = new Connector[running];
        shared = shares ? Connector.resolve(Connects.HOST) : null;
    }

    @Override
    public long run(int port, long end) throws IOException {
        for (int i = 0; i < connectors.length; i++) {
            start(i, port);
        }
        long count = 0;
        for (int left = connectors.length; left > 0;) {
            int n = poll.poll(events);
            for (int i = 0; i < n; i++) {
                int token = (int) events.token(i);
                TcpStream stream = connectors[token] == null ? null : connectors[token].finishConnect();
                if (stream != null) {
                    stream.close();
                    connectors[token] = null;
                    count++;
                    if (System.nanoTime() < end) {
                        start(token, port);
                    } else {
                        left--;
                    }
                }
            }
        }
        return count;
    }

    private void start(int token, int port) throws IOException {
        connectors[token] = shared == null ? Connector.connect(Connects.HOST, port, TIMEOUT, OPTIONS)
            : Connector.connect(Connects.HOST, port, TIMEOUT, OPTIONS, host -> shared);
        poll.registry().register(connectors[token], token, Interest.WRITABLE);
    }

    @Override
    public void close() {
        poll.close();
    }
}
