package io.panamio.test.pipeline;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.IoSource;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import io.panamio.net.StreamSocket;
import io.panamio.test.support.NativeCalls;
import io.panamio.test.support.UserStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A user-defined stream that transforms its bytes, as TLS does, depending on their position in the stream. It holds
 * back no bytes.
 */
final class Xored extends UserStream {
    private static final int ROOM = 8 << 10;

    private final MemorySegment room = Arena.ofAuto().allocate(ROOM);
    private long in;
    private long out;

    Xored(StreamSocket<?> below) {
        super(below);
    }

    /** Returns what the other end must send, or receives, for bytes at the beginning of the stream. */
    static byte[] xored(byte[] bytes) {
        byte[] other = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            other[i] = (byte) (bytes[i] ^ key(i));
        }
        return other;
    }

    private static int key(long at) {
        return (int) (at * 31 + 7);
    }

    private static void change(MemorySegment memory, long off, long len, long at) {
        for (long i = 0; i < len; i++) {
            memory.set(JAVA_BYTE, off + i, (byte) (memory.get(JAVA_BYTE, off + i) ^ key(at + i)));
        }
    }

    @Override
    public long read(MemorySegment dst, long off, long len) throws IOException {
        long n = super.read(dst, off, len);
        if (n > 0) {
            change(dst, off, n, in);
            in += n;
        }
        return n;
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, src.byteSize());
        long done = 0;
        do {
            long piece = Math.min(len - done, ROOM);
            MemorySegment.copy(src, off + done, room, 0, piece);
            change(room, 0, piece, out);
            long n = super.write(room, 0, piece);
            if (n < 0) {
                return done > 0 ? done : n;
            }
            out += n;
            done += n;
            if (n < piece) {
                break;
            }
        } while (done < len);
        return done;
    }

    /**
     * The same as a source that has the descriptor of another stream: a transfer that used it would move other bytes.
     */
    static final class OverDescriptor extends IoSource implements DuplexStream {
        private final Xored xored;

        OverDescriptor(Xored xored) throws IOException {
            super(NativeCalls.socket());
            this.xored = xored;
        }

        @Override
        public long read(MemorySegment dst, long off, long len) throws IOException {
            return xored.read(dst, off, len);
        }

        @Override
        public long write(MemorySegment src, long off, long len) throws IOException {
            return xored.write(src, off, len);
        }

        @Override
        public void shutdown(Shutdown how) throws IOException {
            xored.shutdown(how);
        }

        @Override
        public IOException takeError() throws IOException {
            return xored.takeError();
        }
    }
}
