package io.panamio.net;

import io.panamio.sys.Gather;
import io.panamio.sys.Platform;
import java.lang.foreign.MemorySegment;

/**
 * Segments that are written one after the other, as a header and its body: an array of iovecs that is prepared once and
 * used again and again. {@link WritableStream#write(GatherList)} writes it, all of it by one system call as a rule.
 *
 * <p>The list remembers how far it is. After a write that did less than all, write it again when the stream is
 * writable: it resumes in place. Once it {@linkplain #isDone is done}, {@link #rewind} begins anew with the same
 * segments, and so does {@link #set}.
 *
 * <pre>{@code
 * GatherList answer = GatherList.of(header, body);
 * stream.write(answer);                       // and, while !answer.isDone(), again at each writable event
 * ...
 * answer.set(1, nextBody);                    // the header is the same
 * stream.write(answer);
 * }</pre>
 *
 * <p>It is for native memory that no other thread can free: of a confined, an automatic or the global arena, of a
 * stream's or a pool's, or of a direct buffer. The list keeps it reachable. The bytes may change until they are
 * written; a segment whose arena is closed is found out before the call.
 *
 * <p>For one thread at a time, and one stream at a time. Nothing is allocated after the list itself.
 */
public final class GatherList {
    final Gather part;

    private GatherList(Gather part) {
        this.part = part;
    }

    /**
     * A list of empty segments.
     *
     * @param capacity how many segments, at least 1; one system call takes 1024
     * @return the list
     * @throws IllegalArgumentException if that is less than 1
     */
    public static GatherList withCapacity(int capacity) {
        if (capacity < 1) {
            throw new IllegalArgumentException("capacity " + capacity);
        }
        return new GatherList(Platform.current().streams().newGather(capacity));
    }

    /**
     * A list of segments.
     *
     * @param segments the segments, at least one
     * @return the list, with that capacity
     * @throws IllegalArgumentException if there is none, or as {@link #set}
     * @throws IllegalStateException as {@link #set}
     * @throws WrongThreadException as {@link #set}
     */
    public static GatherList of(MemorySegment... segments) {
        GatherList list = withCapacity(segments.length);
        for (int i = 0; i < segments.length; i++) {
            list.set(i, segments[i]);
        }
        return list;
    }

    /**
     * How many segments it can have.
     *
     * @return the capacity
     */
    public int capacity() {
        return part.capacity();
    }

    /**
     * Replaces a segment. The list begins anew.
     *
     * @param i from 0 to the capacity, without that
     * @param segment what to write; {@link MemorySegment#NULL} is empty
     * @throws IndexOutOfBoundsException if {@code i} is out of that range
     * @throws IllegalArgumentException if the segment is on the heap, or of a shared arena, or all are more than 2^63
     * @throws IllegalStateException if the segment's arena is closed, or if the list is partly written: what it was
     *     about would be cut; {@link #rewind} it first if that is what is wanted
     * @throws WrongThreadException if the segment is another thread's
     */
    public void set(int i, MemorySegment segment) {
        set(i, segment, 0, segment.byteSize());
    }

    /**
     * Replaces a segment by a part of one, like {@link #set(int, MemorySegment)}.
     *
     * @param i from 0 to the capacity, without that
     * @param segment what to write a part of
     * @param off where the part begins
     * @param len how long it is
     * @throws IndexOutOfBoundsException if {@code i} is out of that range, or the part is not within the segment
     * @throws IllegalArgumentException as above
     * @throws IllegalStateException as above
     * @throws WrongThreadException as above
     */
    public void set(int i, MemorySegment segment, long off, long len) {
        part.set(i, segment, off, len);
    }

    /**
     * Returns a segment that was {@linkplain #set set}. Of its bytes, {@link #remaining(int)} are still to be written,
     * from {@link #offset} on.
     *
     * @param i from 0 to the capacity, without that
     * @return the segment, or {@link MemorySegment#NULL} if there is none
     * @throws IndexOutOfBoundsException if {@code i} is out of that range
     */
    public MemorySegment segment(int i) {
        return part.segment(i);
    }

    /**
     * Returns the offset of the first byte of a segment that is still to be written.
     *
     * @param i from 0 to the capacity, without that
     * @return the offset, from the beginning of {@link #segment}; the end of what was set if all of that is written
     * @throws IndexOutOfBoundsException if {@code i} is out of that range
     */
    public long offset(int i) {
        return part.offset(i);
    }

    /**
     * Returns how many bytes of a segment are still to be written.
     *
     * @param i from 0 to the capacity, without that
     * @return the number; 0 if all of it is written, or there is none
     * @throws IndexOutOfBoundsException if {@code i} is out of that range
     */
    public long remaining(int i) {
        return part.remaining(i);
    }

    /**
     * Moves the list on, for a {@link WritableStream} of one's own that has written some of what remains.
     *
     * @param n how many bytes were written
     * @throws IndexOutOfBoundsException if that is negative or more than {@link #remaining()}
     */
    public void advance(long n) {
        if (n < 0 || n > remaining()) {
            throw new IndexOutOfBoundsException(n + " of " + remaining() + " remaining bytes");
        }
        part.advance(n);
    }

    /**
     * How many bytes all segments have together.
     *
     * @return the size
     */
    public long size() {
        return part.size();
    }

    /**
     * How many bytes are still to be written.
     *
     * @return from the size down to 0
     */
    public long remaining() {
        return part.remaining();
    }

    /**
     * Whether everything is written; also if there is nothing.
     *
     * @return true if so
     */
    public boolean isDone() {
        return remaining() == 0;
    }

    /** Begins anew with the same segments, however far it is. */
    public void rewind() {
        part.rewind();
    }

    /** Makes all segments empty, and lets go of their memory. */
    public void clear() {
        part.clear();
    }

    /** How much is written of how much. */
    @Override
    public String toString() {
        return "GatherList[" + (size() - remaining()) + " of " + size() + " bytes]";
    }
}
