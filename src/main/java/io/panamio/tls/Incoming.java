package io.panamio.tls;

import io.panamio.IoResult;
import io.panamio.memory.SegmentPool;
import io.panamio.net.DuplexStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;

/** Receives records and has the engine decrypt them. */
final class Incoming {
    private static final int HEADER = 5;
    private static final int MIN_TYPE = 20;
    private static final int HANDSHAKE_TYPE = 22;
    private static final int MAX_TYPE = 24;
    /** A record with more than that is of no cipher of TLS 1.2: data, vector, MAC and padding. */
    private static final int MAX_RECORD = (16 << 10) + 320;
    private static final int MAX_RECORD_OF_TLS13 = (16 << 10) + 256;

    private final DuplexStream stream;
    private final SSLEngine engine;
    /** Records received, from the position to the limit. */
    private final Buffer received;
    /** Data decrypted for which the user had no room, from the position to the limit. */
    private final Buffer data;
    private final ByteBuffer[] into = new ByteBuffer[2];
    private boolean handshaken;
    private boolean tls13;
    /** Whether the last read of the stream below has drained it. */
    private boolean drained;

    Incoming(DuplexStream stream, SSLEngine engine, SegmentPool pool) {
        this.stream = stream;
        this.engine = engine;
        received = new Buffer(pool, Buffer.RECORDS);
        data = new Buffer(pool, Buffer.DATA);
    }

    /** Records that the handshake is complete, and which protocol was negotiated. */
    void handshaken(boolean isTls13) {
        handshaken = true;
        tls13 = isTls13;
    }

    /** {@return whether anything is held, which no event of the stream below reports} */
    boolean holds() {
        return !received.isEmpty() || !data.isEmpty();
    }

    /** Begins a call: the stream below may not be drained any more. */
    void begin() {
        drained = false;
    }

    boolean isDrained() {
        return drained;
    }

    /** Moves decrypted data to a view, or, if that is null, to a segment; returns the number of bytes. */
    int take(ByteBuffer view, MemorySegment dst, long off, long len) {
        if (data.isEmpty() || len == 0) {
            return 0;
        }
        ByteBuffer from = data.bytes;
        int n = (int) Math.min(len, from.remaining());
        if (view == null) {
            MemorySegment.copy(data.memory, from.position(), dst, off, n);
        } else {
            view.put(view.position(), from, from.position(), n).position(view.position() + n);
        }
        from.position(from.position() + n);
        if (!from.hasRemaining()) {
            data.release();
        }
        return n;
    }

    /** {@return whether a complete record has been received; refuses one that must not come} */
    boolean hasRecord() throws SSLException {
        if (received.isEmpty() || received.bytes.remaining() < HEADER) {
            return false;
        }
        int type = received.bytes.get(received.bytes.position());
        if (type < MIN_TYPE || type > MAX_TYPE) {
            return true; // the engine refuses it
        }
        int length = length();
        int max = tls13 ? MAX_RECORD_OF_TLS13 : MAX_RECORD;
        if (length > max) {
            throw refused("a record of " + length + " bytes, which is more than " + max);
        }
        if (handshaken && !tls13 && type == HANDSHAKE_TYPE) {
            throw refused("the peer has started a renegotiation, which is not supported");
        }
        return received.bytes.remaining() >= HEADER + length;
    }

    /** {@return the length of the record, without its header} */
    private int length() {
        return received.bytes.getShort(received.bytes.position() + HEADER - Short.BYTES) & 0xFFFF;
    }

    /**
     * Refuses what the peer has sent. Engines have no method that sends a fatal alert; a record that is too large makes
     * them send one.
     */
    private SSLException refused(String reason) {
        try {
            engine.unwrap(ByteBuffer.wrap(new byte[] {HANDSHAKE_TYPE, 3, 3, -1, -1}), Buffer.EMPTY);
        } catch (SSLException e) {
            // as intended
        }
        return new SSLException(reason);
    }

    /** Receives, and returns whether anything was received; otherwise the stream below would block. */
    boolean receive() throws IOException {
        ByteBuffer to = received.isEmpty() ? received.acquire() : received.bytes.compact().limit(Buffer.RECORDS);
        int room = to.remaining();
        long n = 0;
        try {
            n = stream.read(received.memory, to.position(), room);
        } finally {
            to.limit(to.position() + (int) Math.max(n, 0)).position(0);
        }
        drained = n < room;
        if (n == IoResult.EOF) {
            throw handshaken ? new SSLException("truncated: the stream has ended without close_notify")
                : new SSLHandshakeException("truncated: the stream has ended during the handshake");
        }
        return n > 0;
    }

    /**
     * Has the engine decrypt a record, which is complete. Data for which the view has no room, or all of it if the view
     * is null, is held.
     */
    SSLEngineResult unwrap(ByteBuffer view) throws IOException {
        ByteBuffer rest = view == null || view.remaining() < length() ? data.acquire() : null;
        into[0] = view == null ? rest : view;
        into[1] = rest;
        SSLEngineResult result;
        try {
            ByteBuffer record = record();
            result = engine.unwrap(record, into, 0, view == null || rest == null ? 1 : 2);
            received.bytes.position(received.bytes.position() + result.bytesConsumed());
        } finally {
            into[0] = null;
            into[1] = null;
            if (rest != null && !rest.flip().hasRemaining()) {
                data.release();
            }
        }
        if (result.getStatus() == Status.BUFFER_UNDERFLOW || result.getStatus() == Status.BUFFER_OVERFLOW) {
            throw refused("not a record of TLS"); // complete by its header, but not for the engine
        }
        return result;
    }

    /** Copies the next record; all that was received if it is not one of TLS. */
    private ByteBuffer record() {
        int from = received.bytes.position();
        int type = received.bytes.get(from);
        int length = type < MIN_TYPE || type > MAX_TYPE ? received.bytes.remaining() : HEADER + length();
        ByteBuffer record = Scratch.get(length);
        return record.put(0, received.bytes, from, length);
    }

    /** Releases the buffer of records if it is empty. */
    void releaseEmpty() {
        if (!received.isEmpty() && !received.bytes.hasRemaining()) {
            received.release();
        }
    }

    /** Releases all buffers, with what they hold. */
    void release() {
        received.release();
        data.release();
    }

    /**
     * Discards what has been received: a close with unread bytes, such as tickets of TLS 1.3, would reset the
     * connection, and the peer could lose what was sent to it.
     */
    void discard() throws IOException {
        received.release();
        received.acquire();
        stream.read(received.memory, 0, Buffer.RECORDS);
    }
}
