package io.panamio.net;

import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Map;
import java.util.Objects;

/**
 * Options for connecting a stream. Immutable: each setter returns a modified copy.
 * {@snippet file="OptionSnippets.java" region="connect"}
 */
public final class ConnectOptions extends OptionSet<ConnectOptions> {
    /** The defaults of the system. */
    public static final ConnectOptions DEFAULT = new ConnectOptions(null, Map.of());

    private final SocketAddress local;

    private ConnectOptions(SocketAddress local, Map<SocketOption<?>, Object> values) {
        super(values);
        this.local = local;
    }

    @Override
    ConnectOptions copy(Map<SocketOption<?>, Object> values) {
        return new ConnectOptions(local, values);
    }

    SocketAddress local() {
        return local;
    }

    /**
     * Sets the address to bind to before connecting. By default the system chooses one.
     *
     * @param address an {@link java.net.InetSocketAddress} of the peer's family, in which port 0 lets the system choose
     *     a port, or a {@link UnixAddress} for Unix sockets
     * @return the modified copy
     */
    public ConnectOptions local(SocketAddress address) {
        return new ConnectOptions(Objects.requireNonNull(address, "address"), values());
    }
}
