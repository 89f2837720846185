package io.panamio.pipeline;

import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.ResourceExhaustedException;
import io.panamio.net.ReadableStream;
import io.panamio.net.StreamSocket;
import io.panamio.net.WritableStream;
import io.panamio.sys.Guard;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.SystemExceptions;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;

/**
 * Transfers the bytes that one stream receives to another by splice(2): through a pipe of the kernel, not through the
 * process. If a stream is user-defined, or splice(2) does not support it, the bytes are copied by a read and a write.
 *
 * {@snippet file="PipelineSnippets.java" region="splice"}
 *
 * <p>A {@link #transfer} fills the pipe once and drains it once, so it returns soon, however fast both sides are. While
 * the sink is blocked, nothing is read, so the source's peer is subject to backpressure. Only the stream that is being
 * waited for is re-armed: the source if {@link #buffered} is 0, otherwise the sink. The end of the source is reported
 * once everything was delivered to the sink.
 *
 * <p>A burst takes three system calls: one in, one out, and one that finds nothing more. A larger burst takes a second
 * one in, because the system leaves a part behind at first, which would be sent as a packet of its own. As splice(2)
 * stops at urgent data, only an ordinary receive determines that the source would block or has ended; the bytes that it
 * receives, at most a page, are copied into the pipe. Urgent data is skipped, as by a read.
 *
 * <p>If a stream fails, the splice is closed, and the bytes in its pipe are discarded. If the system has no memory
 * (ENOMEM, ENOBUFS), nothing changes, and {@code transfer} should be called again later, as no event may follow. A
 * {@link StackOverflowError} closes the splice if bytes were being received or copied at that time; otherwise nothing
 * is lost, and {@code transfer} should be called again. The caller owns both streams; they are not closed. Both must be
 * in non-blocking mode, which is the default.
 *
 * <p>Not thread-safe, except {@link #close}. Allocates nothing unless the pool is out of pipes. Messages below some
 * kilobytes are moved faster by a read and a write. Descriptors and credentials that a {@link
 * io.panamio.net.UnixStream} receives are dropped. For both directions use {@link Relay}; see also {@link
 * io.panamio.Feature#SPLICE}.
 */
public final class Splice implements AutoCloseable {
    /**
     * The largest number of bytes, in whole pages, that one packet can contain; if more were received, more is likely
     * to be pending.
     */
    private static final long PACKET = 60 << 10;

    private final ReadableStream from;
    private final WritableStream to;
    private final Handle source;
    private final Handle sink;
    private final boolean ofSocket;
    private final PipePool pool;
    private final IoOperation filling = this::fill;
    private final IoOperation draining = this::drain;

    /** Whether the bytes go through memory instead of a pipe. */
    private boolean copying;
    private KernelPipe pipe;
    /** What the buffered bytes are in, unless it is the pipe. */
    private MemorySegment memory;
    /** The offset of the buffered bytes in the memory. */
    private long start;
    private long limit;
    private long buffered;
    private long transferred;
    private boolean ended;
    private boolean blocked;
    /** Whether the last fill took so little that the next one is expected to find nothing. */
    private boolean drained;
    /** Whether more was pending when the source seemed to be drained. */
    private boolean steady;
    /** The error of the source, kept until the bytes received before it are delivered. */
    private IOException failure;

    /** Keeps the pipe open during a transfer, as another thread may close this splice. */
    private final Guard use = new Guard() {
        @Override
        protected void destroy() {
            if (pipe != null) {
                pipe.close();
                pipe = null;
            }
            memory = null;
            buffered = 0;
        }
    };

    /**
     * Constructs a splice. Moves nothing yet.
     *
     * @param source the stream to read from
     * @param sink the stream to write to
     * @param pool the pool of pipes, of the same thread
     */
    public Splice(ReadableStream source, WritableStream sink, PipePool pool) {
        from = Objects.requireNonNull(source, "source");
        to = Objects.requireNonNull(sink, "sink");
        this.source = Descriptors.of(source);
        this.sink = Descriptors.of(sink);
        copying = this.source == null || this.sink == null || !PipePool.SPLICES;
        ofSocket = source instanceof StreamSocket;
        this.pool = Objects.requireNonNull(pool, "pool");
    }

