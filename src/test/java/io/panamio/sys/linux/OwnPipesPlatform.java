package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import io.panamio.sys.Delivery;
import io.panamio.sys.Gather;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.Pipes;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import io.panamio.test.support.NativeFds;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Linux with pipes like those of a system that reports completions: an end owns one request with a buffer, which
 * another thread completes, and reports its readiness itself. It belongs to the first selector that it is registered
 * with.
 */
public final class OwnPipesPlatform extends LinuxPlatform {
    private static final int SIZE = 64;

    /** Completes the requests. */
    private static final Executor SYSTEM = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "system");
        thread.setDaemon(true);
        return thread;
    });

    private static final Pipes PIPES = new Pipes() {
        @Override
        public PipeEnd[] open() {
            OwnPipe pipe = new OwnPipe();
            return new PipeEnd[] {pipe.reader, pipe.writer};
        }
    };

    @Override
    public Pipes pipes() {
        return PIPES;
    }

    @Override
    public Support support(Feature feature) {
        return switch (feature) {
            case PIPE_DESCRIPTORS, PIPE_REDIRECTS -> Support.REFUSED;
            case SPLICE -> Support.EMULATED;
            default -> super.support(feature);
        };
    }

    /** The state of both ends, guarded by its lock. */
    private static final class OwnPipe {
        final byte[] written = new byte[SIZE];
        int writtenSize;
        boolean writing;
        final byte[] read = new byte[SIZE];
        int readFrom;
        int readTo;
        boolean reading;
        boolean ended;
        final Reader reader = new Reader(this);
        final Writer writer = new Writer(this);

        /** Lets the system complete what it can. */
        void post() {
            SYSTEM.execute(this::complete);
        }

        private synchronized void complete() {
            if (reading && writing) {
                System.arraycopy(written, 0, read, 0, writtenSize);
                readFrom = 0;
                readTo = writtenSize;
                reading = false;
                writing = false;
                reader.readiness.deliver(Readiness.READABLE);
                writer.readiness.deliver(Readiness.WRITABLE);
            } else if (reading && writer.closed) {
                reading = false;
                ended = true;
                reader.readiness.deliver(Readiness.READABLE | Readiness.READ_CLOSED);
            }
            if (reader.closed) {
                writer.readiness.deliver(Readiness.ERROR | Readiness.WRITE_CLOSED);
            }
        }
    }

    private abstract static class End extends PipeEnd {
        final OwnPipe pipe;
        final int fd = NativeFds.eventfd();
        boolean closed;
        Selector first;

        final Delivery readiness = new Delivery() {
            @Override
            protected void rearm(int bits) {
                synchronized (pipe) {
                    if (isDrained()) {
                        drained(bits);
                    }
                }
            }

            @Override
            protected void attach(Selector with) {
                synchronized (pipe) {
                    if (first != null && first != with) {
                        throw new IllegalStateException("belongs to another Poll");
                    }
                    if (first == null) {
                        first = with;
                        begin();
                    }
                }
            }
        };

        final Streams streams = new Streams() {
            @Override
            public long recv(int fd, MemorySegment dst, long off, long len) throws IOException {
                synchronized (pipe) {
                    return read(dst, off, len);
                }
            }

            @Override
            public long recv(int fd, byte[] dst, int off, int len) throws IOException {
                return recv(fd, MemorySegment.ofArray(dst), off, len);
            }

            @Override
            public long send(int fd, MemorySegment src, long off, long len) throws IOException {
                synchronized (pipe) {
                    return write(src, off, len);
                }
            }

            @Override
            public long send(int fd, byte[] src, int off, int len) throws IOException {
                return send(fd, MemorySegment.ofArray(src), off, len);
            }

            @Override
            public long recvVectored(int fd, MemorySegment[] dsts) throws IOException {
                return recv(fd, dsts[0], 0, dsts[0].byteSize());
            }

            @Override
            public long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
                return send(fd, srcs[0], 0, srcs[0].byteSize());
            }

            @Override
            public Gather newGather(int capacity) {
                throw new UnsupportedOperationException("newGather");
            }

            @Override
            public long send(int fd, Gather list) {
                throw new UnsupportedOperationException("send");
            }

            @Override
            public long maxTransfer() {
                return SIZE;
            }
        };

        End(OwnPipe pipe) {
            this.pipe = pipe;
        }

        abstract void begin();

        abstract boolean isDrained();

        long read(MemorySegment dst, long off, long len) throws IOException {
            throw new IOException("not a reader");
        }

        long write(MemorySegment src, long off, long len) throws IOException {
            throw new IOException("not a writer");
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public Streams streams() {
            return streams;
        }

        @Override
        public Delivery delivery() {
            return readiness;
        }

        @Override
        public void close() {
            synchronized (pipe) {
                closed = true;
            }
            NativeFds.close(fd);
            pipe.post();
        }
    }

    private static final class Reader extends End {
        Reader(OwnPipe pipe) {
            super(pipe);
        }

        @Override
        void begin() {
            pipe.reading = true;
            pipe.post();
        }

        @Override
        boolean isDrained() {
            return pipe.readFrom == pipe.readTo && !pipe.ended;
        }

        @Override
        long read(MemorySegment dst, long off, long len) {
            if (isDrained()) {
                return Sockets.WOULD_BLOCK;
            }
            int n = (int) Math.min(len, pipe.readTo - pipe.readFrom);
            MemorySegment.copy(pipe.read, pipe.readFrom, dst, JAVA_BYTE, off, n);
            pipe.readFrom += n;
            if (isDrained()) {
                begin();
            }
            return n;
        }
    }

    private static final class Writer extends End {
        Writer(OwnPipe pipe) {
            super(pipe);
        }

        @Override
        void begin() {
            readiness.deliver(Readiness.WRITABLE);
        }

        @Override
        boolean isDrained() {
            return pipe.writing;
        }

        @Override
        long write(MemorySegment src, long off, long len) throws IOException {
            if (pipe.reader.closed) {
                throw new IOException("write: Broken pipe");
            }
            if (first == null || pipe.writing) {
                return Sockets.WOULD_BLOCK;
            }
            int n = (int) Math.min(len, SIZE);
            MemorySegment.copy(src, JAVA_BYTE, off, pipe.written, 0, n);
            pipe.writtenSize = n;
            pipe.writing = true;
            pipe.post();
            return n;
        }
    }
}
