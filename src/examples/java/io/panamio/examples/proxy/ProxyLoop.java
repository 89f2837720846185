package io.panamio.examples.proxy;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.Source;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.examples.Acceptor;
import io.panamio.examples.TurnQueue;
import io.panamio.examples.log.LogFile;
import io.panamio.net.ConnectOptions;
import io.panamio.net.Connector;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The event loop of a TCP proxy: connects each client to the server by a connection of its own. In the steady state it
 * allocates nothing and makes no system calls but polls, reads, writes and splices: each stream is registered once,
 * edge-triggered, in both directions.
 *
 * <p>Ends of streams and resets are passed on. A client is reset, too, if the server cannot be reached in time or the
 * connection is idle for too long. At the limit on connections, or without descriptors, clients wait in the system's
 * queue until another one has ended. A failure ends only its own connection.
 *
 * <p>If the process is killed (SIGKILL), the system closes its connections as if they had ended: a peer sees the end of
 * the stream, and a reset only if bytes that it sent were not read. With a protocol that has neither lengths nor a
 * closing message, it mistakes a part for the whole.
 */
public final class ProxyLoop implements AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long WAKER = -2;
    /** The token of a timer. */
    private static final long GRACE = -3;
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    /** That of a connection covers the handshake as well. */
    private static final Duration NO_TIMEOUT = ChronoUnit.FOREVER.getDuration();
    private static final ConnectOptions TO_SERVER =
        ConnectOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);
    /** Accepted sockets inherit TCP_NODELAY. */
    private static final ListenOptions FOR_CLIENTS =
        ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);

    /**
     * The settings of a proxy.
     *
     * @param listen the address to listen on; port 0 lets the system choose
     * @param to the address of the server; its name, if it has one, is resolved again for later connections
     * @param mode how bytes are transferred
     * @param maxConnections the maximum number of clients at a time, at least 1
     * @param connectTimeout the maximum time to connect to the server, positive
     * @param idleTimeout the maximum time without data in either direction, positive
     * @param grace the maximum time that connections continue after the first {@link #stop}
     * @param encryption which connections are encrypted
     */
    public record Settings(InetSocketAddress listen, InetSocketAddress to, Mode mode, int maxConnections,
            Duration connectTimeout, Duration idleTimeout, Duration grace, Encryption encryption) {
    }

    private final LogFile errors = LogFile.standardError();
    private final Settings settings;
    private final Consumer<String> reports;
    private final Poll poll;
    private final Waker waker;
    private final TcpListener listener;
    private final Events events = Events.withCapacity(1024);
    private final Slab<Connection> sides = new Slab<>(1024); // two entries per connection
    private final TurnQueue<Connection> again = new TurnQueue<>();
    private final Timers timers;
    private final ServerAddresses addresses = new ServerAddresses();
    private final Statistics statistics = new Statistics();
    private final Acceptor acceptor;
    private Resources resources;
    /** The number of events of the last poll, and of those already handled: an exception may end a turn early. */
    private int count;
    private int seen;
    /** What ended the last turn early, or null. */
    private Throwable cutShort;
    /** An accepted client that has no connection to the server yet, for lack of a descriptor. */
    private TcpStream unserved;
    private boolean stopping;
    private boolean graceEnded;

    private final AtomicInteger stops = new AtomicInteger();
    private volatile boolean reportWanted;

    /**
     * Starts listening. {@link #run} serves.
     *
     * @param settings the settings
     * @param reports receives the statistics, in the loop's thread
     * @throws IOException if the address cannot be bound, or a system call fails
     */
    public ProxyLoop(Settings settings, Consumer<String> reports) throws IOException {
        this.settings = settings;
        this.reports = reports;
        timers = new Timers(tick(settings));
        acceptor = new Acceptor(settings.maxConnections);
        listener = TcpListener.bind(settings.listen, FOR_CLIENTS);
        Poll opened = null;
        try {
            opened = Poll.open();
            waker = Waker.open(opened.registry(), WAKER);
            opened.registry().register(listener, LISTENER, Interest.READABLE);
        } catch (Throwable t) {
            listener.close();
            if (opened != null) {
                opened.close();
            }
            throw t;
        }
        poll = opened;
    }

    /**
     * Returns the address that this listens on.
     *
     * @return the address, with the port that the system has chosen
     * @throws IOException if it is closed
     */
    public InetSocketAddress address() throws IOException {
        return listener.localAddress();
    }

    // ---- for any thread

    /**
     * Stops accepting clients; {@link #run} returns when the connected ones have ended, or after the grace period of
     * the settings. A second call resets them at once.
     */
    public void stop() {
        stops.incrementAndGet();
        waker.wake();
    }

    /** Requests a report of the statistics. */
    public void report() {
        reportWanted = true;
        waker.wake();
    }

    /**
     * Ends {@link #run} at once, which then resets all connections and closes the listener. If {@link #run} is never
     * called, nothing is released.
     */
    @Override
    public void close() {
        stop();
        stop();
    }

    // ---- the loop

    /** Serves until stopped, and reports the statistics at the end. Nothing else ends it. */
    public void run() {
        try (poll; listener; Resources own = new Resources()) {
            resources = own;
            try {
                while (!isStopped()) {
                    try {
                        if (cutShort != null) {
                            resume();
                        }
                        turn();
                    } catch (RuntimeException | Error e) { // such as in the handler of a failed client
                        cutShort = e; // logged later: the first use of a string may allocate
                    }
                }
            } finally {
                sides.forEach(this::fail);
                if (unserved != null) {
                    Connection.reset(unserved);
                }
                reportStatistics();
            }
        }
    }

    /**
     * Returns the resolution of the timeouts: a busy connection restarts its own about once in this time. At most 100
     * ms, as the grace period is rounded up to it.
     */
    private static Duration tick(Settings settings) {
        long shorter = Math.min(settings.connectTimeout.toNanos(), settings.idleTimeout.toNanos());
        return Duration.ofNanos(Math.clamp(shorter / 8, 1_000_000, 100_000_000));
    }

    private boolean isStopped() {
        return stops.get() > 1 || stopping && (connections() == 0 || graceEnded);
    }

    private int connections() {
        return sides.size() / 2;
    }

    private void resume() {
        Throwable e = cutShort;
        cutShort = null;
        acceptor.clientsWait();
        log("a turn has failed", e);
        LockSupport.parkNanos(Acceptor.RETRY.toNanos()); // it may be the first of many
    }

    private void turn() {
        if (seen == count) {
            count = poll();
            seen = 0;
            statistics.polls++;
        }
        while (seen < count) {
            int i = seen++;
            long token = events.token(i);
            Connection c = sides.get(token);
            if (c != null) { // otherwise it was closed earlier in this batch
                serve(c, i);
            } else if (token == LISTENER) {
                acceptor.clientsWait();
            } else if (token == WAKER) {
                wake();
            }
        }
        for (int i = again.size(); i > 0; i--) {
            Connection c = again.remove();
            c.again = false;
            if (!c.closed) {
                serve(c, -1);
            }
        }
        while (timers.expire()) {
            expire(timers.token());
        }
        accept();
    }

    private int poll() {
        try {
            return !again.isEmpty() || acceptor.isDue(connections()) ? poll.pollNow(events)
                : acceptor.isPending(connections()) ? poll.poll(events, Acceptor.untilRetry(timers))
                : poll.poll(events, timers);
        } catch (IOException | OutOfMemoryError e) { // such as no memory for the wait: no event is lost
            log("no events for now", e);
            LockSupport.parkNanos(Acceptor.RETRY.toNanos());
            return 0;
        }
    }

    private void wake() {
        if (reportWanted) {
            reportWanted = false;
            reportStatistics();
        }
        if (stops.get() > 0 && !stopping) {
            stopping = true;
            acceptor.stop();
            listener.close();
            timers.schedule(GRACE, settings.grace);
        }
    }

    private void reportStatistics() {
        try {
            reports.accept(statistics.text(connections(), settings.maxConnections, resources));
        } catch (RuntimeException | Error e) {
            log("no statistics", e);
        }
    }

    // ---- connections

    private void accept() {
        try {
            for (int i = 0; i < Acceptor.MAX_ACCEPTS && acceptor.isDue(connections()); i++) {
                if (unserved == null) {
                    unserved = listener.accept();
                }
                if (unserved == null) {
                    acceptor.drained();
                } else {
                    connect(unserved);
                    unserved = null;
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            if (acceptor.failed(connections())) {
                log("no more clients for now", e);
            }
        }
    }

    private void connect(TcpStream client) throws ResourceExhaustedException {
        Connection c = null;
        Connector connector = null;
        try {
            connector = Connector.connect(settings.to.getHostString(), settings.to.getPort(), NO_TIMEOUT, TO_SERVER,
                addresses);
            c = new Connection(client, connector, settings.mode, settings.encryption, statistics, resources);
            c.clientToken = sides.insert(c);
            c.serverToken = sides.insert(c);
            c.timer = timers.schedule(c.clientToken, settings.connectTimeout);
            poll.registry().register((Source) c.client, c.clientToken, BOTH);
            poll.registry().register(connector, c.serverToken, Interest.WRITABLE);
        } catch (IOException | RuntimeException | Error e) {
            if (connector == null && e instanceof ResourceExhaustedException r) {
                throw r;
            }
            if (!(e instanceof IOException)) {
                log("a client is reset", e);
            }
            if (c != null) {
                remove(c);
            }
            if (connector != null) {
                connector.close();
            }
            Connection.reset(client);
            statistics.refused++;
        }
        statistics.total++;
    }

    /** Handles an event of a connection, or continues its last turn if the index is -1. */
    private void serve(Connection c, int event) {
        try {
            boolean more = event < 0 ? c.move() : c.event(events, event, poll.registry());
            if (c.isDone()) {
                remove(c);
                c.close();
                return;
            }
            if (c.connected) {
                timers.reschedule(c.timer, settings.idleTimeout);
            }
            if (more && !c.again) {
                again.add(c); // may throw OutOfMemoryError
                c.again = true;
            }
        } catch (IOException e) { // such as a reset: expected
            fail(c);
        } catch (RuntimeException | Error e) {
            fail(c);
            log("a connection is reset", e);
        }
    }

    /** Handles that a timer has expired, mostly that of a connection. */
    private void expire(long timer) {
        if (timer == GRACE) {
            graceEnded = true;
        } else {
            statistics.timedOut++;
            fail(sides.get(timer));
        }
    }

    private void fail(Connection c) {
        if (c.connected) {
            statistics.failed++;
        } else {
            statistics.refused++;
        }
        remove(c);
        c.reset();
    }

    private void log(String what, Throwable cause) {
        errors.write("proxy: " + what, cause);
    }

    private void remove(Connection c) {
        sides.remove(c.clientToken);
        sides.remove(c.serverToken);
        timers.cancel(c.timer);
    }
}
