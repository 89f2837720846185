package io.panamio.net;

import io.panamio.sys.Gather;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;

/**
 * Segments that are written one after the other, such as a header and a body: a reusable array of iovecs. {@link
 * WritableStream#write(GatherList)} writes it, usually with one system call.
 *
 * <p>The list keeps its position. After a short write, write it again when the stream is writable: it resumes where it
 * stopped. Once it {@linkplain #isDone is done}, {@link #rewind} and {@link #set} return to the beginning.
 * {@snippet file="OptionSnippets.java" region="gather"}
 *
 * <p>The segments must be native memory that no other thread can free: of a confined, an automatic or the global arena,
 * of a source or a pool, or of a direct buffer. The list keeps that memory reachable. The contents may change until
 * they are written. A segment whose arena was closed is detected before the system call.
 *
 * <p>Not thread-safe, and for one stream at a time. Only the creation allocates.
 */
public final class GatherList {
    final Gather part;

    private GatherList(Gather part) {
        this.part = part;
    }

    /**
     * Allocates a list of empty segments.
     *
     * @param capacity the number of segments, at least 1; one system call takes up to 1024
     * @return the list
     * @throws IllegalArgumentException if {@code capacity} is less than 1
     */
    public static GatherList withCapacity(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is less than 1");
        }
        return new GatherList(Platform.current().streams().newGather(capacity));
    }

    /**
     * Allocates a list of segments.
     *
     * @param segments the segments, at least one
     * @return the list, whose capacity is their number
     * @throws IllegalArgumentException if there is no segment, or as for {@link #set(int, MemorySegment)}
     * @throws IllegalStateException if the arena of a segment is closed
     * @throws WrongThreadException if a segment belongs to another thread
     */
    public static GatherList of(MemorySegment... segments) {
        GatherList list = withCapacity(segments.length);
        for (int i = 0; i < segments.length; i++) {
            list.set(i, segments[i]);
        }
        return list;
    }

    /** {@return the number of segments that this list can hold} */
    public int capacity() {
        return part.capacity();
    }

    /**
     * Replaces a segment, and rewinds this list.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @param segment the segment to write; {@link MemorySegment#NULL} is empty
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     * @throws IllegalArgumentException if the segment is not native or belongs to a shared arena, or if the total size
     *     exceeds 2^63 - 1 bytes
     * @throws IllegalStateException if the arena of the segment is closed, or if this list is partly written; {@link
     *     #rewind} it first to write it again
     * @throws WrongThreadException if the segment belongs to another thread
     */
    public void set(int i, MemorySegment segment) {
        set(i, segment, 0, segment.byteSize());
    }

    /**
     * Replaces a segment by part of one, like {@link #set(int, MemorySegment)}.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @param segment the segment to write part of
     * @param off the offset of the part
     * @param len the length of the part
     * @throws IndexOutOfBoundsException if {@code i} is out of range, or the part is not within the segment
     * @throws IllegalArgumentException if the segment is not native or belongs to a shared arena, or if the total size
     *     exceeds 2^63 - 1 bytes
     * @throws IllegalStateException if the arena of the segment is closed, or if this list is partly written; {@link
     *     #rewind} it first to write it again
     * @throws WrongThreadException if the segment belongs to another thread
     */
    public void set(int i, MemorySegment segment, long off, long len) {
        part.set(i, segment, off, len);
    }

    /**
     * Returns a segment. {@link #remaining(int)} of its bytes are still to be written, from {@link #offset} on.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the segment, or {@link MemorySegment#NULL} if none was set
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public MemorySegment segment(int i) {
        return part.segment(i);
    }

    /**
     * Returns the offset of the first byte of a segment that is still to be written.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the offset within {@link #segment}; the end of the part that was set if all of it is written
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public long offset(int i) {
        return part.offset(i);
    }

    /**
     * Returns the number of bytes of a segment that are still to be written.
     *
     * @param i the index, 0 &lt;= i &lt; capacity
     * @return the number; 0 if all are written or none was set
     * @throws IndexOutOfBoundsException if {@code i} is out of range
     */
    public long remaining(int i) {
        return part.remaining(i);
    }

    /**
     * Advances the position, for the implementation of a {@link WritableStream} that has written some of the remaining
     * bytes.
     *
     * @param n the number of bytes written
     * @throws IndexOutOfBoundsException if that is negative or exceeds {@link #remaining()}
     */
    public void advance(long n) {
        if (n < 0 || n > remaining()) {
            throw new IndexOutOfBoundsException(n + " of " + remaining() + " remaining bytes");
        }
        part.advance(n);
    }

    /** {@return the total size of the segments, in bytes} */
    public long size() {
        return part.size();
    }

    /** {@return the number of bytes still to be written} */
    public long remaining() {
        return part.remaining();
    }

    /** {@return whether no bytes remain to be written} */
    public boolean isDone() {
        return remaining() == 0;
    }

    /** Returns to the beginning, with the same segments. */
    public void rewind() {
        part.rewind();
    }

    /** Makes all segments empty and releases the references to their memory. */
    public void clear() {
        part.clear();
    }

    /** {@return the number of bytes written and the total size} */
    @Override
    public String toString() {
        return "GatherList[" + (size() - remaining()) + " of " + size() + " bytes]";
    }
}
