package io.panamio.pipeline;

import io.panamio.Interest;
import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.ResourceExhaustedException;
import io.panamio.SystemError;
import io.panamio.net.ReadableStream;
import io.panamio.net.StreamSocket;
import io.panamio.net.WritableStream;
import io.panamio.sys.Guard;
import io.panamio.sys.Platform;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;

/**
 * Passes on what one stream receives to another, by splice(2): through a pipe of the kernel's, not through the process.
 * Where one of both is a user's stream, or splice(2) refuses, the bytes are copied, by a read and a write.
 *
 * <pre>{@code
 * long n;                                          // on a readable event of the source, a writable one of the sink
 * while ((n = splice.transfer()) > 0) {
 *     total += n;
 * }
 * if (n == IoResult.EOF) {
 *     sink.shutdown(Shutdown.WRITE);               // else WOULD_BLOCK: wait for the next event
 * }
 * }</pre>
 *
 * <p>A {@link #transfer} fills the pipe once and drains it once, so it ends soon however fast both sides are. As long
 * as the sink takes nothing, nothing is read: the source's peer feels it. The stream that is waited for, and only that,
 * is armed again: the source if {@link #buffered} is 0, the sink otherwise. The end of the source is told when
 * everything has gone to the sink. A burst takes three system calls: one in, one out, one that finds nothing more; a
 * larger one takes a second one in, as the system leaves a part of it behind at first, which would go out as a packet
 * of its own. Nothing and the end are only believed to an ordinary receive, as splice(2) goes no further than urgent
 * data; what such a receive does find, up to 4 KiB, is copied into the pipe. Urgent data itself is passed over, as by a
 * read.
 *
 * <p>When one of both fails, the splice is closed: what is in the pipe is thrown away with the pipe. But if it is the
 * system that has no memory (ENOMEM, ENOBUFS), everything stays as it is, and {@code transfer} can be called again, as
 * no event may come. The streams are not closed; they are the caller's. Both must be in non-blocking mode, as they are
 * when made.
 *
 * <p>For one thread at a time; {@link #close} is for any thread. It allocates nothing, unless its pool has no pipe.
 * Small messages are moved faster by a read and a write: this is worth it from some kilobytes on. What else a {@link
 * io.panamio.net.UnixStream} receives, descriptors and credentials, is dropped. See {@link Relay} for both directions.
 */
public final class Splice implements AutoCloseable {
    /** As much as one packet of a stream's brings, in pages: from there on there may be more in the source. */
    private static final long PACKET = 60 << 10;

    private final ReadableStream from;
    private final WritableStream to;
    private final IoSource source;
    private final IoSource sink;
    private final boolean ofSocket;
    private final PipePool pool;
    private final IoOperation filling = this::fill;
    private final IoOperation draining = this::drain;

    /** Whether the bytes go through memory and not through a pipe. */
    private boolean copying;
    private KernelPipe pipe;
    private MemorySegment memory;
    /** Where in the memory begins what is in it. */
    private long start;
    private long limit;
    private long buffered;
    private long transferred;
    private boolean ended;
    private boolean blocked;
    /** Whether the last look has taken so little that the next one is to find nothing. */
    private boolean drained;
    /** Whether there was more when the source seemed to be drained. */
    private boolean steady;
    /** What the source told after bytes that were still to go to the sink. */
    private IOException failure;

