package io.panamio.test.tls;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.net.TcpStream;
import io.panamio.test.support.UserStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A user-defined stream over a TCP stream, which records what is written. */
final class Recording extends UserStream {
    private final TcpStream below;
    private final TcpStream other;
    /** The size of each write. */
    final List<Long> written = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Recording(TcpStream[] pair) {
        super(pair[0]);
        below = pair[0];
        other = pair[1];
    }

    TcpStream other() {
        return other;
    }

    /** Returns the number of records written since the last call. */
    int records() {
        byte[] all = bytes.toByteArray();
        long skip = all.length - written.stream().mapToLong(n -> n).sum();
        int count = 0;
        for (int at = (int) skip; at < all.length; count++) {
            at += 5 + ((all[at + 3] & 0xFF) << 8 | all[at + 4] & 0xFF);
        }
        return count;
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        long n = super.write(src, off, len);
        if (n > 0) {
            written.add(n);
            bytes.writeBytes(src.asSlice(off, n).toArray(JAVA_BYTE));
        }
        return n;
    }

    @Override
    public boolean finishConnect() throws IOException {
        return below.finishConnect();
    }
}
