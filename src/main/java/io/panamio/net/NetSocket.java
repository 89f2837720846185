package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoSource;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Sockets;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.util.Objects;

/** The base of all sockets. */
abstract sealed class NetSocket<A extends SocketAddress> extends IoSource
        permits ConnectedSocket, ListenerSocket {
    NetSocket(int fd) {
        super(fd, false); // no duplicates
        Handle.of(this).setWatchable();
    }

    static Sockets sockets() {
        return Platform.current().sockets();
    }

    @SuppressWarnings("unchecked") // the addresses of a socket are of its family
    final A as(SocketAddress address) {
        return (A) address;
    }

    /**
     * Returns the address that this socket is bound to, with the port that the system chose if it was bound to port 0.
     *
     * @return the address; {@code ::} for a dual-stack wildcard
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
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
     * Returns the pending error of this socket and clears it: SO_ERROR.
     *
     * @return the error, or null if none is pending
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
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
     * Sets a socket option: one of {@link SystemSocketOptions}, {@link java.net.StandardSocketOptions} or the JDK's
     * {@code ExtendedSocketOptions}. If {@link java.net.StandardSocketOptions#SO_LINGER} is set to more than 0 seconds,
     * {@link #close} blocks.
     *
     * @param <T> the type of the value
     * @param name the option
     * @param value the value
     * @throws IllegalArgumentException if the value is one that NIO rejects as well, such as a negative buffer size
     * @throws UnsupportedOperationException if this system does not support the option, or it is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the option does not apply to this type of socket, or the value is out of range
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
     * Returns the value of a socket option, see {@link #setOption(SocketOption, Object)}.
     *
     * @param <T> the type of the value
     * @param name the option
     * @return the value; for a buffer size, Linux returns twice the size that was set
     * @throws UnsupportedOperationException if this system does not support the option, or it is write-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the option does not apply to this type of socket
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
     * Sets any socket option of the system: setsockopt(2).
     *
     * @param level the number of the protocol level, such as SOL_SOCKET
     * @param name the number of the option
     * @param value native memory that contains the value in the system's layout
     * @throws IllegalArgumentException if {@code value} is not native
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
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
     * Reads any socket option of the system: getsockopt(2).
     *
     * @param level the number of the protocol level, such as SOL_SOCKET
     * @param name the number of the option
     * @param value native memory that receives the value in the system's layout; some options read its contents first
     * @return the length of the value, in bytes
     * @throws IllegalArgumentException if {@code value} is not native, or is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the system call fails
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
            throw new IllegalArgumentException("the value of an option must be in native memory");
        }
    }
}
