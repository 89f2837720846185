package io.panamio.sys.bsd;

import io.panamio.sys.ZeroCopy;
import java.lang.foreign.MemorySegment;

/** Where the system copies whatever is sent: no socket has these sends enabled. */
final class CopyingSends extends ZeroCopy {
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
