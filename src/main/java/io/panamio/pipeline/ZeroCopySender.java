package io.panamio.pipeline;

import io.panamio.Interest;
import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.net.TcpStream;
import io.panamio.sys.Platform;
import io.panamio.sys.ZeroCopy;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * Sends from memory that the kernel reads in place, as the network card takes it: MSG_ZEROCOPY. A send does not copy,
 * so it does not end with the call: the memory is the kernel's until a completion comes, which {@link ZeroCopyBuffer}
 * watches over.
 *
 * <pre>{@code
 * long n = sender.send(buffer, off, len);              // as a write: bytes, or WOULD_BLOCK
 * …
 * if (events.isError(i)) {                             // completions have come, or the connection is broken
 *     sender.drainCompletions();
 *     IOException error = stream.takeError();          // null: it is not
 * }
 * if (!buffer.isPending()) { fill(buffer.segment()); }
 * }</pre>
 *
 * <h2>Completions</h2>
 * They come on the error queue of the socket, and as long as one is there every event of the stream says error; and
 * then write-closed, as for some sources that means. But it does not say read-closed, as it does when the connection is
 * broken. So on an error first {@link #drainCompletions}, and go on if {@link TcpStream#takeError} then has none.
 *
 * <h2>When it is worth it</h2>
 * A completion costs about as much as copying some kilobytes. Less than the {@linkplain #setThreshold threshold} is
 * sent by an ordinary, copying send; so is everything where the system refuses ({@link #isEnabled}), and a send for
 * which the kernel has no room to remember it (ENOBUFS: sysctl net.core.optmem_max, RLIMIT_MEMLOCK); then nothing is
 * pending. To this machine itself, and through some devices, the kernel must copy after all, later, which costs more
 * than a copying send; {@link #copied} tells, and where it counts everything, {@code setThreshold(Long.MAX_VALUE)} ends
 * it.
 *
 * <p>There is nothing to close: this ends with its stream. If that is closed with sends pending, what the kernel has
 * taken is still sent, from pages that it keeps, but no completion comes any more.
 *
 * <p>For one thread at a time, the one that its buffers belong to. One stream has one sender, and nobody else sends
 * with MSG_ZEROCOPY on it. Sending and completing allocate nothing, once the largest number of sends was pending.
 */
public final class ZeroCopySender {
    /** Below this many bytes a send is copied, if not set otherwise: 16 KiB. */
    public static final long DEFAULT_THRESHOLD = 16 << 10;

    private final TcpStream stream;
    private final boolean enabled;
    private final Sending sending = new Sending();
    private final IoOperation completing;
    private long threshold = DEFAULT_THRESHOLD;

    /** What each send has sent from, until it is completed: a ring, by the number of the send. */
    private ZeroCopyBuffer[] ring = new ZeroCopyBuffer[16];
    /** The oldest send that is not completed. */
    private long oldest;
    private long sent;
    private long completed;
    private long copied;

    private ZeroCopySender(TcpStream stream, boolean enabled) {
        this.stream = stream;
        this.enabled = enabled;
        ZeroCopy.Completion completion = this::completed;
        completing = fd -> zeroCopy().complete(fd, completion) > 0 ? IoResult.WOULD_BLOCK : 0;
    }

    private static ZeroCopy zeroCopy() {
        return Platform.current().zeroCopy();
    }

    /**
     * Makes the sender of a stream, and asks the system for zero-copy sends: SO_ZEROCOPY. If it refuses, everything is
     * copied.
     *
     * @param stream the stream, connected or still connecting, which stays the caller's
     * @return the sender
     * @throws IllegalStateException if the stream has a sender, or SO_ZEROCOPY was set before
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException never
     */
    public static ZeroCopySender of(TcpStream stream) throws IOException {
        long enabled = stream.tryIo(fd -> {
            if (zeroCopy().isEnabled(fd)) {
                throw new IllegalStateException("SO_ZEROCOPY is set on this stream: it has a sender already");
            }
            return zeroCopy().enable(fd) ? 1 : 0;
        });
        return new ZeroCopySender(stream, enabled != 0);
    }

    /**
     * Whether the system does zero-copy sends on this stream.
     *
     * @return false if all sends are copied
     */
    public boolean isEnabled() {
        return enabled;
    }

    /**
     * Sets how many bytes a send must have to be one without copying.
     *
     * @param bytes the least number; 0 for all sends, {@link Long#MAX_VALUE} for none
     * @throws IllegalArgumentException if it is negative
     */
    public void setThreshold(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("threshold " + bytes);
        }
        threshold = bytes;
    }

    // ---- sending

    /**
     * Sends a part of a buffer, by one system call: send(2); where the kernel has no room for a zero-copy send, by two.
     * Whatever {@link ZeroCopyBuffer#segment} had lent is dead afterwards. The buffer is pending if bytes were taken
     * without copying. It may be sent again meanwhile: the rest of it, or the same to others.
     *
     * <p>The stream is armed for its next writable event as by {@link TcpStream#write}. One call sends 2147479552 bytes
     * at most.
     *
     * @param buffer what to send from
     * @param off where the part begins
     * @param len how long it is
     * @return how many bytes the system took, maybe not all; {@link IoResult#WOULD_BLOCK} if none; 0 only if {@code
     *     len} is 0, without a system call
     * @throws IndexOutOfBoundsException if the part is not within the buffer
     * @throws IllegalStateException if the buffer is closed
     * @throws WrongThreadException if the buffer belongs to another thread
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException if the connection is broken, or was shut down for writing
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
                stream.tryIo(Interest.WRITABLE, sending);
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

    /** One send, kept as an object of its own would be garbage. */
    private final class Sending implements IoOperation {
        private ZeroCopyBuffer buffer;
        private MemorySegment memory;
        private long off;
        private long len;
        private long result;

        /** Would block also when it took less than asked: so the stream is armed. */
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

    /** Makes the ring larger before it is full, so that nothing can fail once the kernel has the memory. */
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
     * Takes the completions that have come: recvmsg(2) with MSG_ERRQUEUE, once for each range of sends and once more;
     * no system call if nothing is pending. For events that say error, and for any other time.
     *
     * @return how many sends were completed by this
     * @throws java.nio.channels.ClosedChannelException if the stream is closed
     * @throws IOException if the system refuses
     */
    public long drainCompletions() throws IOException {
        if (oldest == sent) {
            return 0;
        }
        long before = completed;
        stream.tryIo(Interest.HANG_UP, completing); // armed for further errors, if it took some
        return completed - before;
    }

    /** The numbers are the lower half of ours; they come in any order. */
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

    /**
     * How many sends were made without copying, at first.
     *
     * @return their number so far
     */
    public long sent() {
        return sent;
    }

    /**
     * How many of those are completed. They may be in any order.
     *
     * @return their number so far
     */
    public long completed() {
        return completed;
    }

    /**
     * How many of those that are completed were copied by the kernel after all.
     *
     * @return their number so far
     */
    public long copied() {
        return copied;
    }

    /** The stream and how many sends are pending, for people. */
    @Override
    public String toString() {
        return "ZeroCopySender[" + stream + ", " + (sent - completed) + " pending]";
    }
}
