package io.panamio.net;

import java.io.IOException;
import java.io.InputStream;

/** An input stream that reads from a blocking channel. */
final class ChannelInput extends InputStream {
    private final StreamChannel channel;
    /** Created on first use, to save memory while threads wait. */
    private byte[] one;

    ChannelInput(StreamChannel channel) {
        this.channel = channel;
    }

    @Override
    public int read() throws IOException {
        if (one == null) {
            one = new byte[1];
        }
        return channel.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] dst) throws IOException {
        return channel.read(dst, 0, dst.length);
    }

    @Override
    public int read(byte[] dst, int off, int len) throws IOException {
        return channel.read(dst, off, len);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
