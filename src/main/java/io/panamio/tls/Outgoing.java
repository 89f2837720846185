package io.panamio.tls;

import io.panamio.ResourceExhaustedException;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;

/** Has the engine encrypt data, and writes the records. What the stream below does not take is held. */
final class Outgoing {
    private final DuplexStream stream;
    private final SSLEngine engine;
    private final Tasks tasks;
    private final View view = new View();
    /** Data accepted for the next record: up to the position, or, once sealed, from the position to the limit. */
    private final Buffer gathered;
    /** Whether nothing is added any more to what is gathered. */
    private boolean sealed;
    /** Records to be written, from {@link #start} to the position. */
    private final Buffer records;
    private int start;
    /** The length of the data of a full record, which the engine may make less than the protocol allows. */
    private int recordSize = 16 << 10;
    /** The number of bytes that the current call has accepted. */
    private long accepted;
    /** Whether the engine has records of its own to be written. */
    private boolean due;
    /** Whether close_notify follows what is held. */
    private boolean closing;
    /** The exception of the stream below, which takes nothing any more. */
    private IOException failure;

    Outgoing(DuplexStream stream, SSLEngine engine, Tasks tasks, SegmentPool pool) {
        this.stream = stream;
        this.engine = engine;
        this.tasks = tasks;
        gathered = new Buffer(pool, Buffer.DATA);
        records = new Buffer(pool, Buffer.RECORDS);
    }

    // ---- data of the user

    /**
     * Accepts part of an array.
     *
     * @return the number of bytes, fewer than given if the stream below is full or the pool has no buffer
     * @throws ResourceExhaustedException if the pool has no buffer, and nothing was accepted
     */
    long put(byte[] src, int off, int len) throws IOException {
        accepted = 0;
        try {
            encrypt(view.of(src, off, len), true);
        } catch (ResourceExhaustedException e) {
            requireAccepted(e);
        }
        return accepted;
    }

    /**
     * Accepts part of a segment. Full records, and the last one, are made from the segment itself, others from what is
     * gathered of several segments.
     *
     * @return the number of bytes, fewer than given if the stream below is full or the pool has no buffer
     * @throws ResourceExhaustedException if the pool has no buffer, and nothing was accepted
     */
    long put(MemorySegment src, long off, long len, boolean last) throws IOException {
        accepted = 0;
        try {
            boolean room = true;
            while (room && !sealed && accepted < len) { // sealed: a full record, for which there was no room
                long left = len - accepted;
                ByteBuffer from =
                    gathered.isEmpty() && (last || left >= recordSize) ? view.of(src, off + accepted, left) : null;
                room = from != null ? encrypt(from, last) : gather(src, off + accepted, left);
            }
        } catch (ResourceExhaustedException e) {
            requireAccepted(e);
        }
        return accepted;
    }

    /** Makes records of a buffer, all of it or full ones. Returns false if the stream below is full before. */
    private boolean encrypt(ByteBuffer from, boolean all) throws IOException {
        while (from.remaining() >= (all ? 1 : recordSize)) {
            SSLEngineResult result = wrap(from);
            accepted += result.bytesConsumed();
            if (result.getStatus() == Status.BUFFER_OVERFLOW && !write()) {
                return false;
            }
        }
        return true;
    }

    /** Adds to what is gathered, and makes a record of it if that is full. Returns false if there is no room for it. */
    private boolean gather(MemorySegment src, long off, long len) throws IOException {
        ByteBuffer to = gathered.isEmpty() ? gathered.acquire().limit(recordSize) : gathered.bytes;
        int n = (int) Math.min(len, to.remaining());
        MemorySegment.copy(src, off, gathered.memory, to.position(), n);
        to.position(to.position() + n);
        accepted += n;
        return to.hasRemaining() || wrapFull();
    }

    /** Throws the exception unless bytes were accepted before. */
    private void requireAccepted(ResourceExhaustedException e) throws ResourceExhaustedException {
        if (accepted == 0) {
            throw e;
        }
    }

