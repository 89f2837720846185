package io.panamio.examples.proxy;

import io.panamio.IoResult;
import io.panamio.ResourceExhaustedException;
import io.panamio.memory.Lease;
import io.panamio.net.TcpStream;
import io.panamio.pipeline.Splice;
import java.io.IOException;

/**
 * Copies by way of the loop's buffer, or splices, or chooses between both: a read that fills the buffer begins to
 * splice, and some small bursts in a row end that. A small request takes a read and a write, and so does its answer.
 *
 * <p>A splice moves no more than a packet at first: see {@link Splice#transfer(long)} for what large pieces cost.
 */
final class BurstFlow extends Flow {
    /** A burst of less than this is better copied. */
    private static final int SMALL = 16 * 1024;
    /** After so many of those it is copied again: one may be the head of a large burst. */
    private static final int MOST_SMALL = 4;
    /** What a burst begins with goes on in pieces of a packet. */
    private static final int PIECE = 60 * 1024;
    /** A burst of more than this goes on by whole pipes, as then the number of calls is what matters. */
    private static final int LARGE = 256 * 1024;

    private final Resources resources;
    private final Mode mode;
    private boolean splicing;
    private Splice splice;
    private long burst;
    private int smallBursts;
    /** Whether the last burst was a large one. */
    private boolean large;
    /** What the sink has not taken of a copy. */
    private Lease kept;
    private long from;
    private long to;

    BurstFlow(Mode mode, TcpStream source, TcpStream sink, Statistics.Way way, Resources resources) {
        super(source, sink, way);
        this.mode = mode;
        this.resources = resources;
        splicing = mode == Mode.SPLICE;
    }

    @Override
    boolean step() throws IOException {
        if (blocked) {
            return false;
        }
        if (kept != null) {
            return flush();
        }
        if (!readable) {
            return false;
        }
        return splicing ? splice() : copy();
    }

    // ---- copying

    private boolean copy() throws IOException {
        Lease buffer = resources.buffer();
        long n = source.read(buffer.segment());
        way.reads++;
        if (n == IoResult.EOF) {
            end(true);
            return false;
        }
        if (n < Resources.BUFFER_SIZE && !hangUp || n == IoResult.WOULD_BLOCK) {
            readable = false; // a short read has drained the socket
        } else if (mode == Mode.AUTO && n == Resources.BUFFER_SIZE) {
            splicing = true;
            burst = n;
        }
        if (n > 0) {
            send(buffer, n);
        }
        return readable && !blocked;
    }

    private void send(Lease buffer, long n) throws IOException {
        long sent = Math.max(sink.write(buffer.segment(), 0, n), 0);
        way.writes++;
        way.bytes += sent;
        if (sent < n) {
            kept = resources.keepBuffer();
            from = sent;
            to = n;
            blocked = true;
        }
    }

    /** Sends what was kept; true if that is all and the source may have more. */
    private boolean flush() throws IOException {
        long sent = Math.max(sink.write(kept.segment(), from, to - from), 0);
        way.writes++;
        way.bytes += sent;
        from += sent;
        if (from < to) {
            blocked = true;
            return false;
        }
        kept.release();
        kept = null;
        return readable;
    }

    // ---- splicing

    private boolean splice() throws IOException {
        if (splice == null) {
            splice = new Splice(source, sink, resources.pipes);
        }
        long n;
        try {
            n = large || burst >= LARGE ? splice.transfer() : splice.transfer(PIECE);
        } catch (ResourceExhaustedException e) {
            return copy(); // no descriptors for a pipe
        }
        way.splices++;
        if (n > 0) {
            way.bytes += n;
            burst += n;
        }
        if (splice.buffered() > 0) {
            if (splice.failure() != null) {
                throw splice.failure(); // at once: the sink may never take the rest
            }
            blocked = true;
            return false;
        }
        if (n > 0) {
            return true;
        }
        if (n == IoResult.EOF) {
            end(true);
        } else {
            readable = false;
            endBurst();
        }
        return false;
    }

    private void endBurst() {
        smallBursts = burst < SMALL ? smallBursts + 1 : 0;
        large = burst >= LARGE;
        burst = 0;
        if (smallBursts == MOST_SMALL && mode == Mode.AUTO) {
            splicing = false;
            smallBursts = 0;
        }
    }

    @Override
    void close() {
        if (kept != null) {
            kept.release();
            kept = null;
        }
        if (splice != null) {
            splice.close();
        }
    }
}
