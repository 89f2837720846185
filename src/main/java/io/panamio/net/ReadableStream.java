package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.RawAccess;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A stream of bytes that can be read without blocking: Rust's {@code Read} as mio's streams implement it. The result of
 * a read is a number of bytes, {@link IoResult#EOF} or {@link IoResult#WOULD_BLOCK}.
 *
 * <p>Any kind of memory is accepted: native segments are passed to the system as they are; heap segments, arrays and
 * heap buffers are copied through native memory. The system limits what one call transfers, for example to 2147479552
 * bytes on Linux and to 1 MiB on Windows.
 *
 * <h2>When a stream is drained</h2>
 * A short read, one that returns less than was requested and less than that limit, has drained the stream: there is no
 * need to call again for {@code WOULD_BLOCK}, and an event arrives when there is more. In the following cases, read
 * until {@code WOULD_BLOCK} or the end of the stream instead:
 * <ul>
 * <li>An event since the stream was last drained was {@linkplain io.panamio.Events#isReadClosed read-closed} or an
 * {@linkplain io.panamio.Events#isError error}: an end that arrives together with data has no event of its own.
 * <li>An event was {@linkplain io.panamio.Events#isPriority priority}: a read stops at urgent data, which any peer can
 * send, and the next one skips it. A readable event of a {@link StreamSocket} is then always priority as well, unless
 * the interest is {@link io.panamio.Interest#exclusive}.
 * <li>The stream is a {@link UnixStream} whose peer may pass descriptors, or whose credentials are received: a read
 * stops after those.
 * <li>The stream is a {@link Pipe.Receiver} over anything but an ordinary pipe: a terminal returns one line at a time,
 * and a pipe in packet mode (O_DIRECT) one packet.
 * <li>The kernel decrypts TLS on the socket: a read stops after a record.
 * </ul>
 *
 * <h2>Implementing a stream</h2>
 * A decoder, a limiter or a test double can implement this interface; the transfers of {@link io.panamio.pipeline}
 * accept it, by copying. All methods except {@link #read(MemorySegment, long, long)} have defaults that call that one.
 * An implementation usually is a {@link io.panamio.Source} as well, which registers the underlying stream. It must
 * guarantee that
 * <ul>
 * <li>no call blocks;
 * <li>invalid arguments, and a closed stream ({@link java.nio.channels.ClosedChannelException}), are detected before
 * any byte is transferred;
 * <li>a positive result is the number of bytes stored at the beginning of the part; the memory after them may have been
 * overwritten; 0 is returned only if nothing was requested;
 * <li>after {@code WOULD_BLOCK} or a short read, an event arrives when there is more, for the source that is registered
 * for this stream. Bytes that the implementation itself buffers must not be left unread by such a result, because no
 * event reports them. Reading the underlying stream until that is drained arms its event;
 * <li>after EOF, every call returns EOF;
 * <li>a call that throws has transferred nothing; once the connection is broken, every later call throws or returns
 * EOF;
 * <li>memory is accessed during the call only, and nothing is allocated unless documented otherwise;
 * <li>the documentation specifies which threads may call. The library's transfers call from one thread at a time.
 * </ul>
 */
public interface ReadableStream {
    /**
     * Reads into a segment, with one system call: recv(2), or read(2) for a pipe. A heap segment of more than 64 KiB
     * takes two more for each further 64 KiB that are pending, as FIONREAD is queried before each.
     *
     * @param dst the segment to read into
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if the segment is empty, without a system call
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long read(MemorySegment dst) throws IOException {
        return read(dst, 0, dst.byteSize());
    }

    /**
     * Reads into part of a segment. Unlike {@link #read(MemorySegment)} on a slice, this allocates nothing.
     *
     * @param dst the segment to read into
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0, without a system call
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    long read(MemorySegment dst, long off, long len) throws IOException;

    /**
     * Reads into part of an array. The default implementation allocates a short-lived view of the array.
     *
     * @param dst the array to read into
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if {@code len} is 0, without a system call
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long read(byte[] dst, int off, int len) throws IOException {
        return read(MemorySegment.ofArray(dst), off, len);
    }

    /**
     * Reads into a buffer, from its position to its limit, and advances the position by the number of bytes read.
     *
     * @param dst the buffer to read into
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if no bytes remain in the buffer, without a system
     *     call
     * @throws java.nio.ReadOnlyBufferException if the buffer is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long read(ByteBuffer dst) throws IOException {
        Buffers.requireWritable(dst);
        return Buffers.advance(dst, dst.hasArray()
            ? read(dst.array(), dst.arrayOffset() + dst.position(), dst.remaining())
            : read(MemorySegment.ofBuffer(dst)));
    }

    /**
     * Reads into several segments in order (scatter). Their number is not limited; up to 1024 native segments, or 64
     * KiB of heap segments, take one system call: recvmsg(2), or readv(2) for a pipe. More take two for each further
     * group, as FIONREAD is queried before each. The default implementation reads into one segment after the other.
     *
     * @param dsts the segments to read into
     * @return the number of bytes read, EOF or WOULD_BLOCK; 0 only if all segments are empty
     * @throws IllegalArgumentException if a segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long readVectored(MemorySegment... dsts) throws IOException {
        Buffers.writableSize(dsts);
        RawAccess.requireUsable(dsts);
        long done = 0;
        for (MemorySegment dst : dsts) {
            long asked = dst.byteSize();
            long n;
            try {
                n = asked == 0 ? 0 : read(dst, 0, asked);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the next call throws, or returns the end of the stream
                }
                throw e;
            }
            if (n < 0) {
                return done > 0 ? done : n;
            }
            done += n;
            if (n < asked) {
                break;
            }
        }
        return done;
    }
}
