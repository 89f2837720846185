package io.panamio.pipeline;

import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.net.StreamSocket;

/**
 * Identifies streams whose bytes the system can move: those that are a descriptor and nothing more. A stream class of
 * the user may also be an {@link IoSource}, but transform its bytes.
 */
final class Descriptors {
    private Descriptors() {
    }

    /** {@return the source of a stream's descriptor, or null if its bytes must be copied} */
    static IoSource of(Object stream) {
        return stream instanceof StreamSocket<?> || stream instanceof Pipe.Sender || stream instanceof Pipe.Receiver
            ? (IoSource) stream : null;
    }
}
