package io.panamio.examples.proxy;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.Waker;
import io.panamio.examples.log.LogFile;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ListenOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The event loop of a TCP proxy: joins each client with a connection of its own to the server. In the steady state it
 * allocates nothing, and asks the system for nothing but polls, reads, writes and splices: each stream is registered
 * once, for edges in both directions.
 *
 * <p>Ends and resets are passed on; a server that cannot be reached, or not in time, is a reset, too, and so is the end
 * of a connection that was idle for too long. At the limit of connections, or without descriptors, clients wait in the
 * system's queue until another one has ended. What befalls one connection, whatever it is, ends that one alone.
 */
public final class ProxyLoop implements AutoCloseable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long WAKER = -2;
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    private static final Duration RETRY = Duration.ofMillis(100);
    private static final ConnectOptions TO_SERVER =
        ConnectOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);
    /** Linux passes TCP_NODELAY on to what is accepted. */
    private static final ListenOptions FOR_CLIENTS =
        ListenOptions.DEFAULT.with(StandardSocketOptions.TCP_NODELAY, true);

    /**
     * What a proxy is to do.
     *
     * @param listen where clients come to; port 0 lets the system choose
     * @param to where the server is
     * @param mode how bytes are moved
     * @param maxConnections how many clients are served at a time, at least 1
     * @param connectTimeout how long the server may take to accept a connection, more than zero
     * @param idleTimeout how long a connection may move nothing, more than zero
     * @param grace how long connections may go on after the first {@link #stop}
     */
    public record Settings(InetSocketAddress listen, InetSocketAddress to, Mode mode, int maxConnections,
            Duration connectTimeout, Duration idleTimeout, Duration grace) {
    }

    private final LogFile errors = LogFile.standardError();
    private final Settings settings;
    private final Consumer<String> reports;
    private final Poll poll;
    private final Waker waker;
    private final TcpListener listener;
    private final Events events = Events.withCapacity(1024);
    private final Slab<Connection> sides = new Slab<>(1024); // a connection is in it twice
    private final ArrayDeque<Connection> again = new ArrayDeque<>();
    private final Timeouts connecting;
    private final Timeouts idle;
    /** How long a wait may be while there are connections: a part of the time-outs. */
    private final Duration tick;
    /** When this turn began. */
    private long now;
    private final Statistics statistics = new Statistics();
    private Resources resources;
    /** Whether clients may be waiting to be accepted. */
    private boolean clientsWait;
    /** Whether accepting has failed, for want of descriptors as a rule, so that no event tells when to try again. */
    private boolean exhausted;
    /** How many events the last wait had, and how many of them have been seen to: a turn may be cut short. */
    private int count;
    private int seen;
    /** Why the last turn has not come to its end; null if it has. */
    private OutOfMemoryError cutShort;
    /** A client that is accepted and has no connection to the server yet, as there was no descriptor. */
    private TcpStream unserved;
    private long deadline;
    private boolean stopping;

    private final AtomicInteger stops = new AtomicInteger();
    private volatile boolean reportWanted;

    /**
     * Begins to listen. {@link #run} serves.
     *
     * @param settings what to do
     * @param reports who gets the statistics, in the loop's thread
     * @throws IOException if the address cannot be had
     */
    public ProxyLoop(Settings settings, Consumer<String> reports) throws IOException {
        this.settings = settings;
        this.reports = reports;
        connecting = new Timeouts(settings.connectTimeout);
        idle = new Timeouts(settings.idleTimeout);
        tick = Duration.ofNanos(Math.min(connecting.precision, idle.precision));
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
     * Where it listens.
     *
     * @return the address, with the port that the system has chosen
     * @throws IOException if it is closed
     */
    public InetSocketAddress address() throws IOException {
        return listener.localAddress();
    }

    // ---- for any thread

    /**
     * Stops: no more clients are accepted, and {@link #run} returns when those that there are have ended, or after the
     * settings' grace. The second time it resets them at once.
     */
    public void stop() {
        stops.incrementAndGet();
        waker.wake();
    }

    /** Has the statistics reported. */
    public void report() {
        reportWanted = true;
        waker.wake();
    }

    /** Ends {@link #run} at once. */
    @Override
    public void close() {
        stop();
        stop();
    }

    // ---- the loop

    /**
     * Serves until it is stopped, and reports the statistics at the end.
     *
     * @throws IOException if no more events can be had
     */
    public void run() throws IOException {
        try (poll; listener; Resources own = new Resources()) {
            resources = own;
            try {
                while (!isStopped()) {
                    try {
                        if (cutShort != null) {
                            goOn();
                        }
                        turn();
                    } catch (OutOfMemoryError e) { // in what was to end a client, say
                        cutShort = e; // and no more, as even a string may need memory when it is used first
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

    private boolean isStopped() {
        return stops.get() > 1 || stopping && (connections() == 0 || System.nanoTime() - deadline >= 0);
    }

    private int connections() {
        return sides.size() / 2;
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
            statistics.polls++;
        }
        now = System.nanoTime();
        while (seen < count) {
            int i = seen++;
            long token = events.token(i);
            Connection c = sides.get(token);
            if (c != null) { // else it was closed earlier in this batch
                serve(c, i);
            } else if (token == LISTENER) {
                clientsWait = true;
            } else if (token == WAKER) {
                wake();
            }
        }
        for (int i = again.size(); i > 0; i--) {
            Connection c = again.pollFirst();
            c.again = false;
            if (!c.closed) {
                serve(c, -1);
            }
        }
        end(connecting);
        end(idle);
        if (clientsWait && !stopping && connections() < settings.maxConnections) {
            accept();
        }
    }

    private int poll() throws IOException {
        try {
            if (!again.isEmpty()) {
                return poll.pollNow(events);
            }
            if (stopping) {
                Duration left = Duration.ofNanos(Math.max(deadline - System.nanoTime(), 0));
                return poll.poll(events, left.compareTo(tick) < 0 ? left : tick);
            }
            return exhausted ? poll.poll(events, RETRY) : connections() > 0 ? poll.poll(events, tick)
                : poll.poll(events);
        } catch (ResourceExhaustedException | OutOfMemoryError e) { // no memory for a wait: nothing is lost
            log("no events for now", e);
            LockSupport.parkNanos(RETRY.toNanos());
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
            deadline = System.nanoTime() + settings.grace.toNanos();
            listener.close();
        }
    }

    private void reportStatistics() {
        try {
            reports.accept(statistics.text(connections(), settings.maxConnections, resources));
        } catch (RuntimeException | OutOfMemoryError e) {
            log("no statistics", e);
        }
    }

    // ---- connections

    /** Accepts all that wait: one event may stand for many. */
    private void accept() {
        try {
            while (connections() < settings.maxConnections) {
                if (unserved == null) {
                    unserved = listener.accept();
                }
                if (unserved == null) {
                    clientsWait = false;
                    break;
                }
                connect(unserved);
                unserved = null;
            }
            exhausted = false;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            if (!exhausted) {
                log("no more clients for now", e);
            }
            exhausted = true;
        }
    }

    private void connect(TcpStream client) throws ResourceExhaustedException {
        Connection c = null;
        TcpStream server = null;
        try {
            server = TcpStream.connect(settings.to, TO_SERVER);
            c = new Connection(client, server, settings.mode, statistics, resources);
            c.clientToken = sides.insert(c);
            c.serverToken = sides.insert(c);
            connecting.start(c, now);
            poll.registry().register(client, c.clientToken, BOTH);
            poll.registry().register(server, c.serverToken, BOTH);
        } catch (IOException | RuntimeException | OutOfMemoryError e) { // no route, no port left
            if (server == null && e instanceof ResourceExhaustedException r) {
                throw r;
            }
            if (!(e instanceof IOException)) {
                log("a client is reset", e);
            }
            if (c != null) {
                remove(c);
            }
            if (server != null) {
                server.close();
            }
            Connection.reset(client);
            statistics.refused++;
        }
        statistics.total++;
    }

    /** Moves what an event allows, or what was left, if that is -1. */
    private void serve(Connection c, int event) {
        try {
            boolean more = event < 0 ? c.move() : c.event(events, event);
            if (c.isDone()) {
                remove(c);
                c.close();
                return;
            }
            if (c.connected) {
                idle.start(c, now);
            }
            if (more && !c.again) {
                c.again = true;
                again.addLast(c);
            }
        } catch (IOException e) { // a reset: normal life
            fail(c);
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(c);
            log("a connection is reset", e);
        }
    }

    /** Ends those whose time is over. */
    private void end(Timeouts timeouts) {
        for (Connection c; (c = timeouts.expired(now)) != null;) {
            statistics.timedOut++;
            fail(c);
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
        Timeouts.stop(c);
    }
}
