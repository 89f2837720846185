package io.panamio.pipeline;

import io.panamio.IoResult;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import java.io.IOException;

/**
 * Connects two streams in both directions, as a proxy does, by a {@link Splice} for each direction. When one stream
 * ends, the other is {@linkplain Shutdown#WRITE shut down for writing} after its last byte, and the opposite direction
 * continues.
 *
 * {@snippet file="PipelineSnippets.java" region="relay"}
 *
 * <p>Either stream may be of another class, a {@code TlsStream} or a user-defined one; its bytes are then copied. The
 * relay owns both streams: {@link #close} closes them. A stream may still be connecting: its data, and the end of it,
 * are held back until {@link DuplexStream#finishConnect} returns true.
 *
 * <p>If one peer resets its connection, {@link #transfer} throws. The bytes that were received before are delivered
 * first, unless a write to that peer fails earlier. {@link #close} then closes the other connection in an orderly way.
 * If its peer must not mistake that for an orderly end, set {@link java.net.StandardSocketOptions#SO_LINGER} to 0
 * before the close.
 *
 * <p>Not thread-safe, except {@link #close}. Allocates nothing unless the pool is out of pipes.
 */
public final class Relay implements AutoCloseable {
    /** The maximum number of pipes that one call fills in a direction, for fairness. */
    private static final int MAX_FILLS = 16;

    private final DuplexStream a;
    private final DuplexStream b;
    private final Splice aToB;
    private final Splice bToA;
    private boolean endedA;
    private boolean endedB;

    /**
     * Connects two streams. Moves nothing until {@link #transfer} is called for the first event.
     *
     * @param a one stream, registered for both directions
     * @param b the other stream, registered for both directions
     * @param pool the pool of pipes, of the same thread
     */
    public Relay(DuplexStream a, DuplexStream b, PipePool pool) {
        this.a = a;
        this.b = b;
        aToB = new Splice(a, b, pool);
        bToA = new Splice(b, a, pool);
    }

    /**
     * Moves the bytes that can be moved after an event of a stream. Call it for every event of either stream, including
     * errors.
     *
     * @param ready the stream that had the event
     * @return {@link IoResult#WOULD_BLOCK} if nothing more can be moved until the next event; {@link IoResult#EOF} if
     *     both streams have ended and everything was delivered; otherwise the number of bytes moved, when this method
     *     has stopped for fairness: call it again later, as no event may follow
     * @throws IllegalArgumentException if {@code ready} is not one of the two streams
     * @throws java.nio.channels.ClosedChannelException if this relay or a stream is closed
     * @throws io.panamio.ResourceExhaustedException if no descriptor is available for a pipe; nothing is lost, but no
     *     event may follow, so call again later
     * @throws IOException if a connection is broken, or if the system has no memory (ENOMEM, ENOBUFS); in the latter
     *     case nothing is lost, and a later call may succeed
     */
    public long transfer(DuplexStream ready) throws IOException {
        if (ready != a && ready != b) {
            throw new IllegalArgumentException("not a stream of this relay");
        }
        DuplexStream other = ready == a ? b : a;
        Splice from = ready == a ? aToB : bToA;
        Splice to = ready == a ? bToA : aToB;

        long before = transferred();
        ready.flush();
        if (from.isEnded()) {
            requireNoError(ready);
        }
        boolean more = from.buffered() == 0 && move(from, other); // otherwise it waits for the other
        more |= (to.buffered() > 0 || !to.isBlocked()) && move(to, ready); // waits for input of the other
        if (more) {
            return transferred() - before;
        }
        return endedA && endedB && a.flush() && b.flush() ? IoResult.EOF : IoResult.WOULD_BLOCK;
    }

    /** Throws the pending error: a stream whose end was read is not read again, and would not report a later reset. */
    private static void requireNoError(DuplexStream stream) throws IOException {
        IOException error = stream.takeError();
        if (error != null) {
            throw error;
        }
    }

    /** Moves bytes until a stream would block; returns true if it stopped for fairness before that. */
    private boolean move(Splice splice, DuplexStream sink) throws IOException {
        for (int i = 0; i < MAX_FILLS && !hasEnded(splice); i++) {
            splice.transfer();
            if (splice.isBlocked()) {
                return false;
            }
        }
        if (!hasEnded(splice)) {
            return true;
        }
        if (!(sink == a ? endedA : endedB) && sink.finishConnect()) { // a shutdown would abort the connect
            sink.shutdown(Shutdown.WRITE);
            endedA |= sink == a;
            endedB |= sink == b;
        }
        return false;
    }

    private static boolean hasEnded(Splice splice) {
        return splice.isEnded() && splice.buffered() == 0;
    }

    /** {@return the number of bytes delivered so far, in both directions together} */
    public long transferred() {
        return aToB.transferred() + bToA.transferred();
    }

    /** Closes both streams and discards the bytes that were not delivered. Idempotent. */
    @Override
    public void close() {
        a.close();
        b.close();
        aToB.close();
        bToA.close();
    }
}
