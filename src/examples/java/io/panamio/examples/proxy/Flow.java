package io.panamio.examples.proxy;

import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import java.io.IOException;

/**
 * One direction of a connection: moves bytes from the source to the sink, and the end of the stream after the last
 * byte. While the sink is full, at most one buffer is read, so that back-pressure reaches the peer of the source. Both
 * streams are registered once, edge-triggered, so readiness is kept here until an operation would block.
 */
abstract class Flow {
    /** The maximum number of steps in a turn. */
    private static final int MAX_STEPS = 8;
    /** The number of bytes after which a turn ends: a single step may move half a megabyte. */
    private static final int MAX_BYTES = 512 * 1024;

    final DuplexStream source;
    final DuplexStream sink;
    final Statistics.Way way;
    /** Whether the source may have data. */
    boolean readable;
    /** Whether to read on after a short read, until a read would block. */
    boolean readOn;
    /** Whether the sink is full: the last write was short, and no event of the sink has followed. */
    boolean blocked;
    /** Whether the end of the stream was read. */
    boolean ended;
    private boolean done;
    /** Whether the source has failed and no read has thrown yet. */
    private boolean failed;

    Flow(DuplexStream source, DuplexStream sink, Statistics.Way way) {
        this.source = source;
        this.sink = sink;
        this.way = way;
    }

    /** Returns a flow for a mode. Encrypted streams cannot be spliced: they are copied or pass through a ring. */
    static Flow of(Mode mode, DuplexStream source, DuplexStream sink, Statistics.Way way, Resources resources) {
        boolean plain = source instanceof TcpStream && sink instanceof TcpStream;
        return mode == Mode.RING ? new RingFlow(source, sink, way, resources)
            : new BurstFlow(plain ? mode : Mode.COPY, source, sink, way, resources);
    }

    /** Called when the source had an event; {@code mustReadOn} sets {@link #readOn}. */
    final void sourceReady(boolean mustReadOn) {
        readable = !ended;
        readOn |= mustReadOn;
    }

    /** Called when the source had an error event. */
    final void sourceFailed() {
        failed = true;
    }

    /** Called when the sink had an event. */
    final void sinkReady() {
        blocked = false;
    }

    /**
     * Moves bytes as far as possible in a turn. Returns whether the turn ended early, so that it must be called again.
     */
    final boolean move() throws IOException {
        long end = way.bytes + MAX_BYTES;
        for (int i = 0; i < MAX_STEPS && way.bytes < end; i++) {
            if (!step()) {
                return false;
            }
        }
        return true;
    }

    /** Moves at most one buffer or pipe. Returns false if it must wait for an event. */
    abstract boolean step() throws IOException;

    /** Handles the end of the stream: passes it on if no bytes are pending. */
    final void end(boolean empty) throws IOException {
        ended = true;
        readable = false;
        if (empty) {
            passEnd();
        }
    }

    /** Passes on the end of the stream, after the last byte. */
    final void passEnd() throws IOException {
        done = true;
        sink.shutdown(Shutdown.WRITE);
    }

    /** Returns whether everything has been written and the end of the stream passed on. */
    final boolean isDone() {
        return done;
    }

    /**
     * Throws the failure of the source if no read will: it has ended, or is not read while the sink is full.
     */
    final void requireNoFailure() throws IOException {
        if (failed && (ended || blocked)) {
            takeFailure();
        }
    }

    /** Throws the failure of the source, if it has failed. */
    final void takeFailure() throws IOException {
        failed = false;
        IOException failure = source.takeError();
        if (failure != null) {
            throw failure;
        }
    }

    /** Discards pending bytes and releases their memory. */
    abstract void close();
}
