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
 * heap buffers are copied by way of native memory. A read that does less than asked has found nothing more; there is no
 * need to call again for {@code WOULD_BLOCK}, unless the event was read-closed or an error, whose end has no event of
 * its own; a {@link UnixStream} whose peer passes descriptors is an exception. One call moves 2147479552 bytes at most.
 */
public sealed interface ReadableStream permits StreamSocket, Pipe.Receiver {
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
     * Reads into a part of an array.
     *
     * @param dst where to
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #read(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    long read(byte[] dst, int off, int len) throws IOException;

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
     * 64 KiB on the heap, take one system call, recvmsg(2) or readv(2), together.
     *
     * @param dsts where to
     * @return how many bytes were read in all, EOF or WOULD_BLOCK; 0 only if all segments are empty
     * @throws IllegalArgumentException if a segment is read-only
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken
     */
    long readVectored(MemorySegment... dsts) throws IOException;
}
