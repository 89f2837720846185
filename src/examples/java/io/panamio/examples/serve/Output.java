package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.IoResult;
import io.panamio.memory.Lease;
import io.panamio.memory.SegmentPool;
import io.panamio.net.GatherList;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How answers are written: heads and small contents are gathered in one piece of memory, which all connections of a
 * loop use in turn, and go by one write with what else is in memory; a file goes by sendfile after its head. What a
 * client does not take stays with its connection.
 */
final class Output implements AutoCloseable {
    /** How much one connection may be sent before others have their turn. */
    static final long TURN = 2 << 20;
    /** What is copied behind its head when other answers are in the same write: more than that is gathered. */
    private static final int COPIED = 4096;
    private static final int CAPACITY = 64 * 1024;

    private final MemorySegment gathered = Arena.ofAuto().allocate(CAPACITY, 64);
    private final GatherList list = GatherList.withCapacity(2);
    private final SegmentPool pool = SegmentPool.open();
    private final boolean noPush;
    private int length;
    /** How much the connection that has its turn may still be sent. */
    long budget;

    Output(Settings settings) {
        noPush = settings.noPush;
    }

    // ---- composing

    /** Makes room for so many bytes. */
    void reserve(Connection c, int size) throws IOException {
        if (length + size > CAPACITY) {
            flush(c, false);
        }
    }

    boolean isEmpty() {
        return length == 0;
    }

    void put(MemorySegment from, long at, int size) {
        MemorySegment.copy(from, at, gathered, length, size);
        length += size;
    }

    void put(byte[] text) {
        MemorySegment.copy(text, 0, gathered, JAVA_BYTE, length, text.length);
        length += text.length;
    }

    void putNumber(long n) {
        int digits = 1;
        for (long rest = n; rest >= 10; rest /= 10) {
            digits++;
        }
        length += digits;
        long rest = n;
        for (int i = 1; i <= digits; i++) {
            gathered.set(JAVA_BYTE, length - i, (byte) ('0' + rest % 10));
            rest /= 10;
        }
    }

    // ---- writing

    /** Writes a resource as it is prepared, head and content; nothing is gathered, and nothing waits, before it. */
    void write(Connection c, Resource r) throws IOException {
        long whole = r.headLength + r.size;
        budget -= whole;
        long n = Math.max(0, c.stream.write(r.memory, 0, whole));
        if (n < whole) {
            if (n < r.headLength) { // the date may change meanwhile
                keep(c, r.memory, n, r.headLength - n);
                n = r.headLength;
            }
            begin(c, r, n - r.headLength, r.size);
        }
    }

    /** Writes a part of a resource's content after what is gathered. */
    void content(Connection c, Resource r, long from, long to) throws IOException {
        long size = to - from;
        budget -= length;
        if (size == 0) {
            return;
        }
        if (r.inMemory && size <= COPIED && length + size <= CAPACITY) {
            put(r.memory, r.headLength + from, (int) size);
            return;
        }
        if (c.hasOutput()) {
            keep(c, gathered, 0, length);
            length = 0;
            begin(c, r, from, to);
        } else if (r.inMemory) {
            list.rewind();
            list.set(0, gathered, 0, length);
            list.set(1, r.memory, r.headLength + from, size);
            long n = Math.max(0, c.stream.write(list));
            long head = Math.min(n, length);
            keep(c, gathered, head, length - head);
            begin(c, r, from + n - head, to);
            budget -= size;
            length = 0;
        } else {
            flush(c, noPush);
            begin(c, r, from, to);
            advance(c);
        }
    }

    private void begin(Connection c, Resource r, long from, long to) {
        if (from < to) {
            r.users++;
            c.content = r;
            c.position = from;
            c.end = to;
        }
    }

    /** Writes what is gathered. */
    void flush(Connection c, boolean more) throws IOException {
        if (length > 0) {
            long n = c.hasOutput() ? 0
                : more ? c.stream.writeMore(gathered, 0, length) : c.stream.write(gathered, 0, length);
            n = Math.max(0, n);
            int left = length;
            length = 0;
            keep(c, gathered, n, left - n);
        }
    }

    /** Forgets what is gathered: its connection is no more. */
    void clear() {
        length = 0;
    }

    /** Keeps bytes that could not be written, after those that could not be before. */
    private void keep(Connection c, MemorySegment from, long at, long size) {
        if (size == 0) {
            return;
        }
        long before = c.pending == null ? 0 : c.pendingTo - c.pendingFrom;
        Lease lease = pool.acquire(before + size);
        if (before > 0) {
            MemorySegment.copy(c.pending.segment(), c.pendingFrom, lease.segment(), 0, before);
            c.pending.release();
        }
        MemorySegment.copy(from, at, lease.segment(), before, size);
        c.pending = lease;
        c.pendingFrom = 0;
        c.pendingTo = before + size;
    }

    /** Writes what waits; true when all is written, false if the client or the connection's turn is at its end. */
    boolean advance(Connection c) throws IOException {
        if (c.pending != null) {
            MemorySegment pending = c.pending.segment();
            long left = c.pendingTo - c.pendingFrom;
            long n = noPush && c.content != null ? c.stream.writeMore(pending, c.pendingFrom, left)
                : c.stream.write(pending, c.pendingFrom, left);
            c.pendingFrom += Math.max(0, n);
            budget -= Math.max(0, n);
            if (n < left) {
                return false;
            }
            c.pending.release();
            c.pending = null;
        }
        return c.content == null || advanceContent(c);
    }

    private boolean advanceContent(Connection c) throws IOException {
        Resource r = c.content;
        while (c.position < c.end && budget > 0) {
            long size = Math.min(c.end - c.position, budget);
            long n = r.inMemory ? c.stream.write(r.memory, r.headLength + c.position, size)
                : r.file.transferTo(c.position, size, c.stream);
            if (n == IoResult.EOF) {
                throw new IOException("the file was cut");
            }
            c.position += Math.max(0, n);
            budget -= Math.max(0, n);
            if (n < size) {
                return false;
            }
        }
        if (c.position < c.end) {
            return false;
        }
        c.content = null;
        FileCache.release(r);
        return true;
    }

    /** Gives back what a connection has here that is dropped. */
    void drop(Connection c) {
        if (c.pending != null) {
            c.pending.release();
            c.pending = null;
        }
        if (c.content != null) {
            Resource r = c.content;
            c.content = null;
            FileCache.release(r);
        }
    }

    @Override
    public void close() {
        list.clear();
        pool.close();
    }
}
