package io.panamio.net;

import io.panamio.Interest;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.sys.Handle;
import io.panamio.sys.Pipes;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A pipe(7): what is written to the one end is read from the other. mio's {@code unix::pipe}.
 *
 * <p>Both ends do not block, unless {@code setNonBlocking(false)} has changed that. A pipe that was full is writable
 * again when a page of it is free. When the last sender is closed, the receiver's event is read-closed and maybe not
 * readable, so read on that as well; when the last receiver is closed, the sender's event is an error and maybe not
 * writable.
 *
 * <h2>Child processes</h2>
 * {@link Sender#redirect} lets a child process write to a pipe, {@link Receiver#redirect} lets it read from one. The
 * child gets an open file description of its own, in blocking mode, so that neither side's mode is the other's
 * business. Close this process's end of the child's side after the start, or the end of the stream will not be seen.
 */
public final class Pipe implements AutoCloseable {
    private final Sender sender;
    private final Receiver receiver;

    private Pipe(Sender sender, Receiver receiver) {
        this.sender = sender;
        this.receiver = receiver;
    }

    /**
     * Makes a pipe: pipe2(2). Neither end is inherited by child processes.
     *
     * @return the pipe
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if the system refuses
     */
    public static Pipe open() throws IOException {
        int[] ends = pipes().open();
        Receiver receiver = null;
        Sender sender = null;
        try {
            receiver = new Receiver(ends[0], false);
            sender = new Sender(ends[1], false);
            return new Pipe(sender, receiver);
        } catch (Throwable t) {
            close(receiver, ends[0]);
            close(sender, ends[1]);
            throw t;
        }
    }

    private static void close(End end, int fd) {
        if (end == null) {
            pipes().discard(fd);
        } else {
            end.close();
        }
    }

    /**
     * The end that is written to.
     *
     * @return the sender, always the same
     */
    public Sender sender() {
        return sender;
    }

    /**
     * The end that is read from.
     *
     * @return the receiver, always the same
     */
    public Receiver receiver() {
        return receiver;
    }

    /** Closes both ends. */
    @Override
    public void close() {
        sender.close();
        receiver.close();
    }

    private static Pipes pipes() {
        return Platform.current().pipes();
    }

    private static Streams streams() {
        return pipes().streams();
    }

    /** What both ends have. */
    abstract static sealed class End extends IoSource {
        private End(int fd, boolean shared) {
            super(fd, shared);
            Handle.of(this).setPipe();
            if (!shared) {
                Handle.of(this).setWatchable(); // else it may be a file
            }
        }

        /**
         * Sets the mode of the open file description, which everybody has who shares it. In blocking mode a read waits
         * for data, and a write for room.
         *
         * @param on true for non-blocking
         * @throws java.nio.channels.ClosedChannelException if this is closed
         * @throws IOException if the system refuses
         */
        public void setNonBlocking(boolean on) throws IOException {
            int fd = begin();
            try {
                pipes().setNonBlocking(fd, on);
            } finally {
                end();
            }
        }
    }

    /** The end of a pipe that is written to: mio's {@code pipe::Sender}. */
    public static final class Sender extends End implements WritableStream {
        private Sender(int fd, boolean shared) {
            super(fd, shared);
        }

        /**
         * Takes over a descriptor that can be written to, such as a pipe's, a FIFO's or a terminal's.
         *
         * @param fd a descriptor in non-blocking mode
         * @return the sender, which closes the descriptor from now on
         * @throws IllegalArgumentException if it cannot be written to or is in blocking mode; the descriptor stays the
         *     caller's
         * @throws IOException if it is not open; the descriptor stays the caller's
         */
        public static Sender fromFd(int fd) throws IOException {
            return fromFd(fd, false);
        }

        /**
         * Takes over a descriptor that can be written to, such as a pipe's, a FIFO's or a terminal's.
         *
         * @param fd a descriptor
         * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every
         *     process that shares it
         * @return the sender, which closes the descriptor from now on
         * @throws IllegalArgumentException if it cannot be written to, or is in blocking mode and may not be changed;
         *     the descriptor stays the caller's
         * @throws IOException if it is not open; the descriptor stays the caller's
         */
        public static Sender fromFd(int fd, boolean makeNonBlocking) throws IOException {
            pipes().requireEnd(fd, true);
            pipes().requireNonBlocking(fd, makeNonBlocking);
            return new Sender(fd, true);
        }

        /**
         * Where a child process is to write: for {@link ProcessBuilder#redirectOutput(Redirect)} and {@code
         * redirectError}. Close this after the start. On Linux alone.
         *
         * @return the redirection, good as long as this is open
         * @throws java.nio.channels.ClosedChannelException if this is closed
         */
        public Redirect redirect() throws IOException {
            return Redirect.appendTo(pipes().file(fd()));
        }

        @Override
        public long write(MemorySegment src, long off, long len) throws IOException {
            Objects.checkFromIndexSize(off, len, src.byteSize());
            int fd = begin();
            try {
                return len == 0 ? 0 : sent(streams().send(fd, src, off, len), len);
            } finally {
                end();
            }
        }

        @Override
        public long write(byte[] src, int off, int len) throws IOException {
            Objects.checkFromIndexSize(off, len, src.length);
            int fd = begin();
            try {
                return len == 0 ? 0 : sent(streams().send(fd, src, off, len), len);
            } finally {
                end();
            }
        }

        @Override
        public long writeVectored(MemorySegment... srcs) throws IOException {
            long asked = Buffers.size(srcs);
            int fd = begin();
            try {
                return asked == 0 ? 0 : sent(streams().sendVectored(fd, srcs), asked);
            } finally {
                end();
            }
        }

        @Override
        public long write(GatherList list) throws IOException {
            Objects.requireNonNull(list, "list");
            int fd = begin();
            try {
                long n = list.isDone() ? 0 : streams().send(fd, list.part);
                if (!list.isDone()) {
                    drained(Interest.WRITABLE);
                }
                return n;
            } finally {
                end();
            }
        }

        private long sent(long n, long asked) {
            if (n < asked) {
                drained(Interest.WRITABLE);
            }
            return n;
        }
    }

    /** The end of a pipe that is read from: mio's {@code pipe::Receiver}. */
    public static final class Receiver extends End implements ReadableStream {
        private Receiver(int fd, boolean shared) {
            super(fd, shared);
        }

        /**
         * Takes over a descriptor that can be read from, such as a pipe's, a FIFO's or a terminal's.
         *
         * @param fd a descriptor in non-blocking mode
         * @return the receiver, which closes the descriptor from now on
         * @throws IllegalArgumentException if it cannot be read from or is in blocking mode; the descriptor stays the
         *     caller's
         * @throws IOException if it is not open; the descriptor stays the caller's
         */
        public static Receiver fromFd(int fd) throws IOException {
            return fromFd(fd, false);
        }

        /**
         * Takes over a descriptor that can be read from, such as a pipe's, a FIFO's or a terminal's.
         *
         * @param fd a descriptor
         * @param makeNonBlocking whether to put it into non-blocking mode where it is not; this concerns every
         *     process that shares it
         * @return the receiver, which closes the descriptor from now on
         * @throws IllegalArgumentException if it cannot be read from, or is in blocking mode and may not be changed;
         *     the descriptor stays the caller's
         * @throws IOException if it is not open; the descriptor stays the caller's
         */
        public static Receiver fromFd(int fd, boolean makeNonBlocking) throws IOException {
            pipes().requireEnd(fd, false);
            pipes().requireNonBlocking(fd, makeNonBlocking);
            return new Receiver(fd, true);
        }

        /**
         * What a child process is to read: for {@link ProcessBuilder#redirectInput(Redirect)}. Close this after the
         * start. On Linux alone.
         *
         * @return the redirection, good as long as this is open
         * @throws java.nio.channels.ClosedChannelException if this is closed
         */
        public Redirect redirect() throws IOException {
            return Redirect.from(pipes().file(fd()));
        }

        @Override
        public long read(MemorySegment dst, long off, long len) throws IOException {
            Buffers.requireWritable(dst);
            Objects.checkFromIndexSize(off, len, dst.byteSize());
            int fd = begin();
            try {
                return len == 0 ? 0 : received(streams().recv(fd, dst, off, len), len);
            } finally {
                end();
            }
        }

        @Override
        public long read(byte[] dst, int off, int len) throws IOException {
            Objects.checkFromIndexSize(off, len, dst.length);
            int fd = begin();
            try {
                return len == 0 ? 0 : received(streams().recv(fd, dst, off, len), len);
            } finally {
                end();
            }
        }

        @Override
        public long readVectored(MemorySegment... dsts) throws IOException {
            long asked = Buffers.writableSize(dsts);
            int fd = begin();
            try {
                return asked == 0 ? 0 : received(streams().recvVectored(fd, dsts), asked);
            } finally {
                end();
            }
        }

        private long received(long n, long asked) {
            if (n == 0) {
                Handle.of(this).rearm(Readiness.READABLE | Readiness.READ_CLOSED);
                return IoResult.EOF;
            }
            if (n < asked) {
                drained(Interest.READABLE);
            }
            return n;
        }
    }
}