    /**
     * Transfers the bytes that can be transferred without blocking, at most as many as fit into the pipe.
     *
     * @return the number of bytes delivered to the sink, after which more may be pending; {@link IoResult#WOULD_BLOCK},
     *     after which the stream that is being waited for is armed; or {@link IoResult#EOF} if the source has ended and
     *     everything was delivered
     * @throws ClosedChannelException if this splice or a stream is closed
     * @throws io.panamio.ResourceExhaustedException if no descriptor is available for a pipe, and for no other reason;
     *     nothing is lost, but no event may follow, so call again later
     * @throws IOException if a connection is broken, or the system has no memory; unless the bytes are copied, the
     *     message contains {@code from the source} or {@code to the sink}
     */
    public long transfer() throws IOException {
        return transfer(Long.MAX_VALUE);
    }

    /**
     * Transfers the bytes that can be transferred without blocking, reading at most a number of bytes from the source.
     * Small transfers pass bytes on as they arrive, at the cost of more system calls; but a connection whose output is
     * paced, as with BBR, holds back most of a large one and wakes up for the rest, which costs more than those calls.
     *
     * @param max the maximum number of bytes to read, at least 1; the size of the pipe is a limit, too
     * @return as by {@link #transfer()}
     * @throws IllegalArgumentException if {@code max} is less than 1
     * @throws ClosedChannelException if this splice or a stream is closed
     * @throws io.panamio.ResourceExhaustedException as by {@link #transfer()}
     * @throws IOException as by {@link #transfer()}
     */
    public long transfer(long max) throws IOException {
        if (max < 1) {
            throw new IllegalArgumentException("max " + max + " is less than 1");
        }
        if (!use.enter()) {
            throw new ClosedChannelException();
        }
        try {
            limit = Math.min(max, pool.pipeBytes());
            blocked = false;
            if (buffered == 0 && !ended && !copying) {
                if (pipe != null) {
                    releasePipe(); // which an earlier transfer had no stack for
                }
                pipe = pool.take();
            }
            return move();
        } finally {
            use.exit();
        }
    }

    private long move() throws IOException {
        long before = transferred;
        boolean over = true;
        boolean receiving = false;
        try {
            moveOut();
            if (buffered == 0 && failure != null) {
                throw failure;
            }
            if (buffered == 0 && !ended) {
                receiving = true;
                moveIn();
                receiving = false;
                moveOut();
            }
            over = false;
        } catch (ResourceExhaustedException e) { // no memory: nothing was moved
            over = false;
            throw SystemExceptions.socket(e.getMessage(), e.failure()); // unlike a lack of descriptors for a pipe
        } catch (StackOverflowError e) {
            // An error of the source may be lost, which must not pass for an end, or memory may be written already. But
            // what follows splice(2) needs less stack than the call: the pipe holds what is buffered.
            over = receiving || memory != null;
            throw e;
        } finally {
            if (over) {
                use.shut();
            } else if (buffered == 0) {
                releasePipe();
            }
        }
        long moved = transferred - before;
        return moved > 0 ? moved : ended && buffered == 0 ? IoResult.EOF : IoResult.WOULD_BLOCK;
    }

    private void releasePipe() {
        if (pipe != null) {
            pool.release(pipe);
            pipe = null;
        }
        releaseMemory();
    }

    private void releaseMemory() {
        if (memory != null && copying) {
            pool.release(memory);
        } else if (memory != null) {
            pool.releaseScratch(memory); // see keep
        }
        memory = null;
    }

    private void moveIn() throws IOException {
        if (!copying) {
            if (Descriptors.call(source, Readiness.READABLE, filling) != Transfers.REFUSED) {
                if (memory == null && (steady && buffered > 0 && buffered < limit
                        || buffered >= PACKET && buffered <= limit - PACKET)) {
                    fillMore();
                }
                return;
            }
            copying = true;
        }
        memory = pool.takeMemory();
        long n = from.read(memory, 0, limit);
        blocked = n == IoResult.WOULD_BLOCK;
        ended = n == IoResult.EOF;
        start = 0;
        buffered = Math.max(n, 0);
    }

