package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.jfr.Flight;
import io.panamio.sys.Handle;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** An end of a pipe: its reads and writes, of which each subclass publishes those that it has. */
abstract sealed class PipeSource extends IoSource permits Pipe.End, NamedPipe {
    private final Streams streams;

    PipeSource(PipeEnd end) {
        super(end.fd(), false); // no duplicates
        Handle.of(this).setPipe(end);
        streams = end.streams();
    }

    // ---- reading

    /** Returns the result of a read for which the system has reported 0 bytes. */
    long empty() {
        return IoResult.EOF;
    }

    final long receive(MemorySegment dst, long off, long len) throws IOException {
        Buffers.requireWritable(dst);
        Objects.checkFromIndexSize(off, len, dst.byteSize());
        int fd = begin();
        try {
            return len == 0 ? 0 : received(streams.recv(fd, dst, off, len), len);
        } finally {
            end();
        }
    }

    final long receive(byte[] dst, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, dst.length);
        int fd = begin();
        try {
            return len == 0 ? 0 : received(streams.recv(fd, dst, off, len), len);
        } finally {
            end();
        }
    }

    final long receive(MemorySegment[] dsts) throws IOException {
        long asked = Buffers.writableSize(dsts);
        int fd = begin();
        try {
            return asked == 0 ? 0 : received(streams.recvVectored(fd, dsts), asked);
        } finally {
            end();
        }
    }

    private long received(long n, long asked) {
        long result = n == 0 ? empty() : n;
        if (result < asked && result != IoResult.EOF) {
            drained(Interest.READABLE);
            if (result == IoResult.WOULD_BLOCK) {
                Flight.wouldBlock(this, "read");
            }
        }
        return result;
    }

    // ---- writing

    /** Returns whether a write of 0 bytes transfers something: an empty message. */
    boolean sendsEmpty() {
        return false;
    }

    final long send(MemorySegment src, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        int fd = begin();
        try {
            return len == 0 && !sendsEmpty() ? 0 : sent(streams.send(fd, src, off, len), len);
        } finally {
            end();
        }
    }

    final long send(byte[] src, int off, int len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.length);
        int fd = begin();
        try {
            return len == 0 && !sendsEmpty() ? 0 : sent(streams.send(fd, src, off, len), len);
        } finally {
            end();
        }
    }

    final long send(MemorySegment[] srcs) throws IOException {
        long asked = Buffers.size(srcs);
        int fd = begin();
        try {
            return asked == 0 && !sendsEmpty() ? 0 : sent(streams.sendVectored(fd, srcs), asked);
        } finally {
            end();
        }
    }

    final long send(GatherList list) throws IOException {
        Objects.requireNonNull(list, "list");
        int fd = begin();
        try {
            long n = list.isDone() ? 0 : streams.send(fd, list.part);
            if (!list.isDone()) {
                drained(Interest.WRITABLE);
                if (n == IoResult.WOULD_BLOCK) {
                    Flight.wouldBlock(this, "write");
                }
            }
            return n;
        } finally {
            end();
        }
    }

    private long sent(long n, long asked) {
        if (n < asked) {
            drained(Interest.WRITABLE);
            if (n == IoResult.WOULD_BLOCK) {
                Flight.wouldBlock(this, "write");
            }
        }
        return n;
    }
}
