package io.panamio.examples.serve;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Source;
import io.panamio.Timers;
import io.panamio.Waker;
import io.panamio.examples.Acceptor;
import io.panamio.examples.ShortReads;
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
 * An event loop that serves the files of a directory over HTTP/1.1. In the steady state it allocates nothing. A request
 * for a small file takes three system calls, fewer if events arrive together: a poll, a read, a write; a larger file
 * takes one sendfile more. Each connection is registered once, edge-triggered, in both directions.
 *
 * <p>Requests are read into a ring buffer and parsed in place. A connection holds a ring only while it has input, so
 * idle connections hold none. Responses to pipelined requests are written together. While the output of a client is
 * pending, nothing is read from it; a large response is sent in parts, between which other connections have their
 * turns, as they have while many clients wait to be accepted.
 *
 * <p>The loop blocks while a file that is not in the page cache is read from disk, and while a directory is listed; use
 * several loops if that is frequent.
 */
public final class HttpLoop implements Runnable {
    private static final long LISTENER = -1; // a slab's tokens are never negative
    private static final long WAKER = -2;
    /** Tokens of timers. */
    private static final long FLUSH = -3;
    private static final long GRACE = -4;
    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);
    /** The resolution of timeouts. */
    private static final Duration TICK = Duration.ofMillis(100);
    private static final Duration SECOND = Duration.ofSeconds(1);

    /**
     * The counters of a loop, exact once {@link #run} has ended.
     *
     * @param requests the number of answered requests
     * @param connections the number of open connections
     * @param rings the number of rings they hold
     * @param openFiles the number of open files
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
    private final Timers timers = new Timers(TICK);
    private final FileCache files;
    private final AccessLog log;
    private final Trouble trouble;
    private final Acceptor acceptor;
    /** Whether a timer for the log is pending. */
    private boolean flushes;
    /** The number of events of the last poll, and of those already handled: an exception may end a turn early. */
    private int count;
    private int seen;
    private volatile boolean stopped;
    private boolean stopping;
    private boolean graceEnded;
    private volatile Statistics statistics = new Statistics(0, 0, 0, 0);

    /** Created by {@link #run}, because it is confined to the thread of the loop. */
    private Connections connections;

    /**
     * Creates a loop, which serves when it is run.
     *
     * @param listener the listener, which the loop closes
     * @param settings the settings
     * @throws IOException if the directory cannot be served, or a system call fails
     */
    public HttpLoop(TcpListener listener, Settings settings) throws IOException {
        this.listener = listener;
        listener.setOption(StandardSocketOptions.TCP_NODELAY, true); // accepted sockets inherit it
        this.settings = settings;
        address = listener.localAddress();
        files = new FileCache(settings, clock);
        log = settings.log == null ? null : new AccessLog(settings, clock);
        trouble = new Trouble(settings, clock);
        acceptor = new Acceptor(settings.connections);
        poll.registry().register(listener, LISTENER, Interest.READABLE);
    }

    /**
     * Returns the address that this listens on.
     *
     * @return the address
     */
    public InetSocketAddress address() {
        return address;
    }

    /**
     * Returns the counters.
     *
     * @return the counters at the end of {@link #run}; zeros before
     */
    public Statistics statistics() {
        return statistics;
    }

    /** Ends {@link #run}, from any thread: accepts no more connections, and closes the others after their responses. */
    public void stop() {
        stopped = true;
        waker.wake();
    }

    /**
     * Serves until stopped. Nothing else ends it: an exception ends its own connection, and when memory or descriptors
     * run out, idle connections are dropped and new ones wait.
     */
    @Override
    public void run() {
        try (poll; waker; listener; Connections made = new Connections(settings, clock, timers, files, log, trouble)) {
            connections = made;
            Throwable thrown = null;
            for (;;) {
                try {
                    if (thrown != null) {
                        Throwable last = thrown;
                        thrown = null;
                        recover(last);
                    }
                    if (isOver()) {
                        break;
                    }
                    turn();
                } catch (IOException | RuntimeException | Error e) {
                    thrown = e; // handled later: recovering may throw, too
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

    /** Recovers from a failure outside of a connection, such as a poll without memory. */
    private void recover(Throwable thrown) {
        try {
            trouble.report(thrown);
            boolean isShort = thrown instanceof ResourceExhaustedException || thrown instanceof OutOfMemoryError;
            if (isShort && connections.shed()) {
                return;
            }
        } catch (RuntimeException | Error e) {
            // such as a class that cannot be loaded without descriptors
        }
        LockSupport.parkNanos(Acceptor.RETRY.toNanos());
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
            if (c != null) { // otherwise it was closed earlier in this batch
                if (ShortReads.mayHideMore(events, i)) {
                    c.readOn = true;
                    c.mayRead = true;
                } else if (events.isReadable(i) || c.isEncrypted()) {
                    c.mayRead = true;
                }
                connections.serve(c);
            } else if (token == LISTENER) {
                acceptor.clientsWait();
            }
        }
        connections.resume();
        while (timers.expire()) {
            expire(timers.token());
        }
        accept();
        if (log != null) {
            log.flushIfDue();
            if (log.hasLines() && !flushes) {
                timers.schedule(FLUSH, SECOND);
                flushes = true;
            }
        }
    }

    private void expire(long timer) {
        if (timer == FLUSH) {
            flushes = false; // this turn writes the lines
        } else if (timer == GRACE) {
            graceEnded = true;
        } else {
            connections.expire(timer);
        }
    }

    private int poll() throws IOException {
        return connections.isBusy() || acceptor.isDue(connections.size()) ? poll.pollNow(events)
            : acceptor.isPending(connections.size()) ? poll.poll(events, Acceptor.untilRetry(timers))
            : poll.poll(events, timers);
    }

    private void accept() {
        for (int i = 0; i < Acceptor.MAX_ACCEPTS && acceptor.isDue(connections.size()); i++) {
            TcpStream stream;
            try {
                stream = listener.accept(log == null ? null : peer);
            } catch (IOException | RuntimeException | Error e) {
                if (e instanceof ResourceExhaustedException && files.evict()) {
                    continue;
                }
                trouble.report(e);
                acceptor.failed(connections.size());
                return;
            }
            if (stream == null) {
                acceptor.drained();
                return;
            }
            add(stream);
        }
    }

    private void add(TcpStream stream) {
        Connection c = null;
        try {
            c = connections.add(stream, log == null ? null
                : ((InetSocketAddress) peer.get()).getAddress().getHostAddress().getBytes(StandardCharsets.US_ASCII));
            connections.begin(c);
            poll.registry().register((Source) c.stream, c.token, BOTH);
        } catch (IOException | RuntimeException | Error e) { // no memory for another one
            trouble.report(e);
            stream.close();
            if (c != null) {
                connections.drop(c);
            }
        }
    }

    /** Starts to stop when requested. Returns whether the loop has ended. */
    private boolean isOver() {
        if (stopped && !stopping) {
            timers.schedule(GRACE, settings.graceTime);
            stopping = true;
            acceptor.stop();
            listener.close();
            connections.end();
        } else if (graceEnded) {
            connections.dropAll();
        }
        return stopping && connections.size() == 0;
    }
}
