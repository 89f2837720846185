package io.panamio.sys.freebsd;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.bindings.freebsd.mmsghdr;
import io.panamio.sys.Batch;
import io.panamio.sys.bsd.BsdMessages;
import io.panamio.sys.unix.ControlFormat;
import io.panamio.sys.unix.Libc;
import io.panamio.sys.unix.UnixBatch;
import io.panamio.sys.unix.UnixControl;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Messages of FreeBSD: a batch by one call, recvmmsg(2) or sendmmsg(2). */
final class FreebsdMessages extends BsdMessages {
    FreebsdMessages() {
        super(FreebsdConstants.INSTANCE);
    }

    private static final MemorySegment RECVMMSG = Libc.function("recvmmsg");

    private static long recvmmsg(int fd, MemorySegment headers, long count, int flags, MemorySegment timeout) {
        long r = Libc.callLong(RECVMMSG, fd, headers.address(), count, flags, timeout.address(), 0);
        Reference.reachabilityFence(headers);
        return r;
    }

    private static final MemorySegment SENDMMSG = Libc.function("sendmmsg");

    private static long sendmmsg(int fd, MemorySegment headers, long count, int flags) {
        long r = Libc.callLong(SENDMMSG, fd, headers.address(), count, flags, 0, 0);
        Reference.reachabilityFence(headers);
        return r;
    }

    @Override
    protected UnixControl newControl(ControlFormat format, MemorySegment memory) {
        return FreebsdControl.in(format, memory);
    }

    @Override
    protected long batchHeaderSize() {
        return mmsghdr.sizeof();
    }

    @Override
    public int recvBatch(int fd, Batch batch) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.clear();
        long n;
        do {
            b.prepareReceive();
            n = recvmmsg(fd, b.header(0), b.capacity(), Freebsd.MSG_DONTWAIT | Freebsd.MSG_CMSG_CLOEXEC,
                MemorySegment.NULL);
        } while (n == -Freebsd.EINTR);
        for (int i = 0; i < n; i++) {
            b.received(i, b.get(i, mmsghdr.msg_len$offset())); // the lower half of a ssize_t
        }
        b.setCount((int) Math.max(n, 0));
        return n >= 0 ? (int) n : (int) failed("recvmmsg", n);
    }

    @Override
    public int sendBatch(int fd, Batch batch, int first) throws IOException {
        UnixBatch b = (UnixBatch) batch;
        b.prepareSend(first);
        long n;
        do {
            n = sendmmsg(fd, b.header(first), b.count() - first, Freebsd.MSG_DONTWAIT | Freebsd.MSG_NOSIGNAL);
        } while (n == -Freebsd.EINTR);
        return n >= 0 ? (int) n : (int) failed("sendmmsg", n);
    }
}
