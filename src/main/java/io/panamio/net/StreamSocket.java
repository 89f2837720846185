package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A connected socket that carries bytes. It neither blocks nor buffers; see {@link TcpStream} for all that its methods
 * guarantee.
 *
 * @param <A> the kind of its addresses
 */
public abstract sealed class StreamSocket<A extends SocketAddress> extends ConnectedSocket<A>
        implements DuplexStream permits TcpStream, UnixStream {
    StreamSocket(int fd) {
        super(fd);
        Handle.of(this).setUrgent();
    }

    private static Streams streams() {
        return Platform.current().streams();
    }

    /** What is thrown in place of {@code e}, which a call has thrown. */
    IOException failed(IOException e) {
        return e;
    }

    // ---- reading

    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        Buffers.requireWritable(dst);
        Objects.checkFromIndexSize(off, len, dst.byteSize());
        int fd = begin();
        try {
            return len == 0 ? 0 : received(streams().recv(fd, dst, off, len), len);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    @Override
    public long read(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : received(streams().recv(fd, dst, off, len), len);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    @Override
    public long readVectored(MemorySegment... dsts) throws IOException {
        long asked = Buffers.writableSize(dsts);
        int fd = begin();
        try {
            return asked == 0 ? 0 : received(streams().recvVectored(fd, dsts), asked);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /**
     * A receive that got less than asked for has drained the socket, or stopped at urgent data, which an event has told
     * or will; the end of the stream has no event after it.
     */
    final long received(long n, long asked) {
        if (n == 0) {
            return IoResult.EOF;
        }
        if (n < asked) {
            drained(Interest.READABLE);
        }
        return n;
    }

    /**
     * Reads into a segment and leaves the bytes to be read again: recv(2) with MSG_PEEK. On the heap it is 64 KiB at
     * most. It does not pass over urgent data, as a read does, and sees what is behind it only if nothing is before it;
     * with poll(2), a Unix socket stays readable on account of it until it is read.
     *
     * @param dst where to
     * @return as {@link #read(MemorySegment)}
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(MemorySegment dst) throws IOException {
        Buffers.requireWritable(dst);
        int fd = begin();
        try {
            return dst.byteSize() == 0 ? 0 : peeked(streams().peek(fd, dst));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /**
     * Peeks into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #peek(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : peeked(streams().peek(fd, dst, off, len));
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    private long peeked(long n) {
        if (n == IoResult.WOULD_BLOCK) {
            drained(Interest.READABLE);
        }
        return n == 0 ? IoResult.EOF : n;
    }

    /**
     * Peeks into a buffer, from its position to its limit, and moves the position.
     *
     * @param dst where to
     * @return as {@link #peek(MemorySegment)}
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    public long peek(ByteBuffer dst) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? peek(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : peek(MemorySegment.ofBuffer(dst)));
    }

    // ---- writing

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        int fd = begin();
        try {
            return len == 0 ? 0 : sent(streams().send(fd, src, off, len), len);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /**
     * Writes from a part of a segment, and says that more is written at once: send(2) with MSG_MORE. What fills no
     * packet is held back until then, but for 200 ms at most, even with TCP_NODELAY. So the head of an answer goes
     * together with the file that {@link io.panamio.pipeline.FileSource} sends after it, without the two system calls
     * of {@link SystemSocketOptions#TCP_CORK}. On systems without such a flag, and on a Unix socket, it is a write.
     *
     * @param src what to write
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #write(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    public long writeMore(MemorySegment src, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        int fd = begin();
        try {
            return len == 0 ? 0 : sent(streams().sendMore(fd, src, off, len), len);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    @Override
    public long write(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : sent(streams().send(fd, src, off, len), len);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    @Override
    public long writeVectored(MemorySegment... srcs) throws IOException {
        long asked = Buffers.size(srcs);
        int fd = begin();
        try {
            return asked == 0 ? 0 : sent(streams().sendVectored(fd, srcs), asked);
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    @Override
    public long write(GatherList list) throws IOException {
        Objects.requireNonNull(list, "list");
        int fd = begin();
        try {
            long n = list.isDone() ? 0 : streams().send(fd, list.part);
            if (!list.isDone()) {
                drained(Interest.WRITABLE);
            }
            return n;
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /** A send that took less than it was given has filled the socket. */
    final long sent(long n, long asked) {
        if (n < asked) {
            drained(Interest.WRITABLE);
        }
        return n;
    }
}
