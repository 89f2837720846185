package io.panamio.examples.serve;

import io.panamio.IoResult;
import io.panamio.Slab;
import io.panamio.Timers;
import io.panamio.memory.SegmentPool;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.RingBuffer;
import io.panamio.tls.TlsOptions;
import io.panamio.tls.TlsStream;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * The connections of a loop. In its turn, a connection writes pending output, responds to received requests and reads
 * more; it is closed when one of its timeouts expires.
 */
final class Connections implements AutoCloseable {
    private static final int SPARE_RINGS = 64;
    private static final String[] PROTOCOLS = {"http/1.1"};
    /** What a request takes from a turn's budget, besides its bytes, so that small requests cannot extend a turn. */
    private static final int COST = 1024;
    /** The time for which input is discarded after the last response. */
    private static final Duration LINGER = Duration.ofSeconds(2);
    /**
     * The interval at which sending is retried without an event. A short sendfile means a full socket or a truncated
     * file; no event follows the latter, and this finds it without another system call per file.
     */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Settings settings;
    private final Clock clock;
    private final Timers timers;
    private final Output out;
    private final Responses responses;
    private final Trouble trouble;
    private final Request request = new Request();
    private final Slab<Connection> connections = new Slab<>(1024);
    private final Duration sendTime;
    private final long sendNanos;
    /** Connections whose turn ended early, to be continued in the next iteration of the loop. */
    private List<Connection> again = new ArrayList<>();
    /** The connections that are being continued. */
    private List<Connection> resuming = new ArrayList<>();
    /** The buffers of encrypted connections. */
    private final SegmentPool records = SegmentPool.open();
    private final TlsOptions tlsOptions;
    private final List<Ring> spareRings = new ArrayList<>(SPARE_RINGS);
    private int rings;
    private boolean ending;

    Connections(Settings settings, Clock clock, Timers timers, FileCache files, AccessLog log, Trouble trouble) {
        this.settings = settings;
        this.clock = clock;
        this.timers = timers;
        this.trouble = trouble;
        tlsOptions = TlsOptions.DEFAULT.handshakeTimeout(settings.requestTime);
        sendNanos = settings.sendTime.toNanos();
        sendTime = settings.sendTime.compareTo(RETRY) < 0 ? settings.sendTime : RETRY;
        out = new Output(settings);
        responses = new Responses(settings, clock, out, files, log);
    }

    int size() {
        return connections.size();
    }

    Connection get(long token) {
        return connections.get(token);
    }

    /** Returns whether connections wait for their next turn without an event. */
    boolean isBusy() {
        return !again.isEmpty() || !resuming.isEmpty();
    }

    HttpLoop.Statistics statistics() {
        return new HttpLoop.Statistics(responses.count, connections.size(), rings, responses.files.openFiles());
    }

    Connection add(TcpStream socket, byte[] peer) {
        Connection c = new Connection(settings.tls == null ? socket : encrypted(socket), socket, peer);
        c.token = connections.insert(c);
        return c;
    }

    /** Starts the time for the first request of a connection. */
    void begin(Connection c) {
        c.inRequest = true;
        await(c, Wait.REQUEST, settings.requestTime);
    }

    /** Sets what a connection waits for, and starts its timeout. */
    private void await(Connection c, Wait wait, Duration time) {
        c.wait = wait;
        c.since = clock.nanos;
        if (!timers.reschedule(c.timer, time)) {
            c.timer = timers.schedule(c.token, time);
        }
    }

    private TlsStream encrypted(TcpStream socket) {
        SSLEngine engine = settings.tls.createSSLEngine();
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setApplicationProtocols(PROTOCOLS);
        engine.setSSLParameters(parameters);
        return TlsStream.server(socket, engine, records, tlsOptions);
    }

    void drop(Connection c) {
        if (c.dropped) {
            return;
        }
        connections.remove(c.token);
        c.dropped = true;
        timers.cancel(c.timer);
        try {
            if (c.ring != null) {
                c.ring.buffer.clear();
                releaseRing(c);
            }
            out.drop(c);
        } finally {
            c.stream.close();
        }
    }

    /** Drops the connection that has been idle longest, to free memory. Returns false if none is idle. */
    boolean shed() {
        Connection longest = null;
        for (long token = connections.nextToken(-1); token >= 0; token = connections.nextToken(token)) {
            Connection c = connections.get(token);
            if (c.wait == Wait.IDLE && (longest == null || c.since - longest.since < 0)) {
                longest = c;
            }
        }
        if (longest != null) {
            drop(longest);
        }
        return longest != null;
    }

    void dropAll() {
        connections.forEach(this::drop);
    }

    /** Drops idle connections; the others close after their responses. */
    void end() {
        ending = true;
        responses.ending = true;
        connections.forEach(c -> {
            if (!c.again && !c.hasOutput() && c.wait != Wait.SEND && c.ring == null && c.body.isDone()) {
                drop(c);
            }
        });
    }

    @Override
    public void close() {
        dropAll();
        responses.close();
        out.close();
        spareRings.forEach(Ring::close);
        records.close();
    }

    /** Serves a connection after an event. */
    void serve(Connection c) {
        if (!c.again) { // otherwise its turn comes anyway
            turn(c);
        }
    }

    /** Continues the connections whose turn ended early. */
    void resume() {
        if (resuming.isEmpty()) { // otherwise an exception ended the last call early
            List<Connection> turn = again;
            again = resuming;
            resuming = turn;
        }
        while (!resuming.isEmpty()) {
            Connection c = resuming.removeLast();
            c.again = false;
            if (!c.dropped) {
                turn(c);
            }
        }
    }

    // ---- a turn

