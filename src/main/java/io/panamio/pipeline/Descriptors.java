package io.panamio.pipeline;

import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.jfr.Flight;
import io.panamio.net.Pipe;
import io.panamio.net.StreamSocket;
import io.panamio.sys.Handle;
import io.panamio.sys.Readiness;
import java.io.IOException;

/**
 * The descriptors of streams whose bytes the system can transfer by itself: the library's own streams. A user-defined
 * stream may be an {@link IoSource} as well, but transform its bytes.
 */
final class Descriptors {
    private Descriptors() {
    }

    /** {@return the handle of a stream, which must stay reachable, or null if its bytes must be copied} */
    static Handle of(Object stream) {
        if (!(stream instanceof StreamSocket<?> || stream instanceof Pipe.Sender || stream instanceof Pipe.Receiver)) {
            return null;
        }
        Handle handle = Handle.of(stream);
        return handle.deliversEvents() ? null : handle;
    }

    /**
     * Performs a system call as {@link IoSource#tryIo(io.panamio.Interest, IoOperation)} does, but does not expose the
     * descriptor: its close takes no call to deregister it.
     *
     * @param direction the {@link Readiness} bits to arm if the call would block
     */
    static long call(Handle handle, int direction, IoOperation operation) throws IOException {
        int fd = handle.begin();
        try {
            long result = operation.run(fd);
            if (result == IoResult.WOULD_BLOCK) {
                handle.rearm(direction);
                if (Flight.recordsWouldBlocks()) {
                    Flight.wouldBlock(handle.source(), "transfer");
                }
            }
            return result;
        } catch (IOException e) {
            handle.rearm(Readiness.HANG_UP);
            throw e;
        } finally {
            handle.exit();
        }
    }
}
