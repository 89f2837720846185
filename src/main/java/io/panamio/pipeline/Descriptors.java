package io.panamio.pipeline;

import io.panamio.IoSource;
import io.panamio.net.Pipe;
import io.panamio.net.StreamSocket;

/**
 * The streams whose bytes the system can move by itself: those that are a descriptor and nothing more. A user's stream
 * may be an {@link IoSource}, too, and do something else with its bytes.
 */
final class Descriptors {
    private Descriptors() {
    }

    /** The source of a stream's descriptor, or null if its bytes must be copied. */
    static IoSource of(Object stream) {
        return stream instanceof StreamSocket<?> || stream instanceof Pipe.Sender || stream instanceof Pipe.Receiver
            ? (IoSource) stream : null;
    }
}
