package io.panamio.pipeline;

import io.panamio.sys.Handle;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
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
    /** The calls that move bytes between memory and the pipe. */
    final Streams readerStreams;
    final Streams writerStreams;

    /** Opens a pipe of the given size, or smaller if the system refuses that. */
    KernelPipe(int bytes) throws IOException {
        PipeEnd[] ends = Platform.current().pipes().open();
        Handle first = null;
        try {
            Platform.current().transfers().resizePipe(ends[1].fd(), bytes); // while a failure still closes both here
            first = Handle.owning(this, ends[0].fd(), false);
            writer = Handle.owning(this, ends[1].fd(), false);
        } catch (Throwable t) {
            ends[1].discard();
            if (first == null) {
                ends[0].discard();
            } else {
                first.close();
            }
            throw t;
        }
        reader = first;
        reader.setPipe(ends[0]);
        writer.setPipe(ends[1]);
        readerStreams = ends[0].streams();
        writerStreams = ends[1].streams();
    }

    int reader() throws ClosedChannelException {
        return reader.fd();
    }

    int writer() throws ClosedChannelException {
        return writer.fd();
    }

    /** Returns whether no {@link #close} has begun; one that overflowed the stack must be repeated. */
    boolean isOpen() {
        return reader.isOpen();
    }

    void close() {
        reader.close();
        writer.close();
        Reference.reachabilityFence(this); // keeps the cleaner from running meanwhile
    }
}
