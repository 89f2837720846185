package io.panamio.pipeline;

import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.net.TcpStream;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.ZeroCopy;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;

/**
 * Sends from memory that the kernel reads in place, as the network device takes it: MSG_ZEROCOPY. A send does not copy,
 * so the memory belongs to the kernel until the completion of the send arrives; {@link ZeroCopyBuffer} enforces that.
 *
 * {@snippet file="PipelineSnippets.java" region="zero-copy"}
 *
 * <h2>Completions</h2>
 * Completions arrive on the error queue of the socket. While one is queued, every event of the stream is an {@linkplain
 * io.panamio.Events#isError error}, and for some sources therefore write-closed as well; it is not read-closed, as it
 * is when the connection is broken. On an error event, first call {@link #drainCompletions}; if {@link
 * TcpStream#takeError} then returns {@code null}, continue.
 *
 * <h2>Performance</h2>
 * A completion costs about as much as copying some kilobytes. Sends below the {@linkplain #setThreshold threshold} are
 * therefore ordinary, copying sends. So are all sends if the system refuses ({@link #isEnabled}), and any send that the
 * kernel has no room to track (ENOBUFS; sysctl net.core.optmem_max, RLIMIT_MEMLOCK). Nothing is pending after a copying
 * send. On loopback and with some devices the kernel copies after all, later, which costs more than a copying send;
 * {@link #copied} counts these. If that applies to all sends, turn zero-copy off by {@code
 * setThreshold(Long.MAX_VALUE)}.
 *
 * <p>A sender needs no close: it ends with its stream. If the stream is closed while sends are pending, their data is
 * still sent, from pages that the kernel keeps, but no completion arrives.
 *
 * <p>Not thread-safe, and confined to the thread of its buffers. A stream has at most one sender, and nothing else may
 * send on it with MSG_ZEROCOPY. Sending and completing allocate nothing, except when the number of pending sends
 * reaches a new maximum. Requires {@link io.panamio.Feature#ZERO_COPY}.
 */
public final class ZeroCopySender {
    /** The default threshold: sends of less than 16 KiB are copied. */
    public static final long DEFAULT_THRESHOLD = 16 << 10;

    private final TcpStream stream;
    private final Handle handle;
    private final boolean enabled;
    private final Sending sending = new Sending();
    private final IoOperation completing;
    private long threshold = DEFAULT_THRESHOLD;

    /** The buffers of the pending sends: a ring, indexed by the number of the send. */
    private ZeroCopyBuffer[] ring = new ZeroCopyBuffer[16];
    /** The number of the oldest pending send. */
    private long oldest;
    private long sent;
    private long completed;
    private long copied;

    private ZeroCopySender(TcpStream stream, boolean enabled) {
        this.stream = stream;
        handle = Handle.of(stream);
        this.enabled = enabled;
        ZeroCopy.Completion completion = this::completed;
        completing = fd -> zeroCopy().complete(fd, completion) > 0 ? IoResult.WOULD_BLOCK : 0;
    }

    private static ZeroCopy zeroCopy() {
        return Platform.current().zeroCopy();
    }

    /**
     * Returns a new sender of a stream, and enables zero-copy sends on it: SO_ZEROCOPY. If the system refuses that, all
     * sends are copied.
     *
     * @param stream the stream, connected or connecting, which the caller still owns
     * @return the sender
     * @throws IllegalStateException if SO_ZEROCOPY is already set, such as by another sender
     * @throws UnsupportedOperationException if {@link io.panamio.Feature#ZERO_COPY} is refused
     * @throws ClosedChannelException if the stream is closed
     */
    public static ZeroCopySender of(TcpStream stream) throws ClosedChannelException {
        Handle handle = Handle.of(stream);
        int fd = handle.begin();
        try {
            if (zeroCopy().isEnabled(fd)) {
                throw new IllegalStateException("SO_ZEROCOPY is already set on this stream: it has a sender");
            }
            return new ZeroCopySender(stream, zeroCopy().enable(fd));
        } finally {
            handle.exit();
        }
    }

    /** {@return whether the system supports zero-copy sends on this stream; if not, all sends are copied} */
    public boolean isEnabled() {
        return enabled;
    }

