package io.panamio.pipeline;

import io.panamio.IoResult;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import java.io.IOException;

/**
 * Joins two streams, as a proxy does: what each receives goes to the other, by a {@link Splice} for each direction.
 * When one ends, that is passed on ({@link Shutdown#WRITE}) after its last byte, and the other direction goes on.
 *
 * <pre>{@code
 * poll.registry().register(client, token, Interest.READABLE.add(Interest.WRITABLE));     // and the server likewise
 * Relay relay = new Relay(client, server, pool);
 * …
 * try {                                                      // on any event of one of both
 *     while ((n = relay.transfer(stream)) > 0) { }           // or no loop, and again after the other connections
 *     if (n == IoResult.EOF) { relay.close(); }              // else WOULD_BLOCK: wait for events
 * } catch (IOException e) {
 *     relay.close();                                         // one has failed: the other is told by the close
 * }
 * }</pre>
 *
 * <p>A stream may be a user's, an encrypted one for example: then bytes are copied. The streams are the relay's: {@link
 * #close} closes them. They may still be connecting: what is for one then, the end included, waits until it is
 * connected. What one side's reset leaves
 * of the other's bytes is delivered as far as it had come, and then the connection is closed in order; who must not let
 * that look like a proper end sets {@link java.net.StandardSocketOptions#SO_LINGER} to 0 before the close.
 *
 * <p>For one thread at a time, but for {@link #close}. Allocates nothing, unless the pool has no pipe.
 */
public final class Relay implements AutoCloseable {
    /** How many pipes one call fills in a direction: so others get their turn. */
    private static final int MOST_FILLS = 16;

    private final DuplexStream a;
    private final DuplexStream b;
    private final Splice aToB;
    private final Splice bToA;
    private boolean endedA;
    private boolean endedB;

    /**
     * Joins two streams. Nothing is moved until {@link #transfer} is called, on the first events.
     *
     * @param a the one, to be registered for both directions
     * @param b the other, likewise
     * @param pool where the pipes come from, of the same thread
     */
    public Relay(DuplexStream a, DuplexStream b, PipePool pool) {
        this.a = a;
        this.b = b;
        aToB = new Splice(a, b, pool);
        bToA = new Splice(b, a, pool);
    }

    /**
     * Moves what waits for a stream that had an event: any event, errors too.
     *
     * @param ready the stream, one of both
     * @return {@link IoResult#WOULD_BLOCK} when all that could be moved was, and events will tell when there is more;
     *     {@link IoResult#EOF} when both have ended and everything has gone; or a number of bytes, when this has
     *     stopped to let others have their turn: then call again, as no event may come
     * @throws IllegalArgumentException if the stream is another one
     * @throws java.nio.channels.ClosedChannelException if this or a stream is closed
     * @throws io.panamio.ResourceExhaustedException if there is no descriptor left for a pipe: nothing is lost, but no
     *     event may come, so call again later
     * @throws IOException if one of both connections is broken; or if the system has no memory (ENOMEM, ENOBUFS):
     *     nothing is lost then, and a call later may go on
     */
    public long transfer(DuplexStream ready) throws IOException {
        if (ready != a && ready != b) {
            throw new IllegalArgumentException("a stream of another relay");
        }
        DuplexStream other = ready == a ? b : a;
        Splice from = ready == a ? aToB : bToA;
        Splice to = ready == a ? bToA : aToB;

        long before = transferred();
        if (from.isEnded()) {
            requireNoError(ready);
        }
        boolean more = from.buffered() == 0 && move(from, other); // else it waits for the other
        more |= (to.buffered() > 0 || !to.isBlocked()) && move(to, ready); // likewise
        if (more) {
            return transferred() - before;
        }
        return endedA && endedB ? IoResult.EOF : IoResult.WOULD_BLOCK;
    }

    /** A stream whose end was read is not read again, and would not tell that it was reset since then. */
    private static void requireNoError(DuplexStream stream) throws IOException {
        IOException error = stream.takeError();
        if (error != null) {
            throw error;
        }
    }

    /** Moves until one of both would block, or for a while: then it returns true. */
    private boolean move(Splice splice, DuplexStream sink) throws IOException {
        for (int i = 0; i < MOST_FILLS && !hasEnded(splice); i++) {
            splice.transfer();
            if (splice.isBlocked()) {
                return false;
            }
        }
        if (!hasEnded(splice)) {
            return true;
        }
        if (!(sink == a ? endedA : endedB) && isConnected(sink)) {
            sink.shutdown(Shutdown.WRITE);
            endedA |= sink == a;
            endedB |= sink == b;
        }
        return false;
    }

    /** If not, there is an event when it is, and a shutdown now would end the connect. */
    private static boolean isConnected(DuplexStream stream) throws IOException {
        return !(stream instanceof TcpStream tcp) || tcp.finishConnect();
    }

    private static boolean hasEnded(Splice splice) {
        return splice.isEnded() && splice.buffered() == 0;
    }

    /**
     * How many bytes have gone through, in both directions together.
     *
     * @return the number
     */
    public long transferred() {
        return aToB.transferred() + bToA.transferred();
    }

    /** Closes both streams, and throws away what was on its way. Does nothing the second time. */
    @Override
    public void close() {
        a.close();
        b.close();
        aToB.close();
        bToA.close();
    }
}