    /** Serves a connection. An exception ends only this connection, not the loop. */
    private void turn(Connection c) {
        out.budget = Output.TURN;
        responses.begun = true; // until there is a request
        try {
            step(c);
        } catch (IOException e) { // such as a reset: expected
            out.clear();
            drop(c);
        } catch (RuntimeException | Error e) {
            try {
                fail(c);
            } finally {
                trouble.report(e); // last, because it may throw, too
            }
        }
    }

    private void step(Connection c) throws IOException {
        if (c.lingering) {
            discard(c);
            return;
        }
        if (c.late) {
            RingBuffer ring = c.ring.buffer;
            request.parse(ring.memory(), ring.readOffset(), ring.writeOffset());
            responses.refuse(c, request, 408);
            out.flush(c, false);
        } else if (out.advance(c) && !c.closing) {
            while (respondToAll(c) && c.mayRead && !c.ended) {
                read(c);
            }
            out.flush(c, false);
        }
        settle(c);
    }

    /** Responds with 500 if the response to the request has not begun, and ends the connection. */
    private void fail(Connection c) {
        try {
            if (!responses.begun) { // the responses before it are complete
                responses.refuse(c, request, 500);
                out.flush(c, false);
                settle(c);
                return;
            }
        } catch (IOException | RuntimeException | Error e) {
            // closed without a response
        }
        out.clear();
        drop(c);
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
        if (n < room && !c.readOn || n < 0) {
            c.mayRead = false; // a short read has drained the socket
        }
    }

    /** Responds to the requests in the ring. Returns false if reading must wait for the client or the next turn. */
    private boolean respondToAll(Connection c) throws IOException {
        RingBuffer ring = c.ring == null ? null : c.ring.buffer;
        while (ring != null && ring.readableBytes() > 0) {
            if (!c.body.isDone()) {
                long n = c.body.skip(ring.memory(), ring.readOffset(), ring.writeOffset());
                if (n < 0) { // the start of the next request is unknown, and this one is answered
                    c.closing = true;
                    c.moreToCome = true;
                    return false;
                }
                ring.advanceRead(n);
                out.budget -= n;
                if (c.body.isDone()) {
                    c.inRequest = false;
                }
                continue;
            }
            if (c.hasOutput() || c.closing || out.budget <= 0) {
                return false;
            }
            responses.begun = false;
            int head = request.parse(ring.memory(), ring.readOffset(), ring.writeOffset());
            if (head > 0) {
                c.body.begin(request, settings.bodyLimit);
                long n = c.body.skip(ring.memory(), ring.readOffset() + head, ring.writeOffset());
                if (n < 0) {
                    responses.refuse(c, request, (int) -n);
                    return false;
                }
                responses.respond(c, request, head + n == ring.readableBytes());
                ring.advanceRead(head + n);
                c.inRequest = false;
                out.budget -= COST + n;
            } else if (head < 0 || ring.writableBytes() == 0) {
                responses.refuse(c, request, head < 0 ? -head : 431);
            } else {
                return !c.ended;
            }
        }
        return !c.hasOutput() && !c.closing && out.budget > 0;
    }

    /** Decides after a turn what the connection waits for, and for how long. */
    private void settle(Connection c) throws IOException {
        if (c.hasOutput() || !c.stream.flush() || out.budget <= 0) {
            if (out.budget <= 0) {
                c.again = true;
                again.add(c);
            }
            if (out.budget < Output.TURN || c.wait != Wait.SEND) {
                c.progress = clock.nanos;
            }
            await(c, Wait.SEND, sendTime);
        } else if (c.closing) {
            finish(c);
        } else if (c.ended) {
            drop(c);
        } else if (!c.body.isDone() || c.ring != null && c.ring.buffer.readableBytes() > 0) {
            if (!c.inRequest || c.wait != Wait.REQUEST) {
                begin(c);
            }
        } else if (ending) {
            drop(c);
        } else if (!c.inRequest) {
            await(c, Wait.IDLE, settings.idleTime);
        }
        if (c.ring != null && c.ring.buffer.readableBytes() == 0) {
            releaseRing(c);
        }
    }

    private void releaseRing(Connection c) {
        Ring ring = c.ring;
        c.ring = null;
        rings--;
        if (spareRings.size() < SPARE_RINGS) {
            spareRings.add(ring);
        } else {
            ring.close();
        }
    }

    /**
     * Ends a connection after its last response. If the client may still be sending, the connection lingers: closing it
     * now would reset it, and the client might lose the response.
     */
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
            await(c, Wait.LINGER, LINGER);
            discard(c);
        } catch (IOException e) {
            drop(c);
        }
    }

    private void discard(Connection c) throws IOException {
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
            releaseRing(c);
        }
    }

    // ---- time

    /** Handles that the timeout of a connection has expired. */
    void expire(long token) {
        Connection c = connections.get(token);
        await(c, c.wait, LINGER); // in case that what follows throws
        if (c.wait == Wait.SEND) {
            if (clock.nanos - c.progress >= sendNanos) {
                cutOff(c);
            } else {
                serve(c); // not twice in the queue, where a turn that takes longer than the timeout would put it
            }
        } else if (c.wait == Wait.REQUEST && c.ring != null) {
            c.late = true;
            serve(c);
        } else {
            drop(c); // idle, or nothing received, or in the body of an answered request
        }
    }

    /** Resets a connection, which discards the output in the socket. */
    private void cutOff(Connection c) {
        try {
            c.socket.setOption(StandardSocketOptions.SO_LINGER, 0);
            c.socket.close(); // before TLS, which would send the end of the stream
        } catch (IOException | RuntimeException | Error e) {
            // closed next anyway
        }
        drop(c);
    }
}
