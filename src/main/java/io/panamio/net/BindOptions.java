package io.panamio.net;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** How a datagram socket is bound. Immutable: each method with an argument returns other options. */
public final class BindOptions extends OptionSet<BindOptions> {
    /** The system's defaults, and both families for a wildcard. */
    public static final BindOptions DEFAULT = new BindOptions(true, Map.of());

    private final boolean dualStack;

    private BindOptions(boolean dualStack, Map<SocketOption<?>, Object> values) {
        super(values);
        this.dualStack = dualStack;
    }

    @Override
    BindOptions copy(Map<SocketOption<?>, Object> values) {
        return new BindOptions(dualStack, values);
    }

    boolean dualStack() {
        return dualStack;
    }

    /**
     * Whether a socket on the IPv4 wildcard {@code 0.0.0.0}, which is what {@code new InetSocketAddress(port)} means,
     * speaks IPv6 as well, as the JDK's do. The default is true; with false it is IPv4 alone, as in mio.
     *
     * @param on true for both
     * @return the options
     */
    public BindOptions dualStack(boolean on) {
        return new BindOptions(on, values());
    }

    /**
     * IPV6_V6ONLY: whether a socket on an IPv6 address refuses IPv4. The default is false.
     *
     * @param on which
     * @return the options
     */
    public BindOptions v6Only(boolean on) {
        return with(SystemSocketOptions.IPV6_V6ONLY, on);
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
