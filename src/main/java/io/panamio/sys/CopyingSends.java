package io.panamio.sys;

import java.lang.foreign.MemorySegment;

/** {@link io.panamio.Feature#ZERO_COPY} where the system copies whatever is sent: no socket has such sends enabled. */
public final class CopyingSends extends ZeroCopy {
    /** For the platforms. */
    public CopyingSends() {
    }

    @Override
    public boolean isEnabled(int fd) {
        return false;
    }

    @Override
    public boolean enable(int fd) {
        return false;
    }

    @Override
    public long send(int fd, MemorySegment src, long off, long len) {
        return REFUSED;
    }

    @Override
    public int complete(int fd, Completion to) {
        return 0;
    }
}
