package io.panamio.examples.serve;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Waker;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * An event loop that serves the files of a folder by HTTP/1.1. In the steady state it allocates nothing. A request for
 * a small file takes three system calls, fewer where events come together: a poll, a read, a write; a larger file a
 * sendfile more. Each connection is registered once, for edges of both directions.
 *
 * <p>Requests are read into a ring and parsed there. A ring is a connection's only while there is something in it, so
 * that those that wait have none. Answers to requests that came together go together. Who does not take its answers is
 * not read from; who takes much is sent a part, and then it is the others' turn.
 *
 * <p>What is not in the page cache is read from the disk, and the loop waits for that, as it does for listing a folder;
 * more loops help where that is common.
 */
public final class HttpLoop implements Runnable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long WAKER = -2;
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    /** How often time-outs are looked at, where nothing happens. */
    private static final Duration TICK = Duration.ofMillis(100);

    /**
     * What there was, exact once {@link #run} has ended.
     *
     * @param requests how many requests were answered
     * @param connections how many connections are open
     * @param rings how many rings they have
     * @param openFiles how many files are open
     */
    public record Statistics(long requests, int connections, int rings, int openFiles) {
    }

    private final Settings settings;
    private final Poll poll = Poll.open();
    private final Waker waker = Waker.open(poll.registry(), WAKER);
    private final TcpListener listener;
    private final InetSocketAddress address;
    private final Events events = Events.withCapacity(1024);
    private final SocketAddressBuffer peer = SocketAddressBuffer.create();
    private final Clock clock = new Clock();
    private final FileCache files;
    private final AccessLog log;
    private final Trouble trouble;
    /** Whether connections may wait in the listener's queue, for which no event comes. */
    private boolean mayAccept;
    /** When that is tried again, unless a connection ends before. */
    private long acceptAt = clock.nanos;
    private int acceptBelow;
    /** How many events the last wait had, and how many of them have been seen to: a turn may be cut short. */
    private int count;
    private int seen;
    private volatile boolean stopped;
    private boolean stopping;
    private long graceEnd;
    private volatile Statistics statistics = new Statistics(0, 0, 0, 0);

    /** Made by the thread that runs, for it. */
    private Connections connections;

    /**
     * A loop that serves when it is run.
     *
     * @param listener where clients come from; this closes it
     * @param settings how
     * @throws IOException if the folder cannot be served, or the system refuses
     */
    public HttpLoop(TcpListener listener, Settings settings) throws IOException {
        this.listener = listener;
        listener.setOption(StandardSocketOptions.TCP_NODELAY, true); // Linux passes it on to what is accepted
        this.settings = settings;
        address = listener.localAddress();
        files = new FileCache(settings, clock);
        log = settings.log == null ? null : new AccessLog(settings, clock);
        trouble = new Trouble(settings, clock);
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    /**
     * Where it listens.
     *
     * @return the address
     */
    public InetSocketAddress address() {
        return address;
    }

    /**
     * What there was.
     *
     * @return the figures, of the end; zeros before that
     */
    public Statistics statistics() {
        return statistics;
    }

    /** Ends {@link #run}, from any thread: no more connections, and those that are served have their answers first. */
    public void stop() {
        stopped = true;
        waker.wake();
    }

    /**
     * Serves until stopped. Nothing else ends it: what a request or a connection throws ends that connection, and where
     * memory or descriptors are short, those that wait for a request are let go, or new ones wait.
     */
    @Override
    public void run() {
        try (poll; waker; listener; Connections made = new Connections(settings, clock, files, log, trouble)) {
            connections = made;
            Throwable thrown = null;
            while (!isOver()) {
                try {
                    if (thrown != null) {
                        Throwable last = thrown;
                        thrown = null;
                        recover(last);
                    }
                    turn();
                } catch (IOException | RuntimeException | Error e) {
                    thrown = e; // and no more, as to recover may throw as well
                }
            }
        } finally {
            if (log != null) {
                log.end();
            }
            if (connections != null) {
                statistics = connections.statistics();
            }
        }
    }

    /** Goes on after what is no connection's, such as a wait that the system has no memory for. */
    private void recover(Throwable thrown) {
        try {
            trouble.tell(thrown);
            boolean isShort = thrown instanceof ResourceExhaustedException || thrown instanceof OutOfMemoryError;
            if (isShort && connections.shed()) {
                return;
            }
        } catch (RuntimeException | Error e) {
            // such as for a class that cannot be loaded, as there are no descriptors
        }
        LockSupport.parkNanos(TICK.toNanos());
    }

    // ---- turns

    private void turn() throws IOException {
        if (seen == count) {
            count = poll();
            seen = 0;
        }
        clock.update();
        while (seen < count) {
            int i = seen++;
            long token = events.token(i);
            Connection c = connections.get(token);
            if (c != null) { // else it was closed earlier in this batch
                if (events.isReadClosed(i) || events.isError(i) || events.isPriority(i)) {
                    c.readOn = true;
                    c.mayRead = true;
                } else if (events.isReadable(i)) {
                    c.mayRead = true;
                }
                connections.serve(c);
            } else if (token == LISTENER) {
                mayAccept = true;
            }
        }
        connections.goOn();
        connections.expire();
        if (mayAccept) {
            accept();
        }
        if (log != null) {
            log.flushIfDue();
        }
    }

    private int poll() throws IOException {
        boolean timed = connections.size() > 0 || mayAccept || log != null && log.hasLines();
        return connections.isBusy() ? poll.pollNow(events) : timed ? poll.poll(events, TICK) : poll.poll(events);
    }

    /** Accepts all that wait. What is beyond the limit waits until a turn has room. */
    private void accept() {
        if (clock.nanos - acceptAt < 0 && connections.size() >= acceptBelow) {
            return;
        }
        while (connections.size() < settings.connections) {
            TcpStream stream;
            try {
                stream = listener.accept(log == null ? null : peer);
            } catch (IOException | RuntimeException | Error e) {
                if (e instanceof ResourceExhaustedException && files.evict()) {
                    continue;
                }
                acceptLater(e);
                return;
            }
            if (stream == null) {
                mayAccept = false;
                return;
            }
            add(stream);
        }
    }

    /**
     * What waits in the queue has no event any more: it is accepted when a connection has ended, or after a while. That
     * holds for all that can be thrown here, as a loop that is alive may recover.
     */
    private void acceptLater(Throwable e) {
        trouble.tell(e);
        acceptAt = clock.nanos + TICK.toNanos();
        acceptBelow = connections.size();
    }

    private void add(TcpStream stream) {
        Connection c = null;
        try {
            c = connections.add(stream, log == null ? null
                : ((InetSocketAddress) peer.get()).getAddress().getHostAddress().getBytes(StandardCharsets.US_ASCII));
            poll.registry().register(stream, c.token, BOTH);
        } catch (IOException | RuntimeException | Error e) { // there is no memory for one more
            trouble.tell(e);
            stream.close();
            if (c != null) {
                connections.drop(c);
            }
        }
    }

    /** Begins to end when that is wanted; whether the end is there. */
    private boolean isOver() {
        if (stopped && !stopping) {
            stopping = true;
            mayAccept = false;
            graceEnd = clock.nanos + settings.graceTime.toNanos();
            listener.close();
            connections.end();
        } else if (stopping && clock.nanos - graceEnd > 0) {
            connections.dropAll();
        }
        return stopping && connections.size() == 0;
    }
}
