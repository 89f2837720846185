package io.panamio.net;

import io.panamio.IoResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Where bytes can be written without blocking: Rust's {@code Write} as mio's streams have it. The result of a write is
 * a number of bytes, maybe not all, or {@link IoResult#WOULD_BLOCK}. Nothing is buffered here, so there is no flush.
 *
 * <p>Memory may be of any kind, see {@link ReadableStream}. A write that does less than asked has found no more room;
 * there is no need to call again for {@code WOULD_BLOCK}. No signal is raised when the other end is gone.
 *
 * <h2>Streams of your own</h2>
 * An encoder, a limiter or a double for a test can be a stream, too, see {@link ReadableStream}; the transfers of
 * {@link io.panamio.pipeline} take it, by copying. Everything but {@link #write(MemorySegment, long, long)} has a
 * default that calls this. An implementation owes its callers that
 * <ul>
 * <li>no call blocks;
 * <li>bad arguments, and a stream that is closed ({@link java.nio.channels.ClosedChannelException}), are found before
 * anything has moved;
 * <li>a positive result counts the bytes that were taken from the beginning of the part: they are its own to deliver
 * from now on; 0 is returned only where nothing was given;
 * <li>after {@code WOULD_BLOCK}, or less than was given, an event comes when there is room again, on whatever is to be
 * registered for this stream. The caller then gives the rest, of which some may differ by then. What the implementation
 * has taken and the stream below it has not, it must write itself when there is room, and say how its user lets it;
 * <li>an exception means that this call has taken nothing; if the connection is broken, every later call throws;
 * <li>memory is read during the call alone, and not changed; nothing is allocated, or else it is said what is;
 * <li>it is said which threads may call. The library's transfers call from one thread at a time.
 * </ul>
 */
public interface WritableStream {
    /**
     * Writes from a segment, by one system call: send(2), for a pipe write(2). A segment on the heap of more than 64
     * KiB takes one for each 64 KiB.
     *
     * @param src what to write
     * @return how many bytes the system took, maybe not all; WOULD_BLOCK if none; 0 only if the segment is empty,
     *     without a system call
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(MemorySegment src) throws IOException {
        return write(src, 0, src.byteSize());
    }

    /**
     * Writes from a part of a segment. Nothing is allocated, while a slice for {@link #write(MemorySegment)} may be
     * garbage.
     *
     * @param src what to write
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #write(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    long write(MemorySegment src, long off, long len) throws IOException;

    /**
     * Writes from a part of an array. By default this makes a segment of it, which is short-lived garbage.
     *
     * @param src what to write
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #write(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(byte[] src, int off, int len) throws IOException {
        return write(MemorySegment.ofArray(src), off, len);
    }

    /**
     * Writes from a buffer, from its position to its limit, and moves the position by what was written.
     *
     * @param src what to write
     * @return as {@link #write(MemorySegment)}
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long write(ByteBuffer src) throws IOException {
        return Buffers.advance(src, src.hasArray()
            ? write(src.array(), src.arrayOffset() + src.position(), src.remaining())
            : write(MemorySegment.ofBuffer(src)));
    }

    /**
     * Writes from several segments in order: gather. There may be any number of them; up to 1024, native ones or
     * 64 KiB on the heap, take one system call, sendmsg(2) or writev(2), together. By default this writes one after the
     * other.
     *
     * @param srcs what to write
     * @return how many bytes the system took in all, maybe not all; WOULD_BLOCK if none; 0 only if all segments are
     *     empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    default long writeVectored(MemorySegment... srcs) throws IOException {
        Buffers.size(srcs);
        long done = 0;
        for (MemorySegment src : srcs) {
            long asked = src.byteSize();
            long n;
            try {
                n = asked == 0 ? 0 : write(src, 0, asked);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the error will be there again for the next call
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
     * Writes what remains of a prepared list, and moves it on by as much: sendmsg(2) or writev(2), once for each 1024
     * segments or 2147479552 bytes until there is no room; by default, one segment after the other. If the list is not
     * done then, there will be an event, and the next call resumes.
     *
     * @param list what to write
     * @return how many bytes the system took in all, maybe not all; WOULD_BLOCK if none; 0 only if nothing remained,
     *     without a system call
     * @throws IllegalStateException if the arena of a segment that would be written was closed
     * @throws WrongThreadException if a segment that would be written belongs to another thread
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing; the list is where it was
     */
    default long write(GatherList list) throws IOException {
        long done = 0;
        for (int i = 0; !list.isDone(); i++) {
            long left = list.remaining(i);
            long n;
            try {
                n = left == 0 ? 0 : write(list.segment(i), list.offset(i), left);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the error will be there again for the next call
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
}
