package io.panamio.sys.unix;

import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;

/** What is the same on every Unix. */
public abstract class UnixPlatform extends Platform {
    /** For the platforms. */
    protected UnixPlatform() {
    }

    @Override
    public final void close(int fd) {
        Libc.close(fd);
    }

    @Override
    public final MemorySegment allocate(long bytes) {
        return Libc.calloc(bytes);
    }

    @Override
    public final void free(MemorySegment block) {
        Libc.free(block);
    }
}
