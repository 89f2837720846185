package io.panamio.test.support;

import static io.panamio.test.support.Loop.V4;
import static io.panamio.test.support.Loop.V6;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.panamio.net.BindOptions;
import io.panamio.net.ConnectOptions;
import io.panamio.net.ListenOptions;
import io.panamio.net.SystemSocketOptions;
import io.panamio.net.TcpListener;
import io.panamio.net.TcpStream;
import io.panamio.net.UdpSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketOption;
import java.util.List;
import java.util.stream.Stream;

/** An option, the value to set, and the value that is then read back, of some kinds of sockets. */
public record OptionCase<T>(SocketOption<T> name, T set, T expected, List<Kind> kinds) {
    public static final List<Kind> ALL = List.of(Kind.values());
    public static final List<Kind> TCP = List.of(Kind.STREAM, Kind.LISTENER);
    public static final List<Kind> STREAM = List.of(Kind.STREAM);
    public static final List<Kind> LISTENER = List.of(Kind.LISTENER);
    public static final List<Kind> UDP = List.of(Kind.DATAGRAM);

    /** Kinds of sockets. */
    public enum Kind { STREAM, LISTENER, DATAGRAM }

    @SafeVarargs
    @SuppressWarnings("varargs")
    public static <T> List<OptionCase<T>> of(List<Kind> kinds, SocketOption<T> name, T... values) {
        return Stream.of(values).map(value -> new OptionCase<>(name, value, value, kinds)).toList();
    }

    @Override
    public String toString() {
        return name + " " + set;
    }

    /** Sets the option of sockets that are connected, listening or bound, and reads it. */
    public void setAndReadBack() throws IOException {
        requireText();
        for (InetAddress host : List.of(V4, V6)) {
            for (Kind kind : kinds) {
                try (Loop loop = new Loop()) {
                    T actual = switch (kind) {
                        case STREAM -> {
                            TcpStream stream = loop.connected(host).stream();
                            stream.setOption(name, set);
                            yield stream.getOption(name);
                        }
                        case LISTENER -> {
                            TcpListener listener = loop.later(TcpListener.bind(new InetSocketAddress(host, 0)));
                            listener.setOption(name, set);
                            yield listener.getOption(name);
                        }
                        case DATAGRAM -> {
                            UdpSocket socket = loop.later(Peer.bind(host));
                            socket.setOption(name, set);
                            yield socket.getOption(name);
                        }
                    };
                    assertEquals(expected, actual, kind + " " + host);
                }
            }
        }
    }

    /** Has the option set before the socket is bound or connected, and reads it. */
    public void setBeforeAndReadBack() throws IOException {
        requireText();
        for (InetAddress host : List.of(V4, V6)) {
            for (Kind kind : kinds) {
                try (Loop loop = new Loop()) {
                    InetSocketAddress local = new InetSocketAddress(host, 0);
                    T actual = switch (kind) {
                        case STREAM -> {
                            ServerSocket server = loop.later(new ServerSocket(0, 1, host));
                            yield loop.later(TcpStream.connect(new InetSocketAddress(host, server.getLocalPort()),
                                ConnectOptions.DEFAULT.with(name, set))).getOption(name);
                        }
                        case LISTENER -> loop.later(TcpListener.bind(local, ListenOptions.DEFAULT.with(name, set)))
                            .getOption(name);
                        case DATAGRAM -> loop.later(UdpSocket.bind(local, BindOptions.DEFAULT.with(name, set)))
                            .getOption(name);
                    };
                    if (!List.of("TCP_QUICKACK", "SO_INCOMING_CPU").contains(name.name())) { // these change
                        assertEquals(expected, actual, kind + " " + host);
                    }
                }
            }
        }
    }

    private void requireText() {
        if (name == SystemSocketOptions.TCP_CONGESTION) {
            Qemu.misorders("options that are text");
        }
    }
}
