package io.panamio.test.soak;

import static io.panamio.IoResult.WOULD_BLOCK;

import io.panamio.Event;
import io.panamio.Interest;
import io.panamio.net.StreamSocket;
import io.panamio.test.soak.Calls.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A stream that was accepted, until it has received the number of its session. */
final class Accepted implements SoakLoop.Actor {
    private final SoakLoop loop;
    private final StreamSocket<?> stream;
    private final byte[] number = new byte[Long.BYTES];
    private final long token;
    private final long deadline;
    private int got;

    Accepted(SoakLoop loop, StreamSocket<?> stream) throws IOException {
        this.loop = loop;
        this.stream = stream;
        token = loop.actors.insert(this);
        deadline = loop.schedule(token, loop.run.patience);
        loop.poll.registry().register(stream, token, Interest.READABLE);
    }

    private void forget() {
        loop.actors.remove(token);
        loop.cancel(deadline);
    }

    void close() {
        forget();
        stream.close();
    }

    @Override
    public void event(Event event) throws IOException {
        try {
            for (long n; got < number.length; got += (int) n) {
                n = stream.read(number, got, number.length - got);
                loop.run.calls.add(Kind.STREAM);
                if (n == WOULD_BLOCK) {
                    return;
                }
                if (n < 0) {
                    throw new IOException("closed before it was used");
                }
            }
        } catch (IOException e) { // its session has closed or reset it
            close();
            return;
        }
        forget();
        StreamSession session = loop.connecting.remove(ByteBuffer.wrap(number).getLong());
        if (session == null) { // closed meanwhile
            stream.close();
        } else {
            loop.poll.registry().deregister(stream);
            session.accepted(stream);
        }
    }

    @Override
    public void turn() {
        throw new AssertionError("has no turn");
    }

    @Override
    public void expired() {
        throw new AssertionError("no first byte of " + stream);
    }
}
