package io.panamio.net;

import io.panamio.sys.SocketFile;
import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.Map;

/**
 * Options for binding a datagram socket. Immutable: each setter returns a modified copy.
 * {@snippet file="OptionSnippets.java" region="bind"}
 */
public final class BindOptions extends BoundOptions<BindOptions> {
    /**
     * The defaults of the system, except that a wildcard address is dual-stack and {@link
     * SystemSocketOptions#IP_MULTICAST_ALL} is disabled.
     */
    public static final BindOptions DEFAULT = new BindOptions(true, SocketFile.DEFAULT, Map.of());

    private BindOptions(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        super(dualStack, file, values);
    }

    @Override
    BindOptions copy(boolean dualStack, SocketFile file, Map<SocketOption<?>, Object> values) {
        return new BindOptions(dualStack, file, values);
    }

    /**
     * Sets SO_REUSEADDR: whether several sockets, all with this option, may be bound to the address. A multicast
     * datagram is then received by all of them, any other by the last one bound. On macOS and FreeBSD, only a multicast
     * address is shared. The default is false.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public BindOptions reuseAddress(boolean on) {
        return with(StandardSocketOptions.SO_REUSEADDR, on);
    }

    /**
     * Sets SO_REUSEPORT, on FreeBSD SO_REUSEPORT_LB: whether several sockets, all with this option, share the address.
     * Linux and FreeBSD distribute the datagrams among them by sender; macOS does not. The default is false.
     *
     * @param on true to enable it
     * @return the modified copy
     */
    public BindOptions reusePort(boolean on) {
        return with(StandardSocketOptions.SO_REUSEPORT, on);
    }
}
