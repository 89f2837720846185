package io.panamio.sys.unix;

import io.panamio.sys.PathNames;
import io.panamio.sys.Sockets;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Path;

/** The calls of POSIX that read files. A platform adds its calls that move bytes between descriptors. */
public abstract class UnixTransfers extends Transfers {
    private final UnixConstants c;
    private final Errors errors;

    /** Constructs the calls of a platform. */
    protected UnixTransfers(UnixConstants constants) {
        c = constants;
        errors = new Errors(constants);
    }

    private static final MemorySegment PREAD = Libc.function("pread");

    private static long pread(int file, MemorySegment dst, long count, long position) {
        long r = Libc.callLong(PREAD, file, dst.address(), count, position, 0, 0);
        Reference.reachabilityFence(dst);
        return r;
    }

    @Override
    public final int openFile(Path path) throws IOException {
        byte[] bytes = PathNames.bytes(path);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeroTerminated = arena.allocate(bytes.length + 1L);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, zeroTerminated, 0, bytes.length);
            int flags = Posix.O_RDONLY | c.O_CLOEXEC() | c.O_NONBLOCK(); // the last for a FIFO
            int r = Libc.open(zeroTerminated, flags, 0);
            if (r < 0) {
                throw errors.open("open", path.toString(), -r);
            }
            return r;
        }
    }

    @Override
    public final long readFile(int file, MemorySegment dst, long position, long count) throws IOException {
        long size = clamp(position, count);
        long r;
        do {
            r = pread(file, dst, size, position);
        } while (r == -Posix.EINTR);
        if (r < 0) {
            throw errors.io("pread", (int) -r);
        }
        return r;
    }

    /** Returns the part of a count that one call can move from a position: more than that fails with EINVAL. */
    protected static long clamp(long position, long count) {
        return Math.min(Math.min(count, Libc.MAX_TRANSFER), Long.MAX_VALUE - position);
    }

    @Override
    public final long receive(int from, MemorySegment dst, long count) throws IOException {
        long r;
        do {
            r = Libc.recv(from, dst, 0, count, c.MSG_DONTWAIT());
        } while (r == -Posix.EINTR);
        return moved("recv", "from the source", r);
    }

    /** Returns the result of a call, or throws its error. */
    protected final long moved(String call, String end, long r) throws IOException {
        if (r >= 0) {
            return r;
        }
        if (c.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw errors.socket(call, end, (int) -r);
    }

    @Override
    public final long maxTransfer() {
        return Libc.MAX_TRANSFER;
    }
}
