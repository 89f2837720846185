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
 * Writes responses: heads and small contents are gathered in one buffer, shared by all connections of a loop, and sent
 * by one write together with larger contents in memory; a file follows its head by sendfile. What cannot be written is
 * kept with the connection.
 */
final class Output implements AutoCloseable {
    /** The number of bytes that a connection may be sent in a turn. */
    static final long TURN = 2 << 20;
    /** The maximum size of contents that are copied after their head; larger ones are written by vectored I/O. */
    private static final int COPIED = 4096;
    private static final int CAPACITY = 64 * 1024;

    private final MemorySegment gathered = Arena.ofAuto().allocate(CAPACITY, 64);
    private final GatherList list = GatherList.withCapacity(2);
    private final SegmentPool pool = SegmentPool.open();
    private final boolean noPush;
    private int length;
    /** The number of bytes that the current connection may still be sent in this turn. */
    long budget;

    Output(Settings settings) {
        noPush = settings.noPush;
    }

    // ---- composing

    /** Flushes unless this many bytes fit. */
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

    /** Writes a prepared resource, head and content. Nothing may be gathered or pending before it. */
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

    /** Writes a part of a resource's content after the gathered bytes. */
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

    /** Writes the gathered bytes. */
    void flush(Connection c, boolean more) throws IOException {
        if (length > 0) {
            long n = c.hasOutput() ? 0
                : more && !c.isEncrypted() ? c.socket.writeMore(gathered, 0, length)
                    : c.stream.write(gathered, 0, length);
            n = Math.max(0, n);
            int left = length;
            length = 0;
            keep(c, gathered, n, left - n);
        }
    }

    /** Discards the gathered bytes, whose connection is dropped. */
    void clear() {
        length = 0;
    }

    /** Appends bytes that could not be written to the pending ones. */
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

    /** Writes pending output. Returns whether all is written; false if the socket is full or the turn is over. */
    boolean advance(Connection c) throws IOException {
        if (c.pending != null) {
            MemorySegment pending = c.pending.segment();
            long left = c.pendingTo - c.pendingFrom;
            long n = noPush && c.content != null && !c.isEncrypted()
                ? c.socket.writeMore(pending, c.pendingFrom, left)
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
                throw new IOException("the file was truncated");
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

    /** Releases the output of a connection that is dropped. */
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
