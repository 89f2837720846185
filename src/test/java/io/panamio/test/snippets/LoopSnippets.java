package io.panamio.test.snippets;

import io.panamio.Event;
import io.panamio.Events;
import io.panamio.Feature;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.Registry;
import io.panamio.Slab;
import io.panamio.SourceFd;
import io.panamio.SystemError;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/** Examples for the Javadoc of {@code Poll} and what belongs to its loop. */
final class LoopSnippets {
    private LoopSnippets() {
    }

    // @start region="echo"
    /** Sends back what it receives. No client ends it or keeps the others waiting. */
    static final class EchoServer {
        private static final long LISTENER = -1; // a slab's tokens are never negative
        private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

        /** A connection, and the bytes not echoed yet. */
        private record Client(TcpStream stream, ByteBuffer pending) {
        }

        private final Poll poll = Poll.open();
        private final TcpListener listener;
        private final Slab<Client> clients = new Slab<>();
        private final LinkedHashSet<Long> ready = new LinkedHashSet<>(); // whose turn ended before they were drained
        private boolean exhausted; // no descriptor was left for a connection

        EchoServer(TcpListener listener) throws IOException {
            this.listener = listener;
            poll.registry().register(listener, LISTENER, Interest.READABLE);
        }

        void run(BooleanSupplier running) throws IOException {
            Events events = Events.withCapacity(256);
            while (running.getAsBoolean()) {
                int n = !ready.isEmpty() ? poll.pollNow(events)
                    : exhausted ? poll.poll(events, Duration.ofMillis(100)) : poll.poll(events);
                for (int i = 0; i < n; i++) {
                    serve(events.token(i));
                }
                for (int i = ready.size(); i > 0; i--) {
                    serve(ready.removeFirst());
                }
                if (exhausted) {
                    accept(); // no event reports that a descriptor is free
                }
            }
            poll.close();
            clients.forEach(client -> client.stream.close());
        }

        private void serve(long token) {
            Client client = clients.get(token); // null if it was closed earlier in this batch of events
            if (token == LISTENER) {
                accept();
            } else if (client != null) {
                try {
                    echo(token, client.stream, client.pending);
                } catch (IOException e) {
                    close(token); // such as a reset: only this connection is broken
                }
            }
        }

        private void accept() {
            try {
                exhausted = false;
                for (int i = 0; i < 64; i++) {
                    TcpStream stream = listener.accept();
                    if (stream == null) {
                        return;
                    }
                    add(stream);
                }
                ready.add(LISTENER);
            } catch (IOException e) {
                exhausted = true;
            }
        }

        private void add(TcpStream stream) {
            long token = clients.insert(new Client(stream, ByteBuffer.allocate(4096)));
            try {
                poll.registry().register(stream, token, BOTH);
            } catch (IOException e) {
                close(token);
            }
        }

        private void echo(long token, TcpStream stream, ByteBuffer pending) throws IOException {
            for (int i = 0; i < 16; i++) { // then others have their turn
                long read = stream.read(pending);
                long written = stream.write(pending.flip());
                pending.compact();
                if (read <= 0 && written <= 0) { // drained, or full: an event reports when that changes
                    if (read == IoResult.EOF && pending.position() == 0) {
                        close(token);
                    }
                    return;
                }
            }
            ready.add(token); // no event reports the rest
        }

        private void close(long token) {
            clients.remove(token).stream.close(); // which deregisters it
        }
    }
    // @end

    /** Reads two streams in portions. */
    static final class Fair {
        private final Poll poll;
        private final Events events = Events.withCapacity(64);
        private final MemorySegment buffer;
        private final LongConsumer received;
        private final Slab<TcpStream> streams = new Slab<>();

        Fair(Poll poll, MemorySegment buffer, LongConsumer received) {
            this.poll = poll;
            this.buffer = buffer;
            this.received = received;
        }

        void add(TcpStream stream) throws IOException {
            poll.registry().register(stream, streams.insert(stream), Interest.READABLE);
        }

        // @start region="fairness"
        private final LinkedHashSet<TcpStream> ready = new LinkedHashSet<>(); // not drained yet

        void run() throws IOException {
            while (streams.size() > 0) {
                int n = ready.isEmpty() ? poll.poll(events) : poll.pollNow(events);
                for (int i = 0; i < n; i++) {
                    TcpStream stream = streams.get(events.token(i));
                    if (stream != null) {
                        ready.add(stream);
                    }
                }
                for (int i = ready.size(); i > 0; i--) { // each once, then poll again
                    TcpStream stream = ready.removeFirst();
                    if (!read(stream)) {
                        ready.add(stream);
                    }
                }
            }
        }

        /** Reads at most 16 buffers; returns whether the stream is drained or closed. */
        private boolean read(TcpStream stream) {
            try {
                for (int i = 0; i < 16; i++) {
                    long n = stream.read(buffer);
                    if (n == IoResult.WOULD_BLOCK) {
                        return true; // the next event comes with the next data
                    }
                    if (n == IoResult.EOF) {
                        close(stream);
                        return true;
                    }
                    received.accept(n);
                }
                return false;
            } catch (IOException e) { // such as a reset
                close(stream);
                return true;
            }
        }
        // @end

        private void close(TcpStream stream) {
            for (long t = streams.nextToken(-1); t >= 0; t = streams.nextToken(t)) {
                if (streams.get(t) == stream) {
                    streams.remove(t).close();
                }
            }
        }
    }