    private void moveOut() throws IOException {
        if (buffered > 0 && memory == null) {
            if (Descriptors.call(sink, Readiness.WRITABLE, draining) != Transfers.REFUSED) {
                return;
            }
            MemorySegment copy = pool.takeMemory();
            for (long n = 0; n < buffered;) {
                n += pipe.readerStreams.recv(pipe.reader(), copy, n, buffered - n);
            }
            memory = copy;
            start = 0;
            copying = true;
        }
        if (buffered > 0) {
            long n = to.write(memory, start, buffered);
            if (n > 0) {
                start += n;
                buffered -= n;
                transferred += n;
            }
            blocked = buffered > 0;
            if (!blocked) {
                releaseMemory();
            }
        }
    }

    private static Transfers transfers() {
        return Platform.current().transfers();
    }

    /**
     * Fills the pipe. If nothing was moved into an empty pipe, the source would block or has ended. If the pipe was not
     * empty, it may be full instead: then the sink is waited for, and a later call finds the end.
     */
    private long fill(int fd) throws IOException {
        long asked = limit - buffered;
        boolean probing = ofSocket && buffered == 0;
        long n = probing && drained ? IoResult.WOULD_BLOCK : transfers().spliceIn(fd, pipe.writer(), asked);
        if (n == Transfers.REFUSED) {
            return n;
        }
        drained = !steady && n < Math.min(asked, PACKET);
        if (probing && n <= 0) {
            n = receive(fd, asked);
        }
        blocked = n == IoResult.WOULD_BLOCK;
        ended = n == 0 && buffered == 0;
        buffered += Math.max(n, 0);
        return buffered > 0 ? buffered : n;
    }

    /**
     * Receives bytes by an ordinary receive, because at urgent data splice(2) reports would-block or, once the stream
     * has ended, its end. This replaces the splice that would find the source drained; if the source was not, splices
     * continue until one finds nothing.
     */
    private long receive(int fd, long asked) throws IOException {
        MemorySegment buffer = pool.scratch();
        long n = transfers().receive(fd, buffer, Math.min(asked, buffer.byteSize()));
        if (n > 0) {
            keep(buffer, n);
        }
        steady = n == buffer.byteSize();
        drained = n > 0 && !steady;
        return n;
    }

    /**
     * Writes bytes to the empty pipe, which has room for a page. If the system has no memory for them, or takes only a
     * part, they stay where they are.
     */
    private void keep(MemorySegment buffer, long length) throws IOException {
        long written = 0;
        try {
            written = pipe.writerStreams.send(pipe.writer(), buffer, 0, length);
        } catch (ResourceExhaustedException e) {
            // nothing was written
        }
        if (written < length) {
            for (long n = 0; n < written;) {
                n += pipe.readerStreams.recv(pipe.reader(), buffer, n, written - n);
            }
            memory = pool.takeScratch();
            start = 0;
        }
    }

    /**
     * Fills the pipe further. The system reports an error once, so it is kept until the bytes before it are delivered.
     */
    private void fillMore() {
        try {
            Descriptors.call(source, Readiness.READABLE, filling);
        } catch (IOException e) {
            failure = e instanceof ResourceExhaustedException ? null : e;
        }
    }

    /** Drains the pipe, which is not empty, into the sink. */
    private long drain(int fd) throws IOException {
        long n = transfers().spliceOut(pipe.reader(), fd, buffered);
        if (n == Transfers.REFUSED) {
            return n;
        }
        if (n > 0) {
            buffered -= n;
            transferred += n;
        }
        blocked = buffered > 0;
        return blocked ? IoResult.WOULD_BLOCK : n; // also after a partial transfer, so that the sink is armed
    }

    /**
     * {@return the number of bytes taken from the source but not yet delivered to the sink; if positive, the sink is
     * being waited for}
     */
    public long buffered() {
        return buffered;
    }

    /**
     * Returns the error of the source while bytes received before it are waiting for the sink. {@link #transfer} throws
     * it once they are delivered, which may never happen. The system reports an error once, so the source itself no
     * longer has it.
     *
     * @return the error, or {@code null}
     */
    public IOException failure() {
        return failure;
    }

    /** {@return the number of bytes delivered to the sink so far} */
    public long transferred() {
        return transferred;
    }

    /** {@return whether the source has ended; bytes may still be in the pipe} */
    boolean isEnded() {
        return ended;
    }

    /** {@return whether the last transfer ended because a stream would block} */
    boolean isBlocked() {
        return blocked;
    }

    /**
     * Discards the bytes in the pipe and closes it; both streams stay open. If a transfer is running in another thread,
     * it completes first. Idempotent.
     */
    @Override
    public void close() {
        use.shut();
    }
}
