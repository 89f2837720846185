package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.SocketType;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;

/** What every socket has. */
abstract sealed class NetSocket<A extends SocketAddress> extends IoSource
        permits ConnectedSocket, ListenerSocket {
    NetSocket(int fd, boolean urgent) {
        super(fd, false);
        Handle.of(this).setWatchable();
        if (urgent) {
            Handle.of(this).setUrgent();
        }
    }

    static Sockets sockets() {
        return Platform.current().sockets();
    }

    /** Checks a descriptor that is to be taken over, and then its mode, which is changed where asked to. */
    static void adopt(int fd, SocketType type, boolean unix, boolean makeNonBlocking) throws IOException {
        sockets().requireSocket(fd, type, unix);
        sockets().requireListening(fd, false);
        sockets().requireNonBlocking(fd, makeNonBlocking);
    }

    /** Closes two descriptors, of which the first may be a source's already. */
    static void closeBoth(NetSocket<?> first, int[] fds) {
        Platform.current().discard(fds[1]);
        if (first == null) {
            Platform.current().discard(fds[0]);
        } else {
            first.close();
        }
    }

    /** A socket made of a descriptor that others know. */
    static <S extends NetSocket<?>> S adopted(S socket) throws IOException {
        socket.fd();
        return socket;
    }

    /** A Unix socket that was just bound. */
    static <S extends NetSocket<?>> S bound(UnixAddress local, BoundOptions<?> options, S socket) throws IOException {
        if (options.file().deleteOnClose()) {
            try {
                Handle.of(socket).atClose(sockets().deletion(local));
            } catch (Throwable t) {
                socket.close();
                throw t;
            }
        }
        return socket;
    }

    @SuppressWarnings("unchecked") // a socket's addresses are of its family
    final A as(SocketAddress address) {
        return (A) address;
    }

    /**
     * The address of this end, as the system completed it: with the port that it chose, for example.
     *
     * @return the address; {@code ::} for a dual-stack wildcard
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public A localAddress() throws IOException {
        int fd = begin();
        try {
            return as(sockets().localAddress(fd));
        } finally {
            end();
        }
    }

    /**
     * Takes the pending error away, if there is one: SO_ERROR.
     *
     * @return the error, or null
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public IOException takeError() throws IOException {
        int fd = begin();
        try {
            IOException error = sockets().takeError(fd);
            if (error != null) {
                drained(Interest.HANG_UP);
            }
            return error;
        } finally {
            end();
        }
    }

    // ---- options

    /**
     * Sets a socket option: one of {@link SystemSocketOptions}, of {@link java.net.StandardSocketOptions} or of the
     * JDK's {@code ExtendedSocketOptions}. With {@link java.net.StandardSocketOptions#SO_LINGER} of more than 0 seconds
     * {@link #close} blocks.
     *
     * @param <T> the type of its value
     * @param name which option
     * @param value what it is to be
     * @throws IllegalArgumentException if the value is one that NIO refuses too, such as a negative size of a buffer
     * @throws UnsupportedOperationException if there is no such option here, or it can only be read
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: the option is not one of this kind of socket, or the value is out of
     *     its range
     */
    public <T> void setOption(SocketOption<T> name, T value) throws IOException {
        Objects.requireNonNull(value, "value");
        int fd = begin();
        try {
            sockets().setOption(fd, name, value);
        } finally {
            end();
        }
    }

    /**
     * The value of a socket option, see {@link #setOption(SocketOption, Object)}.
     *
     * @param <T> the type of its value
     * @param name which option
     * @return the value; Linux gives twice the size that was set for a buffer
     * @throws UnsupportedOperationException if there is no such option here, or it can only be set
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses: the option is not one of this kind of socket
     */
    public <T> T getOption(SocketOption<T> name) throws IOException {
        int fd = begin();
        try {
            return name.type().cast(sockets().getOption(fd, name));
        } finally {
            end();
        }
    }

    /**
     * Sets any option, by setsockopt(2).
     *
     * @param level the protocol, such as SOL_SOCKET, by its number
     * @param name the option, by its number
     * @param value its value in native memory, as the system's headers have it
     * @throws IllegalArgumentException if {@code value} is not native
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public void setOption(int level, int name, MemorySegment value) throws IOException {
        requireNative(value);
        int fd = begin();
        try {
            sockets().setOption(fd, level, name, value);
        } finally {
            end();
        }
    }

    /**
     * Asks for any option, by getsockopt(2).
     *
     * @param level the protocol, such as SOL_SOCKET, by its number
     * @param name the option, by its number
     * @param value native memory for its value, which comes as the system's headers have it; some options read first
     *     what is there
     * @return the length that the system gave the value
     * @throws IllegalArgumentException if {@code value} is not native, or is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system refuses
     */
    public int getOption(int level, int name, MemorySegment value) throws IOException {
        requireNative(value);
        Buffers.requireWritable(value);
        int fd = begin();
        try {
            return sockets().getOption(fd, level, name, value);
        } finally {
            end();
        }
    }

    private static void requireNative(MemorySegment value) {
        if (!value.isNative()) {
            throw new IllegalArgumentException("the system needs native memory for the value of an option");
        }
    }
}
