package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._OVERLAPPED;
import io.panamio.sys.Delivery;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.PipeEnd;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A pipe within this process: a named pipe of Windows with a random name. Since no other process moves its bytes, this
 * counts them and requests only what completes at once: no request is ever pending, a transfer needs no memory of its
 * own, and an end can be used before it is registered, and with any selector.
 * The state of both ends is guarded by the lock of this object.
 */
final class LocalPipe {
    /** The maximum number of bytes in the pipe. */
    private static final int CAPACITY = 64 * 1024;
    /** The room at which a pipe that was full is writable again. */
    private static final int PAGE = 4096;

    private static final SecureRandom RANDOM = new SecureRandom();

    private final Reader reader;
    private final Writer writer;
    /** The number of bytes in the pipe. */
    private int pending;
    /** Whether a write has filled the pipe, and less than that room is free since. */
    private boolean full;

    private LocalPipe() throws IOException {
        byte[] random = new byte[16];
        RANDOM.nextBytes(random);
        String name = "\\\\.\\pipe\\panamio-" + HexFormat.of().formatHex(random);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = arena.allocateFrom(name, StandardCharsets.UTF_16LE);
            int server = Kernel32.createNamedPipe(path,
                Windows.PIPE_ACCESS_INBOUND | Windows.FILE_FLAG_OVERLAPPED | Windows.FILE_FLAG_FIRST_PIPE_INSTANCE,
                Windows.PIPE_TYPE_BYTE | Windows.PIPE_REJECT_REMOTE_CLIENTS, 1, CAPACITY,
                MemorySegment.NULL);
            if (server < 0) {
                throw Errors.io("CreateNamedPipeW", -server);
            }
            int client = Kernel32.openNamedPipe(path, Windows.GENERIC_WRITE);
            if (client < 0) {
                Kernel32.closeHandle(server);
                throw Errors.io("CreateFileW", name, -client);
            }
            reader = new Reader(server);
            writer = new Writer(client);
        }
        writer.readiness.deliver(Readiness.WRITABLE);
    }

    static PipeEnd[] open() throws IOException {
        LocalPipe pipe = new LocalPipe();
        return new PipeEnd[] {pipe.reader, pipe.writer};
    }

    private abstract class End extends PipeEnd {
        private final int handle;
        boolean closed;

        final Delivery readiness = new Delivery() {
            @Override
            protected void rearm(int bits) {
                synchronized (LocalPipe.this) {
                    if (isDrained()) {
                        drained(bits);
                    }
                }
            }
        };

        private final Streams streams = new PipeStreams() {
            @Override
            long read(MemorySegment dst, byte[] array, long off, long len) throws IOException {
                synchronized (LocalPipe.this) {
                    return take(dst, array, off, len);
                }
            }

            @Override
            long write(MemorySegment src, byte[] array, long off, long len) throws IOException {
                synchronized (LocalPipe.this) {
                    return put(src, array, off, len);
                }
            }

            @Override
            public long maxTransfer() {
                return CAPACITY;
            }
        };

        End(int handle) {
            this.handle = handle;
        }

        abstract boolean isDrained();

        abstract long take(MemorySegment dst, byte[] array, long off, long len) throws IOException;

        abstract long put(MemorySegment src, byte[] array, long off, long len) throws IOException;

        /** Reports to the other end that this one is closed. */
        abstract void ended();

        @Override
        public final int fd() {
            return handle;
        }

        @Override
        public final Streams streams() {
            return streams;
        }

        @Override
        public final Delivery delivery() {
            return readiness;
        }

        @Override
        public final void close() {
            synchronized (LocalPipe.this) {
                closed = true;
                Kernel32.closeHandle(handle);
                ended();
            }
        }

        /** Moves bytes of which the system has as many, or the room for them; returns their number. */
        final int move(MemorySegment segment, byte[] array, long off, int count, boolean write) throws IOException {
            if (segment != null && RawAccess.isSafe(segment)) {
                RawAccess.requireUsable(segment);
                try (NativeScratch scratch = NativeScratch.enter()) {
                    int moved = transfer(scratch, segment.address() + off, count, write);
                    Reference.reachabilityFence(segment);
                    return moved;
                }
            }
            try (NativeScratch scratch = NativeScratch.enterToCopy(count)) {
                MemorySegment copy = scratch.copyBuffer(count);
                if (write && segment != null) {
                    MemorySegment.copy(segment, off, copy, 0, count);
                } else if (write) {
                    MemorySegment.copy(array, (int) off, copy, JAVA_BYTE, 0, count);
                }
                int moved = transfer(scratch, copy.address(), count, write);
                if (!write && segment != null) {
                    MemorySegment.copy(copy, 0, segment, off, moved);
                } else if (!write) {
                    MemorySegment.copy(copy, JAVA_BYTE, 0, array, (int) off, moved);
                }
                return moved;
            }
        }

        private int transfer(NativeScratch scratch, long address, int count, boolean write) throws IOException {
            MemorySegment request = scratch.wholeMessage;
            for (int i = 0; i < _OVERLAPPED.sizeof(); i += Long.BYTES) {
                scratch.wholeMessageBytes.putLong(i, 0);
            }
            MemorySegment moved = scratch.length(0);
            int r = write ? Kernel32.writePipe(handle, address, count, moved, request.address())
                : Kernel32.readPipe(handle, address, count, moved, request.address());
            if (r == -Windows.ERROR_IO_PENDING) { // the handle was used by others: the bytes or the room are gone
                Kernel32.cancel(handle, request.address());
                r = Kernel32.awaitResult(handle, request.address(), scratch.length);
            }
            if (r < 0) {
                throw Errors.io(write ? "WriteFile" : "ReadFile", -r);
            }
            return scratch.length();
        }
    }

    private final class Reader extends End {
        Reader(int handle) {
            super(handle);
        }

        @Override
        boolean isDrained() {
            return pending == 0;
        }

        @Override
        long take(MemorySegment dst, byte[] array, long off, long len) throws IOException {
            if (pending == 0) {
                return writer.closed ? 0 : Sockets.WOULD_BLOCK;
            }
            int n = move(dst, array, off, (int) Math.min(len, pending), false);
            pending -= n;
            if (full && CAPACITY - pending >= PAGE) {
                full = false;
                writer.readiness.deliver(Readiness.WRITABLE);
            }
            return n;
        }

        @Override
        long put(MemorySegment src, byte[] array, long off, long len) {
            throw new IllegalStateException("an end to read from");
        }

        @Override
        void ended() {
            writer.readiness
                .deliver(Readiness.ERROR | Readiness.WRITE_CLOSED | (full ? 0 : Readiness.WRITABLE));
        }
    }

    private final class Writer extends End {
        Writer(int handle) {
            super(handle);
        }

        @Override
        boolean isDrained() {
            return full;
        }

        @Override
        long take(MemorySegment dst, byte[] array, long off, long len) {
            throw new IllegalStateException("an end to write to");
        }

        @Override
        long put(MemorySegment src, byte[] array, long off, long len) throws IOException {
            if (reader.closed) {
                throw Errors.io("WriteFile", Windows.ERROR_NO_DATA);
            }
            if (full) {
                return Sockets.WOULD_BLOCK;
            }
            int n = move(src, array, off, (int) Math.min(len, CAPACITY - pending), true);
            pending += n;
            full = n < len || pending == CAPACITY;
            reader.readiness.deliver(Readiness.READABLE);
            return n;
        }

        @Override
        void ended() {
            reader.readiness.deliver(
                Readiness.READ_CLOSED | Readiness.WRITE_CLOSED | (pending == 0 ? 0 : Readiness.READABLE));
        }
    }
}
