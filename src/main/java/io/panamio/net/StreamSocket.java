package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.jfr.Flight;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * A connected, non-blocking, unbuffered stream socket. {@link TcpStream} documents what all methods guarantee.
 *
 * @param <A> the type of its addresses
 */
public abstract sealed class StreamSocket<A extends SocketAddress> extends ConnectedSocket<A>
        implements DuplexStream permits TcpStream, UnixStream {
    /** Loaded with this class, since a class file cannot be opened while no descriptors are available. */
    @SuppressWarnings("unused")
    private static final Class<?> BUFFERS = Buffers.class;

    StreamSocket(int fd) {
        super(fd);
        Handle.of(this).setUrgent();
    }

    private static Streams streams() {
        return Platform.current().streams();
    }

    /** Returns the exception to throw in place of {@code e}, which a system call failed with. */
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
     * Handles the result of a receive. A short one has drained the socket or stopped at urgent data, which an event
     * reports; after the end of the stream no event follows.
     */
    final long received(long n, long asked) {
        if (n == 0) {
            return IoResult.EOF;
        }
        if (n < asked) {
            drained(Interest.READABLE);
            if (n == IoResult.WOULD_BLOCK) {
                Flight.wouldBlock(this, "read");
            }
        }
        return n;
    }

    /**
     * Reads into a segment without removing the bytes from the stream: recv(2) with MSG_PEEK. At most 64 KiB are read
     * into a heap segment. Unlike a read, a peek does not skip urgent data: it returns the data after the urgent byte
     * only if there is none before it. With poll(2), a Unix socket remains readable until the urgent byte is read.
     *
     * @param dst the segment to read into
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if the segment is empty
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
     * Reads into part of an array without removing the bytes from the stream, like {@link #peek(MemorySegment)}.
     *
     * @param dst the array to read into
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0
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
            Flight.wouldBlock(this, "peek");
        }
        return n == 0 ? IoResult.EOF : n;
    }

    /**
     * Reads into a buffer, from its position to its limit, without removing the bytes from the stream, like {@link
     * #peek(MemorySegment)}. The position is advanced by the number of bytes read.
     *
     * @param dst the buffer to read into
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if no bytes remain in the buffer
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
     * Writes part of a segment and announces that more is written immediately after: send(2) with MSG_MORE. Data that
     * does not fill a packet is held back until then, for at most 200 ms, even with TCP_NODELAY. A header is thus sent
     * in one packet with the file that {@link io.panamio.pipeline.FileSource} transfers after it, without the two
     * system calls that {@link SystemSocketOptions#TCP_CORK} takes. On a system without such a flag, and on a Unix
     * socket, this is an ordinary write.
     *
     * @param src the segment to write from
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if {@code len} is 0
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
                if (n == IoResult.WOULD_BLOCK) {
                    Flight.wouldBlock(this, "write");
                }
            }
            return n;
        } catch (IOException e) {
            throw failed(e);
        } finally {
            end();
        }
    }

    /** Handles the result of a send: a short one has filled the socket. */
    final long sent(long n, long asked) {
        if (n < asked) {
            drained(Interest.WRITABLE);
            if (n == IoResult.WOULD_BLOCK) {
                Flight.wouldBlock(this, "write");
            }
        }
        return n;
    }
}
