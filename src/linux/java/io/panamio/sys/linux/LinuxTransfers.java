package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.statx;
import io.panamio.sys.PathNames;
import io.panamio.sys.Sockets;
import io.panamio.sys.Transfers;
import io.panamio.sys.unix.Errors;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.NativeScratch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** sendfile(2), splice(2) and what they need beside them. */
final class LinuxTransfers extends Transfers {
    private static final Errors ERRORS = new Errors(LinuxConstants.INSTANCE);

    // ---- raw

    private static final MemorySegment SENDFILE = Libc.function("sendfile");

    private static long sendfile(int to, int from, MemorySegment offset, long count) {
        long r = Libc.callLong(SENDFILE, to, from, offset.address(), count, 0, 0);
        Reference.reachabilityFence(offset);
        return r;
    }

    private static final MemorySegment PREAD = Libc.function("pread");

    private static long pread(int file, MemorySegment dst, long count, long position) {
        long r = Libc.callLong(PREAD, file, dst.address(), count, position, 0, 0);
        Reference.reachabilityFence(dst);
        return r;
    }

    private static final MemorySegment SPLICE = Libc.function("splice");

    private static long splice(int from, MemorySegment fromOffset, int to, MemorySegment toOffset, long count,
            int flags) {
        return Libc.callLong(SPLICE, from, fromOffset.address(), to, toOffset.address(), count, flags);
    }

    private static final class Statx { // glibc has it since 2.28
        static final MemorySegment FUNCTION = Libc.functionOrNull("statx");
    }

    private static int statx(int directory, MemorySegment path, int flags, int mask, MemorySegment into) {
        int r = Libc.call(Statx.FUNCTION, directory, path.address(), flags, mask, into.address());
        Reference.reachabilityFence(path);
        Reference.reachabilityFence(into);
        return r;
    }

    // ---- files

    @Override
    public int openFile(byte[] path) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment zeroTerminated = arena.allocate(path.length + 1L);
            MemorySegment.copy(MemorySegment.ofArray(path), 0, zeroTerminated, 0, path.length);
            int flags = Linux.O_RDONLY | Linux.O_CLOEXEC | Linux.O_NONBLOCK; // the last for a FIFO
            int r;
            do {
                r = Libc.open(zeroTerminated, flags, 0);
            } while (r == -Linux.EINTR);
            if (r < 0) {
                throw ERRORS.open("open", new String(path, PathNames.CHARSET), -r);
            }
            return r;
        }
    }

    @Override
    public long fileSize(int fd) throws IOException {
        if (Statx.FUNCTION == null) {
            throw new UnsupportedOperationException("this C library has no statx, which glibc has since 2.28");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment noPath = arena.allocate(1);
            MemorySegment status = arena.allocate(statx.sizeof(), 8);
            int r = statx(fd, noPath, Linux.AT_EMPTY_PATH, Linux.STATX_TYPE | Linux.STATX_SIZE, status);
            if (r < 0) {
                throw ERRORS.io("statx", -r);
            }
            if ((status.get(JAVA_SHORT, statx.stx_mode$offset()) & Linux.S_IFMT) != Linux.S_IFREG) {
                throw new IllegalArgumentException("descriptor " + fd + " is not a regular file's");
            }
            return status.get(JAVA_LONG, statx.stx_size$offset());
        }
    }

    @Override
    public long readFile(int file, MemorySegment dst, long position, long count) throws IOException {
        long size = Math.min(Math.min(count, Libc.MAX_TRANSFER), Long.MAX_VALUE - position); // or EINVAL
        long r;
        do {
            r = pread(file, dst, size, position);
        } while (r == -Linux.EINTR);
        if (r < 0) {
            throw ERRORS.io("pread", (int) -r);
        }
        return r;
    }

    @Override
    public long sendFile(int to, int file, long position, long count) throws IOException {
        long size = Math.min(Math.min(count, Libc.MAX_TRANSFER), Long.MAX_VALUE - position); // or EINVAL
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
            return 0; // beyond the end that any file of this file system can have
        }
        if (r == -Linux.EINVAL) {
            return REFUSED; // a file of /proc, or a sink that appends to a file
        }
        return failed("sendfile", "", r);
    }

    private static long failed(String call, String about, long r) throws IOException {
        if (LinuxConstants.INSTANCE.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw ERRORS.socket(call, about, (int) -r);
    }

    // ---- pipes

    @Override
    public long receive(int from, MemorySegment dst, long count) throws IOException {
        long r;
        do {
            r = Libc.recv(from, dst, 0, count, Linux.MSG_DONTWAIT);
        } while (r == -Linux.EINTR);
        return moved("recv", "from the source", r);
    }

    @Override
    public long spliceIn(int from, int pipe, long count) throws IOException {
        return moved("splice", "from the source", splice(from, pipe, count));
    }

    @Override
    public long spliceOut(int pipe, int to, long count) throws IOException {
        return moved("splice", "to the sink", splice(pipe, to, count));
    }

    /** A lack of memory here is not one that another way of moving the bytes would do without. */
    private static long moved(String call, String end, long r) throws IOException {
        if (r >= 0) {
            return r;
        }
        if (LinuxConstants.INSTANCE.wouldBlock(r)) {
            return Sockets.WOULD_BLOCK;
        }
        throw ERRORS.pending(call, end, (int) -r);
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
        Libc.fcntl(fd, Linux.F_SETPIPE_SZ, bytes); // EPERM where a user has many: a smaller one does as well
    }

    @Override
    public long maxTransfer() {
        return Libc.MAX_TRANSFER;
    }
}
