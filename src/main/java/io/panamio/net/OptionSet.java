package io.panamio.net;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Options that a socket gets when it is made, before it is bound or connected. Immutable. */
abstract sealed class OptionSet<S> permits BoundOptions, ConnectOptions {
    private final Map<SocketOption<?>, Object> values;

    OptionSet(Map<SocketOption<?>, Object> values) {
        this.values = values;
    }

    /** These options with other values. */
    abstract S copy(Map<SocketOption<?>, Object> values);

    final Map<SocketOption<?>, Object> values() {
        return values;
    }

    /**
     * These options and one more of the socket's own, which is set before the socket is bound or connected: one of
     * {@link SystemSocketOptions}, {@link StandardSocketOptions} or the JDK's {@code ExtendedSocketOptions}.
     *
     * @param <T> the type of its value
     * @param name which option
     * @param value what it is to be
     * @return the options
     */
    public <T> S with(SocketOption<T> name, T value) {
        Map<SocketOption<?>, Object> more = new LinkedHashMap<>(values);
        more.put(name, name.type().cast(Objects.requireNonNull(value, "value")));
        return copy(more);
    }

    /** The socket's options, for people. */
    @Override
    public String toString() {
        return getClass().getSimpleName() + values;
    }
}
