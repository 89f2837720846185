package io.panamio.sys.freebsd;

import io.panamio.bindings.freebsd.mmsghdr;
import io.panamio.sys.unix.BatchMessages;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixControl;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Messages of FreeBSD: a batch takes one system call. */
final class FreebsdMessages extends BatchMessages {
    private static final MemorySegment RECVMMSG = Libc.function("recvmmsg");
    private static final MemorySegment SENDMMSG = Libc.function("sendmmsg");

    FreebsdMessages() {
        // msg_len is a ssize_t: its lower half, where numbers are little-endian
        super(FreebsdConstants.INSTANCE, mmsghdr.sizeof(), mmsghdr.msg_len$offset());
    }

    private static long recvmmsg(int fd, MemorySegment headers, long count, int flags, MemorySegment timeout) {
        long r = Libc.callLong(RECVMMSG, fd, headers.address(), count, flags, timeout.address(), 0);
        Reference.reachabilityFence(headers);
        return r;
    }

    private static long sendmmsg(int fd, MemorySegment headers, long count, int flags) {
        long r = Libc.callLong(SENDMMSG, fd, headers.address(), count, flags, 0, 0);
        Reference.reachabilityFence(headers);
        return r;
    }

    @Override
    protected long recvMany(int fd, MemorySegment headers, int count, int flags) {
        return recvmmsg(fd, headers, count, flags, MemorySegment.NULL);
    }

    @Override
    protected long sendMany(int fd, MemorySegment headers, int count, int flags) {
        return sendmmsg(fd, headers, count, flags);
    }

    @Override
    protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
        return FreebsdControl.in(format, memory);
    }
}
