package io.panamio.test.tls;

import static io.panamio.IoResult.EOF;
import static io.panamio.IoResult.WOULD_BLOCK;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.Interest;
import io.panamio.Registry;
import io.panamio.Source;
import io.panamio.net.DuplexStream;
import io.panamio.net.Shutdown;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * An end of a connection in memory. A call transfers at most a given number of bytes, and the next one would block, as
 * if they had arrived one by one.
 */
final class Trickle implements DuplexStream, Source {
    private final int piece;
    private final Deque<Byte> in;
    private final Deque<Byte> out;
    private boolean readBlocks;
    private boolean writeBlocks;
    private boolean shut;
    private IOException failure;
    private Trickle other;

    private Trickle(int piece, Deque<Byte> in, Deque<Byte> out) {
        this.piece = piece;
        this.in = in;
        this.out = out;
    }

    static Trickle[] pair(int piece) {
        Deque<Byte> there = new ArrayDeque<>();
        Deque<Byte> back = new ArrayDeque<>();
        Trickle a = new Trickle(piece, back, there);
        Trickle b = new Trickle(piece, there, back);
        a.other = b;
        b.other = a;
        return new Trickle[] {a, b};
    }

    /** Has writes fail from now on, as after a reset; what has arrived is read without blocking. */
    void failWrites(IOException e) {
        failure = e;
    }

    /** Adds to a byte of what is to be read, if there is one at that place. */
    void change(int at, byte by) {
        Byte[] all = in.toArray(new Byte[0]);
        if (at < all.length) {
            all[at] = (byte) (all[at] + by);
            in.clear();
            in.addAll(List.of(all));
        }
    }

    /** Removes the last bytes of what is to be read. */
    void cut(int count) {
        for (int i = 0; i < count; i++) {
            in.pollLast();
        }
    }

    @Override
    public long read(MemorySegment dst, long off, long len) {
        readBlocks = !readBlocks || failure != null;
        if (!readBlocks || in.isEmpty()) {
            return readBlocks && other.shut ? EOF : WOULD_BLOCK;
        }
        int n = (int) Math.min(Math.min(piece, len), in.size());
        for (int i = 0; i < n; i++) {
            dst.set(JAVA_BYTE, off + i, in.remove());
        }
        return n;
    }

    @Override
    public long write(MemorySegment src, long off, long len) throws IOException {
        if (failure != null) {
            throw failure;
        }
        writeBlocks = !writeBlocks;
        if (!writeBlocks) {
            return WOULD_BLOCK;
        }
        int n = (int) Math.min(piece, len);
        for (int i = 0; i < n; i++) {
            out.add(src.get(JAVA_BYTE, off + i));
        }
        return n;
    }

    @Override
    public void shutdown(Shutdown how) {
        shut |= how != Shutdown.READ;
    }

    @Override
    public IOException takeError() {
        return null;
    }

    @Override
    public void close() {
        shut = true;
    }

    @Override
    public void register(Registry registry, long token, Interest interest) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void reregister(Registry registry, long token, Interest interest) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void deregister(Registry registry) {
        throw new UnsupportedOperationException();
    }
}