    /** Closes connections from which nothing has arrived for some time. */
    static final class IdleCloser {
        private final Poll poll;
        private final Duration idle;
        private final MemorySegment buffer;

        IdleCloser(Poll poll, Duration idle, MemorySegment buffer) {
            this.poll = poll;
            this.idle = idle;
            this.buffer = buffer;
        }

        // @start region="timers"
        private static final class Connection {
            TcpStream stream;
            long timer;
        }

        private final Slab<Connection> connections = new Slab<>();
        private final Timers timers = new Timers();

        void run() throws IOException {
            Events events = Events.withCapacity(256);
            while (connections.size() > 0) {
                int n = poll.poll(events, timers); // until an event or a deadline
                for (int i = 0; i < n; i++) {
                    long token = events.token(i);
                    Connection c = connections.get(token);
                    if (c != null) {
                        timers.reschedule(c.timer, idle);
                        read(c, token);
                    }
                }
                while (timers.expire()) {
                    close(timers.token());
                }
            }
        }

        void add(TcpStream stream) throws IOException {
            Connection c = new Connection();
            long token = connections.insert(c);
            c.stream = stream;
            c.timer = timers.schedule(token, idle);
            poll.registry().register(stream, token, Interest.READABLE);
        }

        private void close(long token) {
            Connection c = connections.remove(token);
            timers.cancel(c.timer); // does nothing if it has expired
            c.stream.close();
        }
        // @end

        private void read(Connection c, long token) {
            try {
                long n;
                while ((n = c.stream.read(buffer)) > 0) {
                    // until it would block
                }
                if (n == IoResult.EOF) {
                    close(token);
                }
            } catch (IOException e) {
                close(token);
            }
        }
    }

    static void handle(Poll poll, LongConsumer read, LongConsumer write) throws IOException {
        // @start region="events"
        Events events = Events.withCapacity(256); // once, for all polls
        int n = poll.poll(events);
        for (int i = 0; i < n; i++) { // by index
            if (events.isReadable(i) || events.isReadClosed(i) || events.isError(i)) {
                read.accept(events.token(i));
            }
        }
        for (Event event : events) { // or by iteration
            if (event.isWritable() || event.isWriteClosed() || event.isError()) {
                write.accept(event.token());
            }
        }
        // @end
    }

    static void interests(Registry registry, TcpStream stream, long token) throws IOException {
        // @start region="interest"
        Interest both = Interest.READABLE.add(Interest.WRITABLE);
        registry.register(stream, token, both);
        registry.reregister(stream, token, both.remove(Interest.WRITABLE)); // READABLE remains
        registry.reregister(stream, token, Interest.READABLE.oneShot());    // one event, then none until reregistered
        // @end
    }

    static long receive(Poll poll, TcpStream stream, MemorySegment buffer) throws IOException {
        // @start region="register"
        long received = 0;
        Events events = Events.withCapacity(16);
        poll.registry().register(stream, 0, Interest.READABLE);
        for (;;) {
            poll.poll(events);
            long n;
            while ((n = stream.read(buffer)) >= 0) { // until WOULD_BLOCK: there is no event before that
                received += n;
            }
            if (n == IoResult.EOF) {
                stream.close(); // which deregisters it
                return received;
            }
        }
        // @end
    }

    static void wake(Poll poll, Runnable task) throws IOException {
        // @start region="waker"
        Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
        Waker waker = Waker.open(poll.registry(), -2);

        Thread.ofPlatform().start(() -> { // any other thread
            tasks.add(task);
            waker.wake();
        });

        Events events = Events.withCapacity(16);
        poll.poll(events);
        for (Event event : events) {
            if (event.token() == -2) {
                for (Runnable next; (next = tasks.poll()) != null;) {
                    next.run();
                }
            }
        }
        // @end
        waker.close();
    }

    static TcpStream find(Registry registry, TcpStream stream, Poll poll) throws IOException {
        Events events = Events.withCapacity(1);
        // @start region="slab"
        Slab<TcpStream> streams = new Slab<>();
        registry.register(stream, streams.insert(stream), Interest.WRITABLE);

        poll.poll(events);
        long token = events.token(0);
        TcpStream found = streams.get(token);  // null once the stream is removed
        streams.remove(token).close();
        // @end
        return streams.get(token) == null ? found : null;
    }

    static int closeIdle(Slab<TcpStream> slab, long idle) {
        // @start region="next-token"
        int closed = 0;
        for (long token = slab.nextToken(-1); token >= 0; token = slab.nextToken(token)) {
            if (token == idle) {
                slab.remove(token).close();
                closed++;
            }
        }
        // @end
        return closed;
    }

    static boolean watch(Poll outer, Poll inner) throws IOException {
        // @start region="feature"
        for (Feature feature : Feature.values()) {
            System.Logger log = System.getLogger("features");
            log.log(System.Logger.Level.DEBUG, "{0}: {1}", feature, feature.support()); // SUPPORTED, EMULATED, REFUSED
        }
        if (!Feature.POLL_DESCRIPTOR.isAvailable()) {
            return false; // inner.fd() would throw UnsupportedOperationException
        }
        outer.registry().register(new SourceFd(inner.fd()), 0, Interest.READABLE);
        // @end
        return true;
    }

    static boolean isRefused(TcpStream connecting) throws IOException {
        // @start region="system-error"
        try {
            return !connecting.finishConnect();
        } catch (IOException e) {
            if (e instanceof SystemError error && error.errnoName().equals("ECONNREFUSED")) {
                return true; // no server there yet: try again later
            }
            throw e;
        }
        // @end
    }
}
