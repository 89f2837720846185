package io.panamio.net;

import io.panamio.IoResult;
import io.panamio.sys.Handle;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Pipes;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.MemorySegment;

/**
 * A pipe: bytes written to one end are read from the other. mio's {@code unix::pipe}; see pipe(7).
 * {@snippet file="PipeSnippets.java" region="pipe"}
 *
 * <p>Both ends are non-blocking, unless {@link Sender#setNonBlocking setNonBlocking(false)} was called. A pipe that was
 * full is writable again once a page of it is free. When the last sender is closed, the receiver's event is read-closed
 * but not necessarily readable: read after either. When the last receiver is closed, the sender's event is an error but
 * not necessarily writable: write after either.
 *
 * <p>Where {@link io.panamio.Feature#PIPES} is emulated, as on Windows, a pipe has no blocking mode, and bytes that are
 * moved through an exposed descriptor are not noticed. See {@link NamedPipe} for pipes to other processes of Windows.
 *
 * <h2>Child processes</h2>
 * {@link Sender#redirect} lets a child process write to a pipe, {@link Receiver#redirect} lets it read from one. The
 * child gets an open file description of its own, in blocking mode, so the modes of the two sides are independent.
 * After the start, close the end that was redirected; otherwise the end of the stream is never reported.
 * {@snippet file="PipeSnippets.java" region="child"}
 */
public final class Pipe implements AutoCloseable {
    private final Sender sender;
    private final Receiver receiver;

    private Pipe(Sender sender, Receiver receiver) {
        this.sender = sender;
        this.receiver = receiver;
    }

    /**
     * Creates a pipe: pipe2(2). Its ends are non-blocking and not inherited by child processes.
     *
     * @return the pipe
     * @throws UnsupportedOperationException if this system does not support {@link io.panamio.Feature#PIPES}
     * @throws io.panamio.ResourceExhaustedException if no descriptor or no memory is available
     * @throws IOException if the system call fails
     */
    public static Pipe open() throws IOException {
        PipeEnd[] ends = pipes().open();
        Receiver receiver = null;
        Sender sender = null;
        try {
            receiver = new Receiver(ends[0]);
            Handle.of(receiver).setWatchable();
            sender = new Sender(ends[1]);
            Handle.of(sender).setWatchable();
            return new Pipe(sender, receiver);
        } catch (Throwable t) {
            close(receiver, ends[0]);
            close(sender, ends[1]);
            throw t;
        }
    }

    private static void close(End source, PipeEnd end) {
        if (source == null) {
            end.discard();
        } else {
            source.close();
        }
    }

    /** {@return the end that is written to, always the same object} */
    public Sender sender() {
        return sender;
    }

    /** {@return the end that is read from, always the same object} */
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

    /** The base of both ends. */
    abstract static sealed class End extends PipeSource {
        private End(PipeEnd end) {
            super(end);
        }

        private static <E extends End> E shared(E end) {
            Handle.of(end).share();
            return end;
        }

        /**
         * Sets the mode of the open file description, which applies to every process that shares it. In blocking mode a
         * read waits for data, and a write waits for room.
         *
         * @param on true for non-blocking mode, false for blocking mode
         * @throws UnsupportedOperationException if {@code on} is false and {@link io.panamio.Feature#PIPES} is emulated
         * @throws java.nio.channels.ClosedChannelException if this is closed
         * @throws IOException if the system call fails
         */
        public void setNonBlocking(boolean on) throws IOException {
            int fd = begin();
            try {
                Platform.current().setNonBlocking(fd, on);
            } finally {
                end();
            }
        }
    }

    /** The end of a pipe that is written to: mio's {@code pipe::Sender}. */
    public static final class Sender extends End implements WritableStream {
        private Sender(PipeEnd end) {
            super(end);
        }

        /**
         * Takes over a descriptor that can be written to, such as that of a pipe, a FIFO or a terminal.
         *
         * @param fd a descriptor in {@linkplain #makeNonBlocking non-blocking mode}
         * @return the sender, which owns the descriptor from now on
         * @throws IllegalArgumentException if the descriptor cannot be written to, or is in blocking mode; the caller
         *     still owns it
         * @throws UnsupportedOperationException if this system does not support {@link
         *     io.panamio.Feature#PIPE_DESCRIPTORS}
         * @throws IOException if the descriptor is not open
         */
        public static Sender fromFd(int fd) throws IOException {
            PipeEnd end = pipes().writer(fd);
            Platform.current().requireNonBlocking(fd);
            return End.shared(new Sender(end));
        }

        /**
         * Returns a redirection through which a child process writes to this pipe, for {@link
         * ProcessBuilder#redirectOutput(Redirect)} and {@code redirectError}. Close this sender after the start.
         *
         * @return the redirection, valid while this is open
         * @throws UnsupportedOperationException if this system does not support {@link
         *     io.panamio.Feature#PIPE_REDIRECTS}
         * @throws java.nio.channels.ClosedChannelException if this is closed
         */
        public Redirect redirect() throws IOException {
            return Redirect.appendTo(pipes().file(Handle.of(this).fd()));
        }

        @Override
        public long write(MemorySegment src, long off, long len) throws IOException {
            return send(src, off, len);
        }

        @Override
        public long write(byte[] src, int off, int len) throws IOException {
            return send(src, off, len);
        }

        @Override
        public long writeVectored(MemorySegment... srcs) throws IOException {
            return send(srcs);
        }

        @Override
        public long write(GatherList list) throws IOException {
            return send(list);
        }
    }

    /** The end of a pipe that is read from: mio's {@code pipe::Receiver}. */
    public static final class Receiver extends End implements ReadableStream {
        private Receiver(PipeEnd end) {
            super(end);
        }

        /**
         * Takes over a descriptor that can be read from, such as that of a pipe, a FIFO or a terminal.
         *
         * @param fd a descriptor in {@linkplain #makeNonBlocking non-blocking mode}
         * @return the receiver, which owns the descriptor from now on
         * @throws IllegalArgumentException if the descriptor cannot be read from, or is in blocking mode; the caller
         *     still owns it
         * @throws UnsupportedOperationException if this system does not support {@link
         *     io.panamio.Feature#PIPE_DESCRIPTORS}
         * @throws IOException if the descriptor is not open
         */
        public static Receiver fromFd(int fd) throws IOException {
            PipeEnd end = pipes().reader(fd);
            Platform.current().requireNonBlocking(fd);
            return End.shared(new Receiver(end));
        }

        /**
         * Returns a redirection through which a child process reads from this pipe, for {@link
         * ProcessBuilder#redirectInput(Redirect)}. Close this receiver after the start.
         *
         * @return the redirection, valid while this is open
         * @throws UnsupportedOperationException if this system does not support {@link
         *     io.panamio.Feature#PIPE_REDIRECTS}
         * @throws java.nio.channels.ClosedChannelException if this is closed
         */
        public Redirect redirect() throws IOException {
            return Redirect.from(pipes().file(Handle.of(this).fd()));
        }

        @Override
        public long read(MemorySegment dst, long off, long len) throws IOException {
            return receive(dst, off, len);
        }

        @Override
        public long read(byte[] dst, int off, int len) throws IOException {
            return receive(dst, off, len);
        }

        @Override
        public long readVectored(MemorySegment... dsts) throws IOException {
            return receive(dsts);
        }

        @Override
        long empty() {
            Handle.of(this).rearm(Readiness.READABLE | Readiness.READ_CLOSED);
            return IoResult.EOF;
        }
    }
}
