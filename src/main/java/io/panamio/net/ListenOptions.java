package io.panamio.net;

import io.panamio.sys.SocketFile;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/** How a listener is bound. Immutable: each method with an argument returns other options. */
public final class ListenOptions extends BoundOptions<ListenOptions> {
    /**
     * The longest queue that the system allows, SO_REUSEADDR so that an address can be bound while connections of an
     * earlier listener linger, and both families for a wildcard.
     */
    public static final ListenOptions DEFAULT =
        new ListenOptions(Integer.MAX_VALUE, true, SocketFile.DEFAULT,
            Map.of(StandardSocketOptions.SO_REUSEADDR, true));

    private final int backlog;

    private ListenOptions(int backlog, boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        super(dualStack, file, values);
        this.backlog = backlog;
    }

    @Override
    ListenOptions copy(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        return new ListenOptions(backlog, dualStack, file, values);
    }

    int backlog() {
        return backlog;
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
        return new ListenOptions(connections, dualStack(), file(), values());
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
