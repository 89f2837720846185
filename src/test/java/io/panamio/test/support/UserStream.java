package io.panamio.test.support;

import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A user-defined stream over one of the library. It implements only the abstract methods. */
public class UserStream implements DuplexStream, Source {
    private final StreamSocket<?> below;

    public UserStream(StreamSocket<?> below) {
        this.below = below;
    }

    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        return below.read(dst, off, len);
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        return below.write(src, off, len);
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
