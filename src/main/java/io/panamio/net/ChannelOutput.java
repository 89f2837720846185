package io.panamio.net;

import java.io.IOException;
import java.io.OutputStream;

/** An output stream that writes to a blocking channel. */
final class ChannelOutput extends OutputStream {
    private final StreamChannel channel;
    /** Created on first use, to save memory while threads wait. */
    private byte[] one;

    ChannelOutput(StreamChannel channel) {
        this.channel = channel;
    }

    @Override
    public void write(int b) throws IOException {
        if (one == null) {
            one = new byte[1];
        }
        one[0] = (byte) b;
        channel.write(one, 0, 1);
    }

    @Override
    public void write(byte[] src, int off, int len) throws IOException {
        channel.write(src, off, len);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
