package io.panamio.pipeline;

import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;

/**
 * A pipe that carries bytes between two streams, invisible to users. Used and closed by one thread at a time; closed by
 * the cleaner if it becomes unreachable.
 */
final class KernelPipe {
    private final Handle reader;
    private final Handle writer;

    /** Opens a pipe of the given size, or smaller if the system refuses that. */
    KernelPipe(int bytes) throws IOException {
        int[] ends = Platform.current().pipes().open();
        Handle first = null;
        try {
            Platform.current().transfers().resizePipe(ends[1], bytes); // while a failure still closes both here
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
        Reference.reachabilityFence(this); // keeps the cleaner from running meanwhile
    }
}
