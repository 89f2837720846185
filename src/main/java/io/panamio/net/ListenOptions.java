package io.panamio.net;

import io.panamio.sys.SocketFile;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/**
 * Options for a listener. Immutable: each setter returns a modified copy.
 * {@snippet file="OptionSnippets.java" region="listen"}
 */
public final class ListenOptions extends BoundOptions<ListenOptions> {
    /**
     * The default options: the longest backlog that the system permits; SO_REUSEADDR, so that an address can be bound
     * while connections of an earlier listener linger; a wildcard address is dual-stack.
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
     * Sets the maximum number of pending connections. The system limits it (somaxconn on Linux); the default is that
     * limit.
     *
     * @param connections the maximum, at least 1
     * @return the modified copy
     * @throws IllegalArgumentException if {@code connections} is less than 1
     */
    public ListenOptions backlog(int connections) {
        if (connections < 1) {
            throw new IllegalArgumentException("backlog " + connections + " is less than 1");
        }
        return new ListenOptions(connections, dualStack(), file(), values());
    }

    /**
     * Sets SO_REUSEADDR: whether the address may be bound while connections of an earlier listener linger. The default
     * is true. Two listeners at the same time require {@link #reusePort}. On Windows it has no effect.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public ListenOptions reuseAddress(boolean on) {
        return with(StandardSocketOptions.SO_REUSEADDR, on);
    }

    /**
     * Sets SO_REUSEPORT: whether several listeners, all with this option, share the address. Linux distributes the
     * connections among them; macOS and FreeBSD do not. The default is false.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public ListenOptions reusePort(boolean on) {
        return with(StandardSocketOptions.SO_REUSEPORT, on);
    }
}
