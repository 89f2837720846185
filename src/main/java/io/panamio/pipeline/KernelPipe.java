package io.panamio.pipeline;

import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;

/**
 * A pipe that bytes pass through on their way between two streams, seen by nobody else. It is used by one thread at a
 * time, and closed by the one that has it; dropped, it is closed when it is collected.
 */
final class KernelPipe {
    private final Handle reader;
    private final Handle writer;

    /** A pipe of a size, or smaller where the system refuses. */
    KernelPipe(int bytes) throws IOException {
        int[] ends = Platform.current().pipes().open();
        Handle first = null;
        try {
            Platform.current().transfers().resizePipe(ends[1], bytes); // not later: then it is its user's to close
            first = Handle.owning(this, ends[0], false);
            writer = Handle.owning(this, ends[1], false);
        } catch (Throwable t) {
            Platform.current().pipes().discard(ends[1]);
            if (first == null) {
                Platform.current().pipes().discard(ends[0]);
            } else {
                first.close();
            }
            throw t;
        }
        reader = first;
        reader.setPipe();
        writer.setPipe();
    }

    int reader() throws ClosedChannelException {
        return reader.fd();
    }

    int writer() throws ClosedChannelException {
        return writer.fd();
    }

    void close() {
        reader.close();
        writer.close();
        Reference.reachabilityFence(this); // or the cleaner could think that this was dropped
    }
}
