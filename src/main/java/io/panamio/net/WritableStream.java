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
 */
public sealed interface WritableStream permits StreamSocket, Pipe.Sender {
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
     * Writes from a part of an array.
     *
     * @param src what to write
     * @param off where the part begins
     * @param len how long it is
     * @return as {@link #write(MemorySegment)}
     * @throws IndexOutOfBoundsException if the part is not within the array
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    long write(byte[] src, int off, int len) throws IOException;

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
     * 64 KiB on the heap, take one system call, sendmsg(2) or writev(2), together.
     *
     * @param srcs what to write
     * @return how many bytes the system took in all, maybe not all; WOULD_BLOCK if none; 0 only if all segments are
     *     empty
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing
     */
    long writeVectored(MemorySegment... srcs) throws IOException;

    /**
     * Writes what remains of a prepared list, and moves it on by as much: sendmsg(2) or writev(2), once for each 1024
     * segments or 2147479552 bytes until there is no room. If the list is not done then, there will be an event, and
     * the next call resumes.
     *
     * @param list what to write
     * @return how many bytes the system took in all, maybe not all; WOULD_BLOCK if none; 0 only if nothing remained,
     *     without a system call
     * @throws IllegalStateException if the arena of a segment that would be written was closed
     * @throws WrongThreadException if a segment that would be written belongs to another thread
     * @throws java.nio.channels.ClosedChannelException if this is closed
     * @throws IOException if the connection is broken, or was shut down for writing; the list is where it was
     */
    long write(GatherList list) throws IOException;
}
