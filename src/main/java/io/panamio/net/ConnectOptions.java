package io.panamio.net;

import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Map;
import java.util.Objects;

/** How a stream is connected. Immutable: each method with an argument returns other options. */
public final class ConnectOptions extends OptionSet<ConnectOptions> {
    /** The system's defaults. */
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
     * The address to bind to before connecting; by default the system chooses one.
     *
     * @param address an {@link java.net.InetSocketAddress} of the peer's family, where port 0 lets the system choose
     *     one, or for Unix sockets a {@link UnixAddress}
     * @return the options
     */
    public ConnectOptions local(SocketAddress address) {
        return new ConnectOptions(Objects.requireNonNull(address, "address"), values());
    }
}