    /** Keeps the pipe while a transfer goes on. Who closes this may be in another thread. */
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
     * Makes a splice. Nothing is moved yet.
     *
     * @param source where the bytes come from
     * @param sink where they go to
     * @param pool where the pipe comes from, of the same thread
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
     * Moves what can be moved at once, a pipe's size at most.
     *
     * @return how many bytes have gone to the sink, and there may be more; or {@link IoResult#WOULD_BLOCK}, and the
     *     stream that is waited for is armed; or {@link IoResult#EOF} when the source has ended and all has gone
     * @throws ClosedChannelException if this or one of the streams is closed
     * @throws io.panamio.ResourceExhaustedException if there is no descriptor left for a pipe, and for no other reason:
     *     nothing is lost, but no event may come, so call again later
     * @throws IOException if a connection is broken, or the system has no memory; the message tells where: {@code from
     *     the source} or {@code to the sink}, unless the bytes are copied
     */
    public long transfer() throws IOException {
        return transfer(Long.MAX_VALUE);
    }

    /**
     * Moves what can be moved at once, and reads no more of the source than a number of bytes. Small pieces go out as
     * the bytes come in, by more system calls; and a connection whose output the system paces, as BBR does, holds back
     * most of what is given to it at once, and wakes up for the rest, which costs more than those calls.
     *
     * @param most how many bytes to read at most, at least 1; a pipe's size is a limit, too
     * @return as {@link #transfer()}
     * @throws IllegalArgumentException if {@code most} is less than 1
     * @throws ClosedChannelException as above
     * @throws io.panamio.ResourceExhaustedException as above
     * @throws IOException as above
     */
    public long transfer(long most) throws IOException {
        if (most < 1) {
            throw new IllegalArgumentException("at most " + most + " bytes");
        }
        if (!use.enter()) {
            throw new ClosedChannelException();
        }
        try {
            limit = Math.min(most, pool.pipeBytes());
            blocked = false;
            boolean empty = buffered == 0;
            if (empty && !ended && pipe == null && !copying) {
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
        try {
            moveOut();
            if (buffered == 0 && failure != null) {
                throw failure;
            }
            if (buffered == 0 && !ended) {
                moveIn();
                moveOut();
            }
            over = false;
        } catch (IOException e) {
            over = !isShortage(e);
            throw e;
        } finally {
            if (over) {
                use.shut();
            } else if (buffered == 0) {
                giveBack();
            }
        }
        long moved = transferred - before;
        return moved > 0 ? moved : ended && buffered == 0 ? IoResult.EOF : IoResult.WOULD_BLOCK;
    }

    private void giveBack() {
        if (pipe != null) {
            pool.giveBack(pipe);
            pipe = null;
        }
        if (memory != null) {
            pool.giveBack(memory);
            memory = null;
        }
    }

    private void moveIn() throws IOException {
        if (!copying) {
            try {
                source.tryIo(Interest.READABLE, filling);
                if (steady && buffered > 0 && buffered < limit
                        || buffered >= PACKET && buffered <= limit - PACKET) {
                    fillMore();
                }
                return;
            } catch (IOException e) {
                requireRefused(e);
                copying = true;
            }
        }
        memory = memory == null ? pool.takeMemory() : memory;
        long n = from.read(memory, 0, limit);
        blocked = n == IoResult.WOULD_BLOCK;
        ended = n == IoResult.EOF;
        start = 0;
        buffered = Math.max(n, 0);
    }

    private void moveOut() throws IOException {
        if (buffered > 0 && !copying) {
            try {
                sink.tryIo(Interest.WRITABLE, draining);
                return;
            } catch (IOException e) {
                requireRefused(e);
                memory = pool.takeMemory();
                for (long n = 0; n < buffered;) {
                    n += Platform.current().pipes().streams().recv(pipe.reader(), memory, n, buffered - n);
                }
                start = 0;
                copying = true;
            }
        }
        if (buffered > 0) {
            long n = to.write(memory, start, buffered);
            if (n > 0) {
                start += n;
                buffered -= n;
                transferred += n;
            }
            blocked = buffered > 0;
        }
    }

    /** What splice(2) cannot move, such as to a file that is appended to, is copied. */
    private static void requireRefused(IOException e) throws IOException {
        if (!(e instanceof SystemError error) || !error.errnoName().equals("EINVAL")) {
            throw e;
        }
    }

    private static Transfers transfers() {
        return Platform.current().transfers();
    }

    /**
     * Into an empty pipe: then it is the source that would block, or has ended. Else maybe the pipe, and the sink is
     * waited for; the end is told again.
     */
    private long fill(int fd) throws IOException {
        long asked = limit - buffered;
        boolean look = ofSocket && buffered == 0;
        long n = look && drained ? IoResult.WOULD_BLOCK : transfers().spliceIn(fd, pipe.writer(), asked);
        drained = !steady && n < Math.min(asked, PACKET);
        if (look && n <= 0) {
            n = receive(fd, asked);
        }
        blocked = n == IoResult.WOULD_BLOCK;
        ended = n == 0 && buffered == 0;
        buffered += Math.max(n, 0);
        return buffered > 0 ? buffered : n;
    }

    /**
     * Looks for bytes by an ordinary receive: splice(2) finds nothing at urgent data, and an end behind it. So this
     * takes the place of the splice that finds a source drained; if that was wrong, the next ones are done by splices
     * until one finds nothing.
     */
    private long receive(int fd, long asked) throws IOException {
        MemorySegment room = pool.room();
        long n = transfers().receive(fd, room, Math.min(asked, room.byteSize()));
        if (n > 0) {
            keep(room, n);
        }
        steady = n == room.byteSize();
        drained = n > 0 && !steady;
        return n;
    }

    /** Puts bytes into the empty pipe, which has room for them: pipe(7). Without memory for that they are lost. */
    private void keep(MemorySegment room, long length) throws IOException {
        long n;
        try {
            n = Platform.current().pipes().streams().send(pipe.writer(), room, 0, length);
        } catch (ResourceExhaustedException e) {
            throw new IOException("what came from the source is lost: " + e.getMessage(), e);
        }
        assert n == length : n;
    }

    /** An error is told once, by the system; so it is kept until what came before it has gone. */
    private void fillMore() {
        try {
            source.tryIo(Interest.READABLE, filling);
        } catch (IOException e) {
            failure = isShortage(e) ? null : e;
        }
    }

    /** Whether the system had no memory: then nothing has moved, and the next call may do. */
    private static boolean isShortage(IOException e) {
        return e instanceof SystemError error
            && (error.errnoName().equals("ENOMEM") || error.errnoName().equals("ENOBUFS"));
    }

    /** From a pipe that is not empty: then it is the sink that would block. */
    private long drain(int fd) throws IOException {
        long n = transfers().spliceOut(pipe.reader(), fd, buffered);
        if (n > 0) {
            buffered -= n;
            transferred += n;
        }
        blocked = buffered > 0;
        return blocked ? IoResult.WOULD_BLOCK : n; // short, too: so the sink is armed
    }

    /**
     * How many bytes have left the source and not reached the sink.
     *
     * @return the number: if not 0, the sink is waited for
     */
    public long buffered() {
        return buffered;
    }

    /**
     * What the source has failed with, while bytes that came before that wait for the sink. {@link #transfer} throws it
     * when they have gone, which may be never; and the system tells an error once, so that the source itself no longer
     * has it.
     *
     * @return the failure, or null
     */
    public IOException failure() {
        return failure;
    }

    /**
     * How many bytes have gone to the sink so far.
     *
     * @return the number
     */
    public long transferred() {
        return transferred;
    }

    /** Whether the source has ended; there may still be bytes in the pipe. */
    boolean isEnded() {
        return ended;
    }

    /** Whether the last transfer has ended because a stream would block. */
    boolean isBlocked() {
        return blocked;
    }

    /**
     * Throws away what is in the pipe, and the pipe with it; both streams stay open. A transfer in another thread goes
     * on to its end. Does nothing the second time.
     */
    @Override
    public void close() {
        use.shut();
    }
}
