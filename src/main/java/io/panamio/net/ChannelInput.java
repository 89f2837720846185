package io.panamio.net;

import java.io.IOException;
import java.io.InputStream;

/** The input of a blocking channel. */
final class ChannelInput extends InputStream {
    private final StreamChannel channel;
    private final byte[] one = new byte[1];

    ChannelInput(StreamChannel channel) {
        this.channel = channel;
    }

    @Override
    public int read() throws IOException {
        return channel.read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
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
