package io.panamio.net;

import io.panamio.IoResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Bytes that can be read without blocking: Rust's {@code Read} as mio's streams have it. The result of a read is a
 * number of bytes, {@link IoResult#EOF} or {@link IoResult#WOULD_BLOCK}.
 *
 * <p>Memory may be of any kind: native segments are handed to the system as they are; segments on the heap, arrays and
 * heap buffers are copied by way of native memory. One call moves 2147479552 bytes at most.
 *
 * <h2>When a stream is drained</h2>
 * A read that returns less than it asked for, and less than one call moves, has drained the stream: there is no need to
 * call again for {@code WOULD_BLOCK}, and an event comes when there is more. That does not hold, so read on until
 * {@code WOULD_BLOCK} or the end,
 * <ul>
 * <li>if an event since the stream was last drained was {@linkplain io.panamio.Events#isReadClosed read-closed} or an
 *     {@linkplain io.panamio.Events#isError error}: the end that comes together with data has no event of its own;
 * <li>if one was {@linkplain io.panamio.Events#isPriority priority}: a receive stops at urgent data, which any peer can
 *     send, and the next one passes over it. The events of a {@link StreamSocket} say so whenever they say readable,
 *     unless the interest is {@link io.panamio.Interest#exclusive};
 * <li>on a {@link UnixStream} whose peer may pass descriptors, or whose credentials are asked for: a receive stops
 *     after those;
 * <li>on a {@link Pipe.Receiver} over something else than an ordinary pipe: a terminal gives a line at a time, and a
 *     pipe in packet mode (O_DIRECT) a packet;
 * <li>on a socket whose TLS is done by the kernel: a receive stops after a record.
 * </ul>
 *
 * <h2>Streams of your own</h2>
 * A decoder, a limiter or a double for a test can be a stream, too; the transfers of {@link io.panamio.pipeline} take
 * it, by copying. Everything but {@link #read(MemorySegment, long, long)} has a default that calls this. It usually is
 * a {@link io.panamio.Source}, too, that registers the stream below it. An implementation owes its callers that
 * <ul>
 * <li>no call blocks;
 * <li>bad arguments, and a stream that is closed ({@link java.nio.channels.ClosedChannelException}), are found before
 * anything has moved;
 * <li>a positive result counts the bytes that were put at the beginning of the part; what lies behind them may have
 * been overwritten; 0 is returned only where nothing was asked for;
 * <li>after {@code WOULD_BLOCK}, or less than was asked for, an event comes when there is more, on whatever is to be
 * registered for this stream: nothing that the implementation holds back itself may stay behind such a result, as no
 * event tells of it. Reading from the stream below until that has less than asked for, or would block, arms it;
 * <li>EOF is returned by every call once it was returned by one;
 * <li>an exception means that this call has moved nothing; if the connection is broken, every later call throws or
 * returns EOF;
 * <li>memory is used during the call alone, and nothing is allocated, or else it is said what is;
 * <li>it is said which threads may call. The library's transfers call from one thread at a time.
 * </ul>
 */
public interface ReadableStream {
    /**
     * Reads into a segment, by one system call: recv(2), for a pipe read(2). A segment on the heap of more than 64 KiB
     * takes one more for each further 64 KiB.
     *
     * @param dst where to; its size is how much is asked for
     * @return how many bytes were read, EOF or WOULD_BLOCK; 0 only if the segment is empty, without a system call
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long read(MemorySegment dst) throws IOException {
        return read(dst, 0, dst.byteSize());
    }

    /**
     * Reads into a part of a segment. Nothing is allocated, while a slice for {@link #read(MemorySegment)} may be
     * garbage.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #read(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the segment
     * @throws IllegalArgumentException if the segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    long read(MemorySegment dst, long off, long len) throws IOException;

    /**
     * Reads into a part of an array. By default this makes a segment of it, which is short-lived garbage.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #read(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long read(byte[] dst, int off, int len) throws IOException {
        return read(MemorySegment.ofArray(dst), off, len);
    }

    /**
     * Reads into a buffer, from its position to its limit, and moves the position.
     *
     * @param dst where to
     * @return as {@link #read(MemorySegment)}
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
     * Reads into several segments in order: scatter. There may be any number of them; up to 1024, native ones or
     * 64 KiB on the heap, take one system call, recvmsg(2) or readv(2), together. By default this reads into one after
     * the other.
     *
     * @param dsts where to
     * @return how many bytes were read in all, EOF or WOULD_BLOCK; 0 only if all segments are empty
     * @throws IllegalArgumentException if a segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    default long readVectored(MemorySegment... dsts) throws IOException {
        Buffers.writableSize(dsts);
        long done = 0;
        for (MemorySegment dst : dsts) {
            long asked = dst.byteSize();
            long n;
            try {
                n = asked == 0 ? 0 : read(dst, 0, asked);
            } catch (IOException e) {
                if (done > 0) {
                    return done; // the bytes matter more: the next call throws, or finds the end of the stream
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
