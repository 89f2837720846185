package io.panamio.net;

import io.panamio.sys.SocketFile;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** How a datagram socket is bound. Immutable: each method with an argument returns other options. */
public final class BindOptions extends BoundOptions<BindOptions> {
    /** The system's defaults, and both families for a wildcard. */
    public static final BindOptions DEFAULT = new BindOptions(true, SocketFile.DEFAULT, Map.of());


    private BindOptions(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        super(dualStack, file, values);
    }

    @Override
    BindOptions copy(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        return new BindOptions(dualStack, file, values);
    }

    /**
     * SO_REUSEADDR: whether several sockets, all with this option, may be bound to the address; a multicast datagram
     * goes to all of them, any other one to the last. The default is false.
     *
     * @param on which
     * @return the options
     */
    public BindOptions reuseAddress(boolean on) {
        return with(StandardSocketOptions.SO_REUSEADDR, on);
    }

    /**
     * SO_REUSEPORT: whether several sockets, all with this option, share the address and the system spreads datagrams
     * over them by their senders. The default is false.
     *
     * @param on which
     * @return the options
     */
    public BindOptions reusePort(boolean on) {
        return with(StandardSocketOptions.SO_REUSEPORT, on);
    }
}
