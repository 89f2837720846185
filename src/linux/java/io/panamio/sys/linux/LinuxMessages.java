package io.panamio.sys.linux;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.mmsghdr;
import io.panamio.sys.Batch;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixBatch;
import io.panamio.sys.unix.UnixControl;
import io.panamio.sys.unix.UnixMessages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** The calls of Linux for messages: a batch takes one system call, recvmmsg(2) or sendmmsg(2). */
final class LinuxMessages extends UnixMessages {
    private static final MemorySegment RECVMMSG = Libc.functionOrNull("recvmmsg");
    private static final MemorySegment SENDMMSG = Libc.functionOrNull("sendmmsg");

    LinuxMessages() {
        super(LinuxConstants.INSTANCE);
    }

    /** Whether the C library has the calls for batches. */
    static boolean hasBatches() {
        return RECVMMSG != null && SENDMMSG != null;
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
    protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
        return LinuxControl.in(format, memory);
    }

    @Override
    protected long batchHeaderSize() {
        return mmsghdr.sizeof();
    }

    @Override
    public int recvBatch(int fd, Batch batch) throws IOException {
        if (!hasBatches()) {
            return super.recvBatch(fd, batch);
        }
        UnixBatch b = (UnixBatch) batch;
        b.clear();
        int n;
        do {
            b.prepareReceive();
            n = recvmmsg(fd, b.header(0), b.capacity(), Linux.MSG_DONTWAIT | Linux.MSG_CMSG_CLOEXEC,
                MemorySegment.NULL);
        } while (n == -Linux.EINTR);
        for (int i = 0; i < n; i++) {
            b.received(i, b.get(i, mmsghdr.msg_len$offset()));
        }
        b.setCount(Math.max(n, 0));
        return n >= 0 ? n : (int) failed("recvmmsg", n);
    }

    @Override
    public int sendBatch(int fd, Batch batch, int first) throws IOException {
        if (!hasBatches()) {
            return super.sendBatch(fd, batch, first);
        }
        UnixBatch b = (UnixBatch) batch;
        b.prepareSend(first);
        int n;
        do {
            n = sendmmsg(fd, b.header(first), b.count() - first, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
        } while (n == -Linux.EINTR);
        return n >= 0 ? n : (int) failed("sendmmsg", n);
    }
}
