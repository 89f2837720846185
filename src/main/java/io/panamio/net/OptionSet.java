package io.panamio.net;

import java.net.SocketOption;
import java.net.StandardSocketOptions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** Socket options that are set on creation, before the socket is bound or connected. Immutable. */
abstract sealed class OptionSet<S> permits BoundOptions, ConnectOptions {
    private final Map<SocketOption<?>, Object> values;

    OptionSet(Map<SocketOption<?>, Object> values) {
        this.values = values;
    }

    /** {@return a copy with other values} */
    abstract S copy(Map<SocketOption<?>, Object> values);

    final Map<SocketOption<?>, Object> values() {
        return values;
    }

    /**
     * Adds a socket option, which is set before the socket is bound or connected: one of {@link SystemSocketOptions},
     * {@link StandardSocketOptions} or the JDK's {@code ExtendedSocketOptions}.
     *
     * @param <T> the type of the value
     * @param name the option
     * @param value the value
     * @return the modified copy
     */
    public <T> S with(SocketOption<T> name, T value) {
        Map<SocketOption<?>, Object> more = new LinkedHashMap<>(values);
        more.put(name, name.type().cast(Objects.requireNonNull(value, "value")));
        return copy(more);
    }

    /** {@return the socket options} */
    @Override
    public String toString() {
        return getClass().getSimpleName() + values;
    }
}
