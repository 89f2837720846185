package io.panamio.test.guides;

import io.panamio.*;
import io.panamio.net.*;
import io.panamio.pipeline.*;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.LinkedHashSet;

/** Passes connections on to another server, without copying their bytes into the process. */
public final class Forward {
    private static final long LISTENER = -1;                     // a slab's tokens are never negative
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final ConnectOptions AT_ONCE = ConnectOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);

    /** One of the two streams of a relay; each has a token of its own. */
    private record End(TcpStream stream, Relay relay, long[] tokens) {
    }

    final Poll poll = Poll.open();
    private final TcpListener listener;
    private final InetSocketAddress target;
    private final PipePool pipes = new PipePool();               // only for connections with bytes on their way
    final Slab<End> ends = new Slab<>();
    private final LinkedHashSet<Long> ready = new LinkedHashSet<>(); // tokens of events, and of turns that ended early
    private final Events events = Events.withCapacity(256);

    Forward(TcpListener listener, InetSocketAddress target) throws IOException {
        this.listener = listener;
        this.target = target;
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    public static void main(String[] args) throws IOException {
        InetSocketAddress target = new InetSocketAddress(args[0], Integer.parseInt(args[1]));
        ListenOptions options = ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true); // inherited
        new Forward(TcpListener.bind(new InetSocketAddress(7000), options), target).run();
    }

    void run() throws IOException {
        for (;;) {
            int n = ready.isEmpty() ? poll.poll(events) : poll.pollNow(events);
            for (int i = 0; i < n; i++) {
                ready.add(events.token(i));
            }
            for (int i = ready.size(); i > 0; i--) {             // each of them once, then poll again
                long token = ready.removeFirst();
                if (token == LISTENER) {
                    accept();
                } else if (ends.get(token) != null) {
                    transfer(token, ends.get(token));
                }
            }
        }
    }

    private void accept() throws IOException {
        for (TcpStream client; (client = listener.accept()) != null;) {
            TcpStream server;
            try {
                server = TcpStream.connect(target, AT_ONCE);     // what arrives meanwhile is held back
            } catch (IOException e) {
                client.close();
                continue;
            }
            Relay relay = new Relay(client, server, pipes);
            long[] tokens = new long[2];
            tokens[0] = ends.insert(new End(client, relay, tokens));
            tokens[1] = ends.insert(new End(server, relay, tokens));
            poll.registry().register(client, tokens[0], BOTH);
            poll.registry().register(server, tokens[1], BOTH);
        }
    }

    private void transfer(long token, End end) {
        try {
            long n = end.relay.transfer(end.stream);             // on any event of either stream
            if (n == IoResult.EOF) {
                close(end);                                      // both have ended, and everything was passed on
            } else if (n != IoResult.WOULD_BLOCK) {
                ready.add(token);                                // more to do, after the others had their turn
            }
        } catch (IOException e) {
            close(end);                                          // a refused connect, a reset: the other one ends, too
        }
    }

    private void close(End end) {
        end.relay.close();                                       // both streams
        for (long token : end.tokens) {
            ends.remove(token);
        }
    }
}