    /** Makes a full record of what is gathered; returns false if there is no room for it. */
    private boolean wrapFull() throws IOException {
        seal();
        while (gathered.bytes.remaining() >= recordSize) {
            if (wrap(gathered.bytes).getStatus() == Status.BUFFER_OVERFLOW && !write()) {
                return false;
            }
        }
        sealed = false;
        if (gathered.bytes.hasRemaining()) {
            gathered.bytes.compact().limit(recordSize);
        } else {
            gathered.release();
        }
        return true;
    }

    /** Ends the record that is being gathered. */
    void seal() {
        if (!gathered.isEmpty() && !sealed) {
            sealed = true;
            gathered.bytes.flip();
        }
    }

    // ---- records

    /**
     * Has the engine make one record, of data or of its own. BUFFER_OVERFLOW means that {@link #write} must make room.
     */
    SSLEngineResult wrap(ByteBuffer from) throws IOException {
        if (records.isEmpty()) {
            records.acquire();
            start = 0;
        }
        SSLEngineResult result;
        try {
            int max = engine.getSession().getPacketBufferSize();
            ByteBuffer record = Scratch.get(Math.min(max, records.bytes.remaining()));
            result = engine.wrap(from, record);
            records.bytes.put(record.flip());
        } finally {
            if (records.bytes.position() == start) {
                records.release();
            }
        }
        int consumed = result.bytesConsumed();
        if (result.getStatus() != Status.BUFFER_OVERFLOW) {
            due = result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && result.bytesProduced() > 0;
        }
        if (consumed > 0 && from.hasRemaining()) {
            recordSize = consumed;
        }
        if (from.hasRemaining() && (result.getStatus() == Status.CLOSED
                || result.getStatus() == Status.OK && consumed + result.bytesProduced() == 0)) {
            throw new SSLException("the engine does not write: " + result);
        }
        return result;
    }

    /** Records that the engine has records of its own to be written, such as the answer to a key update. */
    void setDue() {
        due = true;
    }

    boolean isDue() {
        return due;
    }

    /** Has close_notify sent after what is held. */
    void close() {
        closing = true;
    }

    /**
     * Makes records of what is gathered, of what the engine has, and of close_notify, as far as there is room. Returns
     * whether none of that is left.
     */
    private boolean wrapHeld() throws IOException {
        while (!gathered.isEmpty() || due || closing) {
            if (tasks.isRunning()) {
                return false;
            }
            if (gathered.isEmpty() && closing) {
                engine.closeOutbound();
                closing = false;
                due = true;
            }
            if (wrap(gathered.isEmpty() ? Buffer.EMPTY : gathered.bytes).getStatus() == Status.BUFFER_OVERFLOW) {
                return false;
            }
            if (!gathered.isEmpty() && !gathered.bytes.hasRemaining()) {
                gathered.release();
                sealed = false;
            }
        }
        return true;
    }

    /** Writes all that is held, as far as the stream below takes it; returns whether nothing is left. */
    boolean flush() throws IOException {
        for (;;) {
            boolean wrapped = wrapHeld();
            if (!write()) {
                return false;
            }
            if (wrapped || tasks.isRunning()) {
                return wrapped;
            }
        }
    }

    /** {@return the exception with which a write to the stream below has failed for good, or null} */
    IOException failure() {
        return failure;
    }

    /** Writes the records that are made; returns whether all were taken. */
    boolean write() throws IOException {
        if (failure != null) {
            throw failure;
        }
        if (!records.isEmpty()) {
            long n;
            try {
                n = stream.write(records.memory, start, records.bytes.position() - start);
            } catch (IOException e) {
                if (!(e instanceof ResourceExhaustedException)) {
                    failure = e;
                    release();
                }
                throw e;
            }
            start += (int) Math.max(n, 0);
            if (start < records.bytes.position()) {
                return false;
            }
            records.release();
        }
        return true;
    }

    /** Writes all that is held, as far as possible, for a connection that ends. */
    void flushLast() {
        try {
            flush();
        } catch (IOException | RuntimeException e) {
            release();
        }
    }

    /** Discards the data that is gathered. */
    void discardData() {
        gathered.release();
        sealed = false;
    }

    /** Releases all buffers, with what they hold. */
    void release() {
        gathered.release();
        records.release();
        view.clear();
        sealed = false;
        due = false;
        closing = false;
    }
}
