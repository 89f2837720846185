package io.panamio.test.support;

import io.panamio.IoResult;
import io.panamio.IoSource;
import java.io.IOException;

/** A user-defined source: an {@linkplain NativeCalls#eventfd eventfd(2)}, which is readable while its count is not 0. */
public final class EventFd extends IoSource {
    public EventFd(int count) {
        super(NativeCalls.eventfd(count), false);
    }

    /** Adds to the count. */
    public void add(long count) throws IOException {
        tryIo(Loop.W, fd -> NativeCalls.eventfdWrite(fd, count));
    }

    /** Reads the count and resets it to 0; WOULD_BLOCK if it is 0. */
    public long take() throws IOException {
        int fd = begin();
        try {
            long count = NativeCalls.eventfdRead(fd);
            if (count < 0) {
                drained(Loop.R);
                return IoResult.WOULD_BLOCK;
            }
            return count;
        } finally {
            end();
        }
    }
}
