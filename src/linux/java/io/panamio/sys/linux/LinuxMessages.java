package io.panamio.sys.linux;

import io.panamio.bindings.linux.mmsghdr;
import io.panamio.sys.unix.BatchMessages;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixControl;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Messages of Linux: a batch takes one system call, if the C library has it. */
final class LinuxMessages extends BatchMessages {
    private static final MemorySegment RECVMMSG = Libc.functionOrNull("recvmmsg");
    private static final MemorySegment SENDMMSG = Libc.functionOrNull("sendmmsg");
    static final boolean HAS_BATCHES = RECVMMSG != null && SENDMMSG != null;

    LinuxMessages() {
        super(LinuxConstants.INSTANCE, mmsghdr.sizeof(), mmsghdr.msg_len$offset());
    }

    @Override
    protected boolean hasBatches() {
        return HAS_BATCHES;
    }

    private static int recvmmsg(int fd, MemorySegment headers, int count, int flags, MemorySegment timeout) {
        int r = Libc.call(RECVMMSG, fd, headers.address(), count, flags, timeout.address());
        Reference.reachabilityFence(headers);
        return r;
    }

    private static int sendmmsg(int fd, MemorySegment headers, int count, int flags) {
        int r = Libc.call(SENDMMSG, fd, headers.address(), count, flags, 0);
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
        return LinuxControl.in(format, memory);
    }
}
