package io.panamio.examples.serve;

import io.panamio.Events;
import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.Poll;
import io.panamio.ResourceExhaustedException;
import io.panamio.Slab;
import io.panamio.Waker;
import io.panamio.net.Shutdown;
import io.panamio.net.SocketAddressBuffer;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.RingBuffer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedSelectorException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * An event loop that serves the files of a folder by HTTP/1.1. In the steady state it allocates nothing. A request for a
 * small file takes three system calls, fewer where events come together: a poll, a read, a write; a larger file a
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
    /** How often time-outs are looked at, where nothing happens. */
    private static final Duration TICK = Duration.ofMillis(100);
    private static final int SPARE_RINGS = 64;
    /** How long a client may go on sending after its last answer. */
    private static final long LINGER = 2_000_000_000L;
    /**
     * How often it is tried to send to a client that takes nothing. A short sendfile has found no room, or the end of a
     * file that was cut, for which there is no event: that is found so, without a system call more for all others.
     */
    private static final long LOOK = 1_000_000_000L;

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
    private final Slab<Connection> connections = new Slab<>(1024);
    private final SocketAddressBuffer peer = SocketAddressBuffer.create();
    private final Request request = new Request();
    private final Clock clock = new Clock();
    private final AccessLog log;
    private final Deadlines idle;
    private final Deadlines requesting;
    private final Deadlines sending;
    private final long sendNanos;
    private final Deadlines lingering = new Deadlines(LINGER);
    /** Whose turn is not over, and a turn later. */
    private List<Connection> again = new ArrayList<>();
    private List<Connection> now = new ArrayList<>();
    private final List<Ring> spareRings = new ArrayList<>();
    private int rings;
    private boolean acceptLater;
    private volatile boolean stopped;
    private boolean stopping;
    private long graceEnd;
    private volatile Statistics statistics = new Statistics(0, 0, 0, 0);

    // made by the thread that runs, for it
    private Output out;
    private Answers answers;

    /**
     * A loop that serves when it is run.
     *
     * @param listener where clients come from; this closes it
     * @param settings how
     * @throws IOException if the system refuses
     */
    public HttpLoop(TcpListener listener, Settings settings) throws IOException {
        this.listener = listener;
        this.settings = settings;
        address = listener.localAddress();
        log = settings.log == null ? null : new AccessLog(settings, clock);
        idle = new Deadlines(settings.idleTime.toNanos());
        requesting = new Deadlines(settings.requestTime.toNanos());
        sendNanos = settings.sendTime.toNanos();
        sending = new Deadlines(Math.min(LOOK, sendNanos));
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

    /** Serves until stopped. */
    @Override
    public void run() {
        try (poll; waker; listener; Output output = new Output(settings);
             Answers answering = new Answers(settings, clock, output, log)) {
            out = output;
            answers = answering;
            while (!stopping || connections.size() > 0) {
                turn();
            }
        } catch (ClosedSelectorException | IOException e) {
            System.err.println("serve: " + e.getMessage());
            connections.forEach(this::drop);
        } finally {
            spareRings.forEach(Ring::close);
            if (log != null) {
                log.flush();
            }
            statistics = new Statistics(answers == null ? 0 : answers.count, connections.size(), rings,
                answers == null ? 0 : answers.files.openFiles());
        }
    }

    // ---- turns

    private void turn() throws IOException {
        boolean timed = connections.size() > 0 || acceptLater || log != null && log.hasLines();
        int n = !again.isEmpty() ? poll.pollNow(events) : timed ? poll.poll(events, TICK) : poll.poll(events);
        clock.update();
        for (int i = 0; i < n; i++) {
            long token = events.token(i);
            Connection c = connections.get(token);
            if (c != null) { // else it was closed earlier in this batch
                if (events.isReadClosed(i) || events.isError(i)) {
                    c.hangUp = true;
                    c.mayRead = true;
                } else if (events.isReadable(i)) {
                    c.mayRead = true;
                }
                if (!c.again) {
                    serve(c);
                }
            } else if (token == LISTENER) {
                acceptLater = true;
            }
        }
        goOn();
        if (acceptLater) {
            accept();
        }
        if (stopped) {
            end();
        }
        expire();
        if (log != null) {
            log.flushIfDue();
        }
    }

    private void goOn() {
        if (!again.isEmpty()) {
            List<Connection> turn = again;
            again = now;
            now = turn;
            for (int i = 0; i < turn.size(); i++) {
                Connection c = turn.get(i);
                c.again = false;
                if (!c.dropped) {
                    serve(c);
                }
            }
            turn.clear();
        }
    }

    /** Accepts all that wait. What is beyond the limit, or without descriptors, waits until a turn has room. */
    private void accept() throws IOException {
        if (stopping) {
            acceptLater = false;
            return;
        }
        try {
            while (connections.size() < settings.connections) {
                TcpStream stream = listener.accept(log == null ? null : peer);
                if (stream == null) {
                    acceptLater = false;
                    return;
                }
                add(stream);
            }
        } catch (ResourceExhaustedException e) {
            acceptLater = true;
        }
    }

    private void add(TcpStream stream) {
        Connection c = new Connection(stream, log == null ? null
            : ((InetSocketAddress) peer.get()).getAddress().getHostAddress().getBytes(StandardCharsets.US_ASCII));
        c.token = connections.insert(c);
        try {
            stream.setNoDelay(true);
            poll.registry().register(stream, c.token, BOTH);
            c.inRequest = true;
            requesting.start(c, clock.nanos);
        } catch (IOException e) {
            drop(c);
        }
    }

    private static final Interest BOTH = Interest.READABLE.add(Interest.WRITABLE);

    private void drop(Connection c) {
        connections.remove(c.token);
        c.dropped = true;
        if (c.deadlines != null) {
            c.deadlines.remove(c);
        }
        if (c.ring != null) {
            c.ring.buffer.clear();
            giveBack(c);
        }
        out.drop(c);
        c.stream.close();
    }

    // ---- a connection

    private void serve(Connection c) {
        out.budget = Output.TURN;
        try {
            if (c.lingering) {
                passOver(c);
                return;
            }
            if (out.advance(c) && !c.closing) {
                while (answerAll(c) && c.mayRead && !c.ended) {
                    read(c);
                }
                out.flush(c, false);
            }
        } catch (IOException e) { // a reset: normal life
            out.clear();
            drop(c);
            return;
        }
        settle(c);
    }

    private void read(Connection c) throws IOException {
        if (c.ring == null) {
            c.ring = spareRings.isEmpty() ? new Ring(settings.headLimit)
                : spareRings.removeLast();
            rings++;
        }
        long room = c.ring.buffer.writableBytes();
        long n = c.ring.buffer.readFrom(c.stream);
        if (n == IoResult.EOF) {
            c.ended = true;
        }
        if (n < room && !c.hangUp || n < 0) {
            c.mayRead = false; // a short read has drained the socket
        }
    }

    /** Answers the requests that are in the ring; false if reading on must wait for the client, or for its next turn. */
    private boolean answerAll(Connection c) throws IOException {
        RingBuffer ring = c.ring == null ? null : c.ring.buffer;
        while (ring != null && ring.readableBytes() > 0) {
            if (c.skip > 0) {
                long n = Math.min(c.skip, ring.readableBytes());
                ring.advanceRead(n);
                c.skip -= n;
                continue;
            }
            if (c.hasOutput() || c.closing || out.budget <= 0) {
                return false;
            }
            long readable = ring.readableBytes();
            int head = request.parse(ring.memory(), ring.readOffset(), ring.readOffset() + readable);
            if (head > 0) {
                answers.answer(c, request, head == readable);
                ring.advanceRead(head);
                c.inRequest = false;
                out.budget -= COST;
            } else if (head < 0 || ring.writableBytes() == 0) {
                answers.refuse(c, request, head < 0 ? -head : 431);
            } else {
                return !c.ended;
            }
        }
        return !c.hasOutput() && !c.closing && out.budget > 0;
    }

    /** What a request costs at least, in bytes: so that many small ones are not more than a turn either. */
    private static final int COST = 1024;

    /** After a turn: decides what the connection waits for, and how long. */
    private void settle(Connection c) {
        if (c.hasOutput() || out.budget <= 0) {
            if (out.budget <= 0) {
                c.again = true;
                again.add(c);
            }
            if (out.budget < Output.TURN || c.deadlines != sending) {
                c.progress = clock.nanos;
            }
            sending.start(c, clock.nanos);
        } else if (c.closing) {
            finish(c);
        } else if (c.ended) {
            drop(c);
        } else if (c.skip > 0 || c.ring != null && c.ring.buffer.readableBytes() > 0) {
            if (!c.inRequest || c.deadlines != requesting) {
                c.inRequest = true;
                requesting.start(c, clock.nanos);
            }
        } else if (stopping) {
            drop(c);
        } else if (!c.inRequest) {
            idle.start(c, clock.nanos);
        }
        if (c.ring != null && c.ring.buffer.readableBytes() == 0) {
            giveBack(c);
        }
    }

    private void giveBack(Connection c) {
        if (spareRings.size() < SPARE_RINGS) {
            spareRings.add(c.ring);
        } else {
            c.ring.close();
        }
        c.ring = null;
        rings--;
    }

    /** Ends a connection after its last answer; but closing while the client still sends would reset it. */
    private void finish(Connection c) {
        if (c.ended || !c.moreToCome && !c.mayRead && (c.ring == null || c.ring.buffer.readableBytes() == 0)) {
            drop(c);
            return;
        }
        try {
            c.stream.shutdown(Shutdown.WRITE);
            c.lingering = true;
            if (c.ring != null) {
                c.ring.buffer.clear();
            }
            lingering.start(c, clock.nanos);
            passOver(c);
        } catch (IOException e) {
            drop(c);
        }
    }

    private void passOver(Connection c) throws IOException {
        while (c.mayRead && out.budget > 0) {
            read(c);
            c.ring.buffer.clear();
            out.budget -= c.ring.buffer.capacity();
            if (c.ended) {
                drop(c);
                return;
            }
        }
        if (c.mayRead) {
            c.again = true;
            again.add(c);
        }
        if (c.ring != null) {
            giveBack(c);
        }
    }

    // ---- time

    private void expire() {
        for (Connection c; (c = idle.expired(clock.nanos)) != null;) {
            drop(c);
        }
        for (Connection c; (c = sending.expired(clock.nanos)) != null;) {
            if (clock.nanos - c.progress >= sendNanos) {
                cutOff(c);
            } else {
                serve(c);
            }
        }
        for (Connection c; (c = lingering.expired(clock.nanos)) != null;) {
            drop(c);
        }
        for (Connection c; (c = requesting.expired(clock.nanos)) != null;) {
            tooSlow(c);
        }
    }

    /** Drops a connection and what the system still has to send, which nobody wants. */
    private void cutOff(Connection c) {
        try {
            c.stream.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException e) {
            // it goes anyway
        }
        drop(c);
    }

    private void tooSlow(Connection c) {
        if (c.ring == null) {
            drop(c); // it has never said anything, or is in the body of what was answered
            return;
        }
        out.budget = Output.TURN;
        try {
            request.parse(c.ring.buffer.memory(), c.ring.buffer.readOffset(), c.ring.buffer.readOffset() + c.ring.buffer.readableBytes());
            answers.refuse(c, request, 408);
            out.flush(c, false);
        } catch (IOException e) {
            out.clear();
            drop(c);
            return;
        }
        settle(c);
    }

    /** Begins to end, and ends at last. */
    private void end() {
        if (!stopping) {
            stopping = true;
            graceEnd = clock.nanos + settings.graceTime.toNanos();
            answers.ending = true;
            listener.close();
            connections.forEach(c -> {
                if (!c.again && !c.hasOutput() && c.ring == null && c.skip == 0) {
                    drop(c);
                }
            });
        } else if (clock.nanos - graceEnd > 0) {
            connections.forEach(this::drop);
        }
    }
}