    /**
     * Sets the minimum size of a zero-copy send. Smaller sends are copied.
     *
     * @param bytes the size in bytes; 0 for all sends, {@link Long#MAX_VALUE} for none
     * @throws IllegalArgumentException if {@code bytes} is negative
     */
    public void setThreshold(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("threshold " + bytes + " is negative");
        }
        threshold = bytes;
    }

    // ---- sending

    /**
     * Sends a part of a buffer with one system call, send(2), or two if the kernel has no room to track a zero-copy
     * send. Any segment that {@link ZeroCopyBuffer#segment} has lent becomes inaccessible. The buffer is pending if
     * bytes were sent without copying; it may be sent again meanwhile, for example the rest of it, or on another
     * stream.
     *
     * <p>The stream is armed for its next writable event as by {@link TcpStream#write}. One call sends at most
     * what the system allows, for example 2147479552 bytes on Linux.
     *
     * @param buffer the buffer
     * @param off the offset of the part
     * @param len the length of the part
     * @return the number of bytes sent, possibly less than {@code len}; {@link IoResult#WOULD_BLOCK} if the send buffer
     *     is full; 0 only if {@code len} is 0, without a system call
     * @throws IndexOutOfBoundsException if the part is not within the buffer
     * @throws IllegalStateException if the buffer is closed
     * @throws WrongThreadException if the buffer belongs to another thread
     * @throws ClosedChannelException if the stream is closed
     * @throws IOException if the connection is broken or shut down for writing
     */
    public long send(ZeroCopyBuffer buffer, long off, long len) throws IOException {
        Objects.checkFromIndexSize(off, len, buffer.byteSize());
        sending.memory = buffer.take();
        try {
            if (enabled && len > 0 && len >= threshold) {
                makeRoom();
                sending.buffer = buffer;
                sending.off = off;
                sending.len = len;
                Descriptors.call(handle, Readiness.WRITABLE, sending);
                if (sending.result != ZeroCopy.REFUSED) {
                    return sending.result;
                }
            }
            return stream.write(sending.memory, off, len);
        } finally {
            sending.buffer = null;
            sending.memory = null;
            Reference.reachabilityFence(buffer);
        }
    }

    /** One send; reused, as an object for each send would be garbage. */
    private final class Sending implements IoOperation {
        private ZeroCopyBuffer buffer;
        private MemorySegment memory;
        private long off;
        private long len;
        private long result;

        /** Reports that it would block also after a partial send, so that the stream is armed. */
        @Override
        public long run(int fd) throws IOException {
            result = zeroCopy().send(fd, memory, off, len);
            if (result > 0) {
                ring[(int) (sent++ & ring.length - 1)] = buffer;
                buffer.sent();
            }
            boolean full = result > 0 && result < len && result < Platform.current().streams().maxTransfer();
            return full ? IoResult.WOULD_BLOCK : result;
        }
    }

    /** Grows the ring before it is full, so that nothing can fail once the kernel uses the memory. */
    private void makeRoom() {
        if (sent - oldest == ring.length) {
            ZeroCopyBuffer[] larger = new ZeroCopyBuffer[2 * ring.length];
            for (long i = oldest; i < sent; i++) {
                larger[(int) (i & larger.length - 1)] = ring[(int) (i & ring.length - 1)];
            }
            ring = larger;
        }
    }

    // ---- completions

    /**
     * Takes the completions that have arrived, by recvmsg(2) with MSG_ERRQUEUE: one system call for each range of
     * sends, and one more. No system call if nothing is pending. Call it for error events; it may be called at any
     * time.
     *
     * @return the number of sends that this call completed
     * @throws ClosedChannelException if the stream is closed
     * @throws IOException if the system refuses
     */
    public long drainCompletions() throws IOException {
        if (oldest == sent) {
            return 0;
        }
        long before = completed;
        Descriptors.call(handle, Readiness.HANG_UP, completing); // re-armed if completions were taken
        return completed - before;
    }

    /** Completes a range of sends. The kernel's numbers are the lower 32 bits of ours; ranges arrive in any order. */
    private void completed(int first, int last, boolean byCopying) {
        long from = oldest + Integer.toUnsignedLong(first - (int) oldest);
        long to = Math.min(from + Integer.toUnsignedLong(last - first), sent - 1);
        for (long i = from; i <= to; i++) {
            int at = (int) (i & ring.length - 1);
            if (ring[at] != null) {
                ring[at].completed();
                ring[at] = null;
                completed++;
                copied += byCopying ? 1 : 0;
            }
        }
        while (oldest < sent && ring[(int) (oldest & ring.length - 1)] == null) {
            oldest++;
        }
    }

    /** {@return the number of zero-copy sends made so far, including those that the kernel copied later} */
    public long sent() {
        return sent;
    }

    /** {@return the number of zero-copy sends completed so far; they complete in any order} */
    public long completed() {
        return completed;
    }

    /** {@return the number of completed sends that the kernel copied after all} */
    public long copied() {
        return copied;
    }

    /** {@return the stream and the number of pending sends, for diagnostics} */
    @Override
    public String toString() {
        return "ZeroCopySender[" + stream + ", " + (sent - completed) + " pending]";
    }
}
