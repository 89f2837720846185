package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.Feature;
import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.statx;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Platform;
import io.panamio.sys.Sockets;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixTransfers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** statx(2), sendfile(2) and splice(2). */
final class LinuxTransfers extends UnixTransfers {
    private static final Errors ERRORS = new Errors(LinuxConstants.INSTANCE);

    LinuxTransfers() {
        super(LinuxConstants.INSTANCE);
    }

    // ---- system calls

    private static final MemorySegment SENDFILE = Libc.functionOrNull("sendfile");

    private static long sendfile(int to, int from, MemorySegment offset, long count) {
        long r = Libc.callLong(SENDFILE, to, from, offset.address(), count, 0, 0);
        Reference.reachabilityFence(offset);
        return r;
    }

    private static final MemorySegment SPLICE = Libc.functionOrNull("splice");

    private static long splice(int from, MemorySegment fromOffset, int to, MemorySegment toOffset, long count,
            int flags) {
        return Libc.callLong(SPLICE, from, fromOffset.address(), to, toOffset.address(), count, flags);
    }

    private static final MemorySegment STATX = Libc.functionOrNull("statx"); // glibc has it since 2.28

    private static int statx(int directory, MemorySegment path, int flags, int mask, MemorySegment into) {
        int r = Libc.call(STATX, directory, path.address(), flags, mask, into.address());
        Reference.reachabilityFence(path);
        Reference.reachabilityFence(into);
        return r;
    }

    /** Whether the C library has statx(2), without which the size of a file cannot be determined. */
    static boolean hasStatx() {
        return STATX != null;
    }

    /** Whether the C library has sendfile(2). */
    static boolean hasSendfile() {
        return SENDFILE != null;
    }

    /** Whether the C library has splice(2). */
    static boolean hasSplice() {
        return SPLICE != null;
    }

    // ---- files

    @Override
    public long fileSize(int fd) throws IOException {
        if (STATX == null) {
            throw Platform.current().refusal(Feature.SEND_FILE,
                "this C library has no statx, which glibc has since 2.28");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment noPath = arena.allocate(1);
            MemorySegment status = arena.allocate(statx.sizeof(), 8);
            int r = statx(fd, noPath, Linux.AT_EMPTY_PATH, Linux.STATX_TYPE | Linux.STATX_SIZE, status);
            if (r < 0) {
                throw ERRORS.io("statx", -r);
            }
            if ((status.get(JAVA_SHORT, statx.stx_mode$offset()) & Linux.S_IFMT) != Linux.S_IFREG) {
                throw new IllegalArgumentException("descriptor " + fd + " does not refer to a regular file");
            }
            return status.get(JAVA_LONG, statx.stx_size$offset());
        }
    }

    @Override
    public long sendFile(int to, int file, long position, long count) throws IOException {
        if (SENDFILE == null) {
            return REFUSED;
        }
        long size = clamp(position, count);
        long r;
        try (NativeScratch scratch = NativeScratch.enter()) {
            do {
                scratch.argumentBytes.putLong(0, position);
                r = sendfile(to, file, scratch.argument, size);
            } while (r == -Linux.EINTR);
        }
        if (r >= 0) {
            return r;
        }
        if (r == -Linux.EOVERFLOW) {
            return 0; // beyond the maximum size of a file of this file system
        }
        if (r == -Linux.EINVAL) {
            return REFUSED; // a file of /proc, or a sink that appends to a file
        }
        if (LinuxConstants.INSTANCE.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw ERRORS.socket("sendfile", (int) -r);
    }

    // ---- pipes

    @Override
    public long spliceIn(int from, int pipe, long count) throws IOException {
        return spliced("from the source", splice(from, pipe, count));
    }

    @Override
    public long spliceOut(int pipe, int to, long count) throws IOException {
        return spliced("to the sink", splice(pipe, to, count));
    }

    private long spliced(String end, long r) throws IOException {
        return r == -Linux.EINVAL ? REFUSED : moved("splice", end, r); // such as a sink that appends to a file
    }

    private static long splice(int from, int to, long count) {
        int flags = Linux.SPLICE_F_MOVE | Linux.SPLICE_F_NONBLOCK;
        long size = Math.min(count, Libc.MAX_TRANSFER);
        long r;
        do {
            r = splice(from, MemorySegment.NULL, to, MemorySegment.NULL, size, flags);
        } while (r == -Linux.EINTR);
        return r;
    }

    @Override
    public void resizePipe(int fd, int bytes) {
        Libc.fcntl(fd, Linux.F_SETPIPE_SZ, bytes); // EPERM if the user has too many: a smaller pipe works as well
    }
}
