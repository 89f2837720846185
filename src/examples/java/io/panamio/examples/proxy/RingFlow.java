package io.panamio.examples.proxy;

import io.panamio.IoResult;
import io.panamio.net.DuplexStream;
import io.panamio.pipeline.RingBuffer;
import java.io.IOException;

/** Reads into a ring buffer and writes from it; holds one only while bytes are pending. */
final class RingFlow extends Flow {
    private final Resources resources;
    private RingBuffer ring;

    RingFlow(DuplexStream source, DuplexStream sink, Statistics.Way way, Resources resources) {
        super(source, sink, way);
        this.resources = resources;
    }

    @Override
    boolean step() throws IOException {
        if (readable && (ring == null || ring.writableBytes() > 0)) {
            read();
        }
        if (ring != null && !blocked) {
            write();
        }
        return readable && !(blocked && ring.writableBytes() == 0);
    }

    private void read() throws IOException {
        if (ring == null) {
            ring = resources.takeRing();
        }
        long room = ring.writableBytes();
        long n = ring.readFrom(source);
        way.reads++;
        if (n == IoResult.EOF) {
            end(ring.readableBytes() == 0);
        } else if (n < room && !readOn || n == IoResult.WOULD_BLOCK) {
            readable = false; // a short read has drained the socket
        }
        releaseRingIfEmpty();
    }

    private void write() throws IOException {
        long n = ring.writeTo(sink);
        way.writes++;
        way.bytes += Math.max(n, 0);
        blocked = ring.readableBytes() > 0;
        if (!blocked && ended) {
            passEnd();
        }
        releaseRingIfEmpty();
    }

    private void releaseRingIfEmpty() {
        if (ring.readableBytes() == 0) {
            close();
        }
    }

    @Override
    void close() {
        if (ring != null) {
            resources.releaseRing(ring);
            ring = null;
        }
    }
}
