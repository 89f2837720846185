package io.panamio.test.tls;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.TcpStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** A stream of the user over a TCP stream, which records what is written. */
final class Recording implements DuplexStream, Source {
    private final TcpStream below;
    private final TcpStream other;
    /** The size of each write. */
    final List<Long> written = new ArrayList<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Recording(TcpStream[] pair) {
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
    public long read(MemorySegment dst, long off, long len) throws IOException {
        return below.read(dst, off, len);
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        long n = below.write(src, off, len);
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

    @Override
    public void shutdown(Shutdown how) throws IOException {
        below.shutdown(how);
    }

    @Override
    public IOException takeError() throws IOException {
        return below.takeError();
    }

    @Override
    public void close() {
        below.close();
    }

    @Override
    public void register(Registry registry, long token, Interest interest) throws IOException {
        below.register(registry, token, interest);
    }

    @Override
    public void reregister(Registry registry, long token, Interest interest) throws IOException {
        below.reregister(registry, token, interest);
    }

    @Override
    public void deregister(Registry registry) throws IOException {
        below.deregister(registry);
    }
}
