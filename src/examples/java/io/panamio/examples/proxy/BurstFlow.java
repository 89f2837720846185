package io.panamio.examples.proxy;

import io.panamio.IoResult;
import io.panamio.ResourceExhaustedException;
import io.panamio.memory.Lease;
import io.panamio.net.DuplexStream;
import io.panamio.pipeline.Splice;
import java.io.IOException;

/**
 * Copies through the loop's buffer, splices, or alternates: it starts to splice after a read that fills the buffer, and
 * copies again after several small bursts. A small request takes one read and one write, and so does its response.
 *
 * <p>The first splices of a burst are limited to {@value #PIECE} bytes: see {@link Splice#transfer(long)} for the cost
 * of large ones.
 */
final class BurstFlow extends Flow {
    /** Smaller bursts are cheaper to copy. */
    private static final int SMALL = 16 * 1024;
    /**
     * The number of small bursts in a row after which it copies again; a single one may precede a large burst.
     */
    private static final int MAX_SMALL = 4;
    /** The maximum size of the first splices of a burst: about as much as one received packet can contain. */
    private static final int PIECE = 60 * 1024;
    /** From this size on, a burst is moved in pieces as large as the pipe, which takes the fewest system calls. */
    private static final int LARGE = 256 * 1024;

    private final Resources resources;
    private final Mode mode;
    private boolean splicing;
    private Splice splice;
    private long burst;
    private int smallBursts;
    /** Whether the last burst was a large one. */
    private boolean large;
    /** The buffer with the bytes that were read and not written yet, in {@code from <= i < to}; or null. */
    private Lease kept;
    private long from;
    private long to;

    BurstFlow(Mode mode, DuplexStream source, DuplexStream sink, Statistics.Way way, Resources resources) {
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
        if (n < Resources.BUFFER_SIZE && !readOn || n == IoResult.WOULD_BLOCK) {
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

    /** Writes pending bytes. Returns whether all are written and the source may have more. */
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
                throw splice.failure(); // at once: the sink may never be writable again
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
        if (smallBursts == MAX_SMALL && mode == Mode.AUTO) {
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
