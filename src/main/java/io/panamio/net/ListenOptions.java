package io.panamio.net;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** How a listener is bound. Immutable: each method with an argument returns other options. */
public final class ListenOptions extends OptionSet<ListenOptions> {
    /**
     * The longest queue that the system allows, SO_REUSEADDR so that an address can be bound while connections of an
     * earlier listener linger, and both families for a wildcard.
     */
    public static final ListenOptions DEFAULT =
        new ListenOptions(Integer.MAX_VALUE, true, Map.of(StandardSocketOptions.SO_REUSEADDR, true));

    private final int backlog;
    private final boolean dualStack;

    private ListenOptions(int backlog, boolean dualStack, Map<SocketOption<?>, Object> values) {
        super(values);
        this.backlog = backlog;
        this.dualStack = dualStack;
    }

    @Override
    ListenOptions copy(Map<SocketOption<?>, Object> values) {
        return new ListenOptions(backlog, dualStack, values);
    }

    int backlog() {
        return backlog;
    }

    boolean dualStack() {
        return dualStack;
    }

    /**
     * How many connections may wait to be accepted. The system cuts it at its own limit (somaxconn), which is the
     * default.
     *
     * @param connections from 1 on
     * @return the options
     * @throws IllegalArgumentException if less than 1
     */
    public ListenOptions backlog(int connections) {
        if (connections < 1) {
            throw new IllegalArgumentException("backlog " + connections);
        }
        return new ListenOptions(connections, dualStack, values());
    }

    /**
     * Whether a listener on the IPv4 wildcard {@code 0.0.0.0}, which is what {@code new InetSocketAddress(port)} means,
     * accepts IPv6 as well, as the JDK's do. The default is true; with false it is IPv4 alone, as in mio.
     *
     * @param on true for both
     * @return the options
     */
    public ListenOptions dualStack(boolean on) {
        return new ListenOptions(backlog, on, values());
    }

    /**
     * IPV6_V6ONLY: whether a listener on an IPv6 address refuses IPv4. The default is false: {@code ::} accepts both,
     * and IPv4 peers have IPv4 addresses.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions v6Only(boolean on) {
        return with(SystemSocketOptions.IPV6_V6ONLY, on);
    }

    /**
     * SO_REUSEADDR: whether the address may be bound while connections of an earlier listener linger. The default is
     * true. Two listeners at a time are not possible either way.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions reuseAddress(boolean on) {
        return with(StandardSocketOptions.SO_REUSEADDR, on);
    }

    /**
     * SO_REUSEPORT: whether several listeners, all with this option, share the address and the system spreads
     * connections over them. The default is false.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions reusePort(boolean on) {
        return with(StandardSocketOptions.SO_REUSEPORT, on);
    }
}
