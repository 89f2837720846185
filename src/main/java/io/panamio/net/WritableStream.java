package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.RawAccess;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A stream that bytes can be written to without blocking: Rust's {@code Write} as mio's streams implement it. The
 * result of a write is a number of bytes, possibly fewer than given, or {@link IoResult#WOULD_BLOCK}. The streams of
 * the system buffer nothing; a stream that encodes may have to, see {@link #flush}.
 *
 * <p>Any kind of memory is accepted, see {@link ReadableStream}. A short write has filled the stream: there is no need
 * to call again for {@code WOULD_BLOCK}, and an event arrives when there is room again. No signal is raised when the
 * other end is closed.
 *
 * <h2>Implementing a stream</h2>
 * An encoder, a limiter or a test double can implement this interface, see {@link ReadableStream}; the transfers of
 * {@link io.panamio.pipeline} accept it, by copying. All methods except {@link #write(MemorySegment, long, long)} have
 * defaults that call that one. An implementation must guarantee that
 * <ul>
 * <li>no call blocks;
 * <li>invalid arguments, and a closed stream ({@link java.nio.channels.ClosedChannelException}), are detected before
 * any byte is transferred;
 * <li>a positive result is the number of bytes accepted from the beginning of the part, for whose delivery the
 * implementation is responsible from then on; 0 is returned only if nothing was given;
 * <li>after {@code WOULD_BLOCK} or a short write, an event arrives when there is room again, for the source that is
 * registered for this stream. The next write need not contain the bytes that were not accepted. Every call, and
 * {@link #flush}, first writes accepted bytes that the underlying stream has not yet taken;
 * <li>a call that throws has accepted nothing; once the connection is broken, every later call throws;
 * <li>memory is read during the call only and not modified, and nothing is allocated unless documented otherwise;
 * <li>the documentation specifies which threads may call. The library's transfers call from one thread at a time.
 * </ul>
 */
public interface WritableStream {
    /**
     * Writes a segment, with one system call: send(2), or write(2) for a pipe. A heap segment of more than 64 KiB takes
     * one for each 64 KiB.
     *
     * @param src the segment to write
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if the segment is
     *     empty, without a system call
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(MemorySegment src) throws IOException {
        return write(src, 0, src.byteSize());
    }

    /**
     * Writes part of a segment. Unlike {@link #write(MemorySegment)} on a slice, this allocates nothing.
     *
     * @param src the segment to write from
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if {@code len} is 0,
     *     without a system call
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    long write(MemorySegment src, long off, long len) throws IOException;

    /**
     * Writes part of an array. The default implementation allocates a short-lived view of the array.
     *
     * @param src the array to write from
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if {@code len} is 0,
     *     without a system call
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(byte[] src, int off, int len) throws IOException {
        return write(MemorySegment.ofArray(src), off, len);
    }

    /**
     * Writes a buffer, from its position to its limit, and advances the position by the number of bytes written.
     *
     * @param src the buffer to write
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if no bytes remain in
     *     the buffer, without a system call
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(ByteBuffer src) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? write(src.array(), src.arrayOffset() + src.position(), src.remaining())
            : write(MemorySegment.ofBuffer(src)));
    }

    /**
     * Writes several segments in order (gather). Their number is not limited; up to 1024 native segments, or 64 KiB of
     * heap segments, take one system call: sendmsg(2), or writev(2) for a pipe. The default implementation writes one
     * segment after the other.
     *
     * @param srcs the segments to write
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if all segments are
     *     empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long writeVectored(MemorySegment... srcs) throws IOException {
        RawAccess.requireUsable(srcs);
        long done = 0;
        for (MemorySegment src : srcs) {
            long asked = src.byteSize();
            long n;
            try {
                n = asked == 0 ? 0 : write(src, 0, asked);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the next call throws it again
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

    /**
     * Writes the remaining bytes of a prepared list and advances the list by the number of bytes written: sendmsg(2),
     * or writev(2) for a pipe, repeated for each 1024 segments or 2 GiB until there is no more room. If bytes remain,
     * an event arrives when there is room, and the next call resumes. The default implementation writes one segment
     * after the other.
     *
     * @param list the list to write
     * @return the number of bytes written, possibly fewer than given; WOULD_BLOCK if none; 0 only if the list is
     *     {@linkplain GatherList#isDone done}, without a system call
     * @throws IllegalStateException if the arena of a segment that would be written is closed
     * @throws WrongThreadException if a segment that would be written belongs to another thread
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing; the list is unchanged
     */
    default long write(GatherList list) throws IOException {
        Buffers.requireUsable(list);
        long done = 0;
        for (int i = 0; !list.isDone(); i++) {
            long left = list.remaining(i);
            long n;
            try {
                n = left == 0 ? 0 : write(list.segment(i), list.offset(i), left);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the next call throws it again
                }
                throw e;
            }
            if (n < 0) {
                return done > 0 ? done : n;
            }
            list.advance(n);
            done += n;
            if (n < left) {
                break;
            }
        }
        return done;
    }

    /**
     * Writes bytes that earlier writes have accepted and that the underlying stream has not yet taken. The default
     * implementation, for streams that hold back nothing, returns true.
     *
     * @return true if none remain; otherwise false, and an event arrives when there is room again
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default boolean flush() throws IOException {
        return true;
    }
}
