package io.panamio.examples.proxy;

import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import java.io.IOException;

/**
 * One direction of a connection: what the source sends goes to the sink, and its end after the last byte. While the
 * sink takes nothing, nothing more is read than a buffer holds, so the source's peer feels it. Both streams are
 * registered once, for edges; so what an edge has told is remembered here until it was used.
 */
abstract class Flow {
    /** After so many steps others get their turn. */
    private static final int MOST_STEPS = 8;
    /** And after so many bytes: a step may move half a megabyte. */
    private static final int MOST_BYTES = 512 * 1024;

    final TcpStream source;
    final TcpStream sink;
    final Statistics.Way way;
    /** Whether there may be something to read. */
    boolean readable;
    /**
     * Whether the source has ended or failed, which no event tells again, or has urgent data, at which a read stops: so
     * it is read until it would block.
     */
    boolean hangUp;
    /** Whether the sink was found full. */
    boolean blocked;
    /** Whether the end of the source was read. */
    boolean ended;
    private boolean done;
    /** Whether the source has failed and no read has told so yet. */
    private boolean failed;

    Flow(TcpStream source, TcpStream sink, Statistics.Way way) {
        this.source = source;
        this.sink = sink;
        this.way = way;
    }

    /** The flow of a mode. */
    static Flow of(Mode mode, TcpStream source, TcpStream sink, Statistics.Way way, Resources resources) {
        return mode == Mode.RING ? new RingFlow(source, sink, way, resources)
            : new BurstFlow(mode, source, sink, way, resources);
    }

    /** The source had an event. */
    final void sourceReady(boolean mayBeLast) {
        readable = !ended;
        hangUp |= mayBeLast;
    }

    /** The source had an event that tells of a failure. */
    final void sourceFailed() {
        failed = true;
    }

    /** The sink had an event. */
    final void sinkReady() {
        blocked = false;
    }

    /** Moves what can be moved now. True if it stopped so that others get their turn, and must be called again. */
    final boolean move() throws IOException {
        long most = way.bytes + MOST_BYTES;
        for (int i = 0; i < MOST_STEPS && way.bytes < most; i++) {
            if (!step()) {
                return false;
            }
        }
        return true;
    }

    /** Moves a buffer or a pipe full at most; false if it must wait for an event. */
    abstract boolean step() throws IOException;

    /** The end of the source was read. It is passed on if nothing waits before it. */
    final void end(boolean empty) throws IOException {
        ended = true;
        readable = false;
        if (empty) {
            passEnd();
        }
    }

    /** Passes the end on, after the last byte. */
    final void passEnd() throws IOException {
        done = true;
        sink.shutdown(Shutdown.WRITE);
    }

    /** Whether everything has gone, and the end too. */
    final boolean isDone() {
        return done;
    }

    /**
     * Throws what the source has failed with, if it is not read now, so that no read tells: maybe not before other
     * turns after that of the event.
     */
    final void requireNoFailure() throws IOException {
        if (failed && (ended || blocked)) {
            takeFailure();
        }
    }

    /** Throws what the source has failed with, if it has. */
    final void takeFailure() throws IOException {
        failed = false;
        IOException failure = source.takeError();
        if (failure != null) {
            throw failure;
        }
    }

    /** Throws away what waits. */
    abstract void close();
}
