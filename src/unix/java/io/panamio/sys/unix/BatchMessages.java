package io.panamio.sys.unix;

import io.panamio.sys.Batch;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Messages on a system, such as Linux or FreeBSD, where a batch takes one system call: recvmmsg(2) or sendmmsg(2). */
public abstract class BatchMessages extends UnixMessages {
    private final long headerSize;
    private final long lengthOffset;

    /**
     * Constructs the calls of a platform.
     *
     * @param headerSize the size of a struct mmsghdr
     * @param lengthOffset the offset of msg_len in it
     */
    protected BatchMessages(UnixConstants constants, long headerSize, long lengthOffset) {
        super(constants);
        this.headerSize = headerSize;
        this.lengthOffset = lengthOffset;
    }

    /** Returns whether the C library has these calls; otherwise a batch takes one call for each message. */
    protected boolean hasBatches() {
        return true;
    }

    /** Calls recvmmsg(2) without a timeout. Returns the number of messages, or the negated errno. */
    protected abstract long recvMany(int fd, MemorySegment headers, int count, int flags);

    /** Calls sendmmsg(2). Returns the number of messages, or the negated errno. */
    protected abstract long sendMany(int fd, MemorySegment headers, int count, int flags);

    @Override
    protected final long batchHeaderSize() {
        return headerSize;
    }

    @Override
    public int recvBatch(int fd, Batch batch) throws IOException {
        if (!hasBatches()) {
            return super.recvBatch(fd, batch);
        }
        UnixBatch b = (UnixBatch) batch;
        b.clear();
        long n;
        do {
            b.prepareReceive();
            n = recvMany(fd, b.header(0), b.capacity(), c.MSG_DONTWAIT() | c.MSG_CMSG_CLOEXEC());
        } while (n == -Posix.EINTR);
        for (int i = 0; i < n; i++) {
            b.received(i, b.get(i, lengthOffset));
        }
        b.setCount((int) Math.max(n, 0));
        return n >= 0 ? (int) n : (int) failed(fd, "recvmmsg", n);
    }

    @Override
    public int sendBatch(int fd, Batch batch, int first) throws IOException {
        if (!hasBatches()) {
            return super.sendBatch(fd, batch, first);
        }
        UnixBatch b = (UnixBatch) batch;
        b.prepareSend(first);
        long n;
        do {
            n = sendMany(fd, b.header(first), b.count() - first, c.MSG_DONTWAIT() | c.MSG_NOSIGNAL());
        } while (n == -Posix.EINTR);
        return n >= 0 ? (int) n : (int) failed(fd, "sendmmsg", n);
    }
}
