package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.Source;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.ClosedChannelException;

/** An input stream that reads from a stream, and waits when a read would block. */
final class ChannelInput extends InputStream {
    private final ReadableStream stream;
    private final Poller poller;
    private volatile boolean closed;
    /** Created on first use, to save memory while threads wait. */
    private byte[] one;

    /** Reads from a stream that is also a {@link Source}. */
    ChannelInput(ReadableStream stream, Poller poller) {
        this.stream = stream;
        this.poller = poller;
    }

    @Override
    public int read() throws IOException {
        if (one == null) {
            one = new byte[1];
        }
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] dst) throws IOException {
        return read(dst, 0, dst.length);
    }

    @Override
    public int read(byte[] dst, int off, int len) throws IOException {
        if (closed) { // of a stream of a user, this may be all that is closed
            throw new ClosedChannelException();
        }
        long n;
        do {
            n = stream.read(dst, off, len);
        } while (n == IoResult.WOULD_BLOCK && poller.await((Source) stream, Waits.READ));
        return (int) n;
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            StreamChannel.close(stream);
        }
    }
}
