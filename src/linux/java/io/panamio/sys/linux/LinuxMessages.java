package io.panamio.sys.linux;

import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixMessages;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Linux has calls for many messages at a time. */
final class LinuxMessages extends UnixMessages {
    LinuxMessages() {
        super(LinuxConstants.INSTANCE);
    }

    private static final MemorySegment RECVMMSG = Libc.function("recvmmsg");

    private static int recvmmsg(int fd, MemorySegment headers, int count, int flags, MemorySegment timeout) {
        int r = Libc.call(RECVMMSG, fd, headers.address(), count, flags, timeout.address());
        Reference.reachabilityFence(headers);
        return r;
    }

    @Override
    protected int recvmmsg(int fd, MemorySegment headers, int count, int flags) {
        return recvmmsg(fd, headers, count, flags, MemorySegment.NULL);
    }

    private static final MemorySegment SENDMMSG = Libc.function("sendmmsg");

    @Override
    protected int sendmmsg(int fd, MemorySegment headers, int count, int flags) {
        int r = Libc.call(SENDMMSG, fd, headers.address(), count, flags, 0);
        Reference.reachabilityFence(headers);
        return r;
    }
}
