package io.panamio.net;

/**
 * How a {@link TcpListener} is bound. Immutable: each method that takes an argument returns other options.
 *
 * @param backlog how many connections may wait to be accepted, from 1 on; the system cuts it at its own limit
 *     (somaxconn). The default is that limit.
 * @param reuseAddress SO_REUSEADDR: whether the address may be bound while connections of an earlier listener linger.
 *     The default is true. Two listeners at a time are not possible either way.
 * @param reusePort SO_REUSEPORT: whether several listeners, all with this option, share the address and the system
 *     spreads connections over them. The default is false.
 * @param v6Only IPV6_V6ONLY: whether a listener on an IPv6 address refuses IPv4. The default is false: {@code ::}
 *     accepts both, and IPv4 peers have IPv4 addresses.
 * @param dualStack whether a listener on the IPv4 wildcard {@code 0.0.0.0}, which is what {@code new
 *     InetSocketAddress(port)} means, accepts IPv6 as well, as the JDK's do. The default is true; with false it is
 *     IPv4 alone, as in mio.
 */
public record ListenOptions(int backlog, boolean reuseAddress, boolean reusePort, boolean v6Only, boolean dualStack) {
    /** The defaults. */
    public static final ListenOptions DEFAULT = new ListenOptions(Integer.MAX_VALUE, true, false, false, true);

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if the backlog is less than 1
     */
    public ListenOptions {
        if (backlog < 1) {
            throw new IllegalArgumentException("backlog " + backlog);
        }
    }

    /**
     * These options with another backlog.
     *
     * @param connections from 1 on
     * @return the options
     */
    public ListenOptions backlog(int connections) {
        return new ListenOptions(connections, reuseAddress, reusePort, v6Only, dualStack);
    }

    /**
     * These options with SO_REUSEADDR on or off.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions reuseAddress(boolean on) {
        return new ListenOptions(backlog, on, reusePort, v6Only, dualStack);
    }

    /**
     * These options with SO_REUSEPORT on or off.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions reusePort(boolean on) {
        return new ListenOptions(backlog, reuseAddress, on, v6Only, dualStack);
    }

    /**
     * These options with IPV6_V6ONLY on or off.
     *
     * @param on which
     * @return the options
     */
    public ListenOptions v6Only(boolean on) {
        return new ListenOptions(backlog, reuseAddress, reusePort, on, dualStack);
    }

    /**
     * These options with the IPv4 wildcard for both families or for IPv4 alone.
     *
     * @param on true for both
     * @return the options
     */
    public ListenOptions dualStack(boolean on) {
        return new ListenOptions(backlog, reuseAddress, reusePort, v6Only, on);
    }
}
