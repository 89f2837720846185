package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._OVERLAPPED;
import io.panamio.sys.Delivery;
import io.panamio.sys.Gather;
import io.panamio.sys.NamedPipeEnd;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.RawAccess;
import io.panamio.sys.Readiness;
import io.panamio.sys.Selector;
import io.panamio.sys.Sockets;
import io.panamio.sys.Streams;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;

/**
 * An end of a named pipe whose other end may belong to another process. It owns a request to read, one to write and one
 * to wait for a client, with their memory, which the system uses until they are complete: a read is pending while no
 * byte is buffered, and a write that does not complete at once writes from a copy. The packets of requests arrive at
 * the port of the first selector that this is registered with, and become events.
 *
 * <p>A generation distinguishes requests of an earlier client from those of the present one. The outcome is read from
 * the request itself, and only if that is pending and complete, so a packet for a request that completed in the call,
 * as the system sends for a part of a message, does no harm.
 *
 * <p>Guarded by its lock, which is never held during a wait. The lock of a selector is taken before it, never after.
 */
final class OverlappedPipe extends NamedPipeEnd {
    /** The number of bytes that one request moves, unless it writes a longer message. */
    private static final int SIZE = 32 * 1024;
    /** The size of the system's buffers. */
    private static final int SYSTEM_SIZE = 64 * 1024;

    // the requests, by the offsets of their OVERLAPPEDs
    private static final int OVERLAPPED_SIZE = (int) _OVERLAPPED.sizeof();
    private static final int READ = 0;
    private static final int WRITE = OVERLAPPED_SIZE;
    private static final int CONNECT = 2 * OVERLAPPED_SIZE;
    private static final int REQUESTS_SIZE = 3 * OVERLAPPED_SIZE;
    private static final int STATUS = (int) _OVERLAPPED.Internal$offset();
    private static final int COUNT = (int) _OVERLAPPED.InternalHigh$offset();

    private static final int ALL = Readiness.READABLE | Readiness.WRITABLE | Readiness.ERROR | Readiness.READ_CLOSED
        | Readiness.WRITE_CLOSED;

    final int handle;
    private final boolean server;
    private final boolean messages;

    /** The selector that this belongs to, once it is registered. */
    private CompletionSelector selector;
    /** The slot in that selector; guarded by it. */
    int slot;
    /** Whether requests can be made: from the registration until the selector is closed. */
    private boolean live;
    private boolean closed;
    private boolean handleClosed;

    /** The requests, and behind them the bytes read. */
    private MemorySegment memory;
    private ByteBuffer requests;
    /** The bytes to write. */
    private MemorySegment copy;

    /** The number of clients that were disconnected. */
    private int generation;
    private boolean connected;
    private boolean connecting;
    private int connectGeneration;
    private boolean connectWanted;
    private int connectError;

    private boolean reading;
    private int readGeneration;
    private int from;
    private int to;
    /** Whether the bytes read are only the beginning of the rest of a message. */
    private boolean more;
    private boolean emptyMessage;
    private boolean ended;
    private int readError;
    private boolean partial;

    private boolean writing;
    private int writeGeneration;
    private int written;
    private int toWrite;
    private int writeError;

    private final Delivery readiness = new Delivery() {
        @Override
        protected void rearm(int bits) {
            synchronized (OverlappedPipe.this) {
                withdraw(bits & ((isReadable() ? 0 : Readiness.READABLE) | (isWritable() ? 0 : Readiness.WRITABLE)));
                if ((bits & Readiness.READABLE) != 0) {
                    OverlappedPipe.this.deliver(readable()); // an end or a message behind what was read
                }
            }
        }

        @Override
        protected void attach(Selector with) throws IOException {
            OverlappedPipe.this.attach((CompletionSelector) with);
        }
    };

    private final Streams streams = new PipeStreams() {
        @Override
        long read(MemorySegment dst, byte[] array, long off, long len) throws IOException {
            return take(dst, array, off, len);
        }

        @Override
        long write(MemorySegment src, byte[] array, long off, long len) throws IOException {
            return put(src, array, off, len);
        }

        @Override
        boolean continues() {
            return !messages || isPartial();
        }

        @Override
        public long sendVectored(int fd, MemorySegment[] srcs) throws IOException {
            return messages ? sendMessage(srcs) : super.sendVectored(fd, srcs);
        }

        @Override
        public long send(int fd, Gather list) throws IOException {
            return messages ? sendMessage(list) : super.send(fd, list);
        }

        @Override
        public long maxTransfer() {
            return SIZE;
        }
    };

    /**
     * Takes over a handle.
     *
     * @param server whether it is that of a server
     * @param messages whether messages are read from it
     */
    OverlappedPipe(int handle, boolean server, boolean messages) {
        this.handle = handle;
        this.server = server;
        this.messages = messages;
        connected = !server;
    }

    /** Creates an instance of a named pipe; {@code flags} may be FILE_FLAG_FIRST_PIPE_INSTANCE. */
    static OverlappedPipe create(MemorySegment path, String name, int flags, boolean messages,
            MemorySegment security) throws IOException {
        int handle = Kernel32.createNamedPipe(path,
            Windows.PIPE_ACCESS_DUPLEX | Windows.FILE_FLAG_OVERLAPPED | flags,
            Windows.PIPE_REJECT_REMOTE_CLIENTS
                | (messages ? Windows.PIPE_TYPE_MESSAGE | Windows.PIPE_READMODE_MESSAGE : Windows.PIPE_TYPE_BYTE),
            Windows.PIPE_UNLIMITED_INSTANCES, SYSTEM_SIZE, security);
        if (handle < 0) {
            throw Errors.open("CreateNamedPipeW", name, -handle);
        }
        return new OverlappedPipe(handle, true, messages);
    }

    /** Connects to an instance of a named pipe. */
    static OverlappedPipe open(MemorySegment path, String name, boolean messages) throws IOException {
        int handle = Kernel32.openNamedPipe(path, Windows.GENERIC_READ | Windows.GENERIC_WRITE);
        if (handle < 0) {
            throw Errors.open("CreateFileW", name, -handle);
        }
        if (messages) {
            try (NativeScratch scratch = NativeScratch.enter()) {
                scratch.argumentBytes.putInt(0, Windows.PIPE_READMODE_MESSAGE);
                int r = Kernel32.setPipeState(handle, scratch.argument);
                if (r < 0) {
                    Kernel32.closeHandle(handle);
                    throw Errors.io("SetNamedPipeHandleState", name, -r);
                }
            }
        }
        return new OverlappedPipe(handle, false, messages);
    }

    @Override
    public int fd() {
        return handle;
    }

    @Override
    public Streams streams() {
        return streams;
    }

    @Override
    public Delivery delivery() {
        return readiness;
    }

    // ---- the selector

    private void attach(CompletionSelector with) throws IOException {
        synchronized (this) { // the caller admits one thread at a time
            if (selector != null) {
                if (selector != with) {
                    throw new IllegalStateException("a pipe belongs to the Poll that it was first registered with");
                }
                return;
            }
        }
        MemorySegment block = Memory.allocate(REQUESTS_SIZE + SIZE);
        boolean done = false;
        try {
            if (!with.enter()) {
                throw new ClosedSelectorException();
            }
            try {
                with.attach(this);
            } finally {
                with.exit();
            }
            done = true;
        } finally {
            if (!done) {
                Kernel32.free(block.address());
            }
        }
        synchronized (this) {
            selector = with;
            memory = block;
            requests = NativeScratch.bytes(block.asSlice(0, REQUESTS_SIZE));
            live = true;
            connected = true; // a client may connect before it is waited for; otherwise the read fails
            startRead();
            readiness.deliver(Readiness.WRITABLE | readable());
        }
    }

    /** Handles a packet; the caller holds the lock of the selector. */
    synchronized void completed(long overlapped) {
        if (memory == null) {
            return;
        }
        long request = overlapped - memory.address();
        int bits = request == READ ? settleRead() : request == WRITE ? settleWrite() : request == CONNECT
            ? settleConnect() : 0;
        if (closed) {
            if (finish()) {
                selector.detach(this);
            }
        } else {
            deliver(bits);
        }
    }

    private void deliver(int bits) {
        if (bits != 0) {
            readiness.deliver(bits);
        }
    }

    /** Cancels all requests, as the selector is closed. */
    synchronized void abandon() {
        live = false;
        cancel(reading, READ);
        cancel(writing, WRITE);
        cancel(connecting, CONNECT);
    }

    synchronized boolean isPending() {
        return reading || writing || connecting;
    }

    @Override
    public void close() {
        boolean finished;
        synchronized (this) {
            closed = true;
            cancel(reading, READ);
            cancel(connecting, CONNECT);
            if (!writing || !live) {
                closeHandle(); // otherwise when the write is complete
            }
            finished = finish();
        }
        if (finished) {
            selector.detach(this);
        }
    }

    /** Frees the memory once no request is pending; returns whether this has left the selector. */
    private boolean finish() {
        if (!writing) {
            closeHandle();
        }
        if (memory == null || isPending()) {
            return false;
        }
        Kernel32.free(memory.address());
        memory = null;
        freeCopy();
        return true;
    }

    private void closeHandle() {
        if (!handleClosed) {
            handleClosed = true;
            Kernel32.closeHandle(handle);
        }
    }

    private void freeCopy() {
        if (copy != null) {
            Kernel32.free(copy.address());
            copy = null;
        }
    }

    // ---- requests

    private long begin(int request) {
        for (int i = 0; i < OVERLAPPED_SIZE; i += Long.BYTES) {
            requests.putLong(request + i, 0);
        }
        requests.putInt(request + STATUS, Windows.STATUS_PENDING);
        return memory.address() + request;
    }

    private int status(int request) {
        return requests.getInt(request + STATUS);
    }

    private int count(int request) {
        return requests.getInt(request + COUNT);
    }

    private boolean isComplete(boolean pending, int request) {
        return pending && status(request) != Windows.STATUS_PENDING;
    }

    private void cancel(boolean pending, int request) {
        if (pending && !handleClosed && status(request) == Windows.STATUS_PENDING) {
            Kernel32.cancel(handle, memory.address() + request);
        }
    }

    // ---- the client

    @Override
    public synchronized boolean connect() throws IOException {
        if (!server) {
            return true;
        }
        if (!live) {
            return false;
        }
        deliver(settleConnect());
        int error = connectError != 0 ? connectError : connected || connecting ? 0 : startConnect();
        connectError = 0;
        if (error != 0) {
            throw Errors.io("ConnectNamedPipe", error);
        }
        connectWanted = !connected;
        return connected;
    }

    /** Waits for a client; returns an error code or 0. */
    private int startConnect() {
        connectGeneration = generation;
        int r = Kernel32.connectPipe(handle, begin(CONNECT));
        if (r == -Windows.ERROR_IO_PENDING) {
            connecting = true;
        } else if (r == 0 || r == -Windows.ERROR_PIPE_CONNECTED || r == -Windows.ERROR_NO_DATA) {
            clientArrived(); // it may have left already: the read fails then
        } else {
            return -r;
        }
        return 0;
    }

    private void clientArrived() {
        connected = true;
        connectWanted = false;
        startRead();
        deliver(readable() | (isWritable() ? Readiness.WRITABLE : 0));
    }

    /** Takes the result of the wait for a client if it is over; returns what to deliver. */
    private int settleConnect() {
        if (!isComplete(connecting, CONNECT)) {
            return 0;
        }
        connecting = false;
        int status = status(CONNECT);
        if (connectGeneration != generation || status == Windows.STATUS_CANCELLED) {
            connectError = connectWanted && live && !closed ? startConnect() : 0;
        } else if (status >= 0) {
            clientArrived();
        } else {
            connectError = Ntdll.error(status);
        }
        return connectError != 0 ? Readiness.WRITABLE | Readiness.ERROR : 0;
    }

    @Override
    public synchronized void disconnect() throws IOException {
        if (!server) {
            throw new UnsupportedOperationException("only a server can disconnect; a client closes its end");
        }
        cancel(connecting, CONNECT);
        cancel(reading, READ);
        cancel(writing, WRITE);
        int r = Kernel32.disconnectPipe(handle);
        if (r < 0 && r != -Windows.ERROR_PIPE_NOT_CONNECTED && r != -Windows.ERROR_PIPE_LISTENING) {
            throw Errors.io("DisconnectNamedPipe", -r);
        }
        generation++;
        connected = false;
        connectWanted = false;
        connectError = 0;
        from = to = 0;
        more = emptyMessage = ended = partial = false;
        readError = 0;
        writeError = 0;
        readiness.withdraw(ALL);
    }

    // ---- reading

    private boolean isReadable() {
        return from < to || emptyMessage || ended || readError != 0;
    }

    private int readable() {
        return ended ? Readiness.READABLE | Readiness.WRITABLE | Readiness.READ_CLOSED | Readiness.WRITE_CLOSED
            : isReadable() ? Readiness.READABLE : 0;
    }

    /** Starts a read if no byte is left and none is pending. */
    private void startRead() {
        while (live && connected && !closed && !reading && !isReadable()) {
            readGeneration = generation;
            int r = Kernel32.readPipe(handle, memory.address() + REQUESTS_SIZE, SIZE, MemorySegment.NULL,
                begin(READ));
            if (r == -Windows.ERROR_IO_PENDING) {
                reading = true;
            } else if (r >= 0 || r == -Windows.ERROR_MORE_DATA) {
                arrived(r < 0);
            } else {
                readFailed(-r);
            }
        }
    }

    private void arrived(boolean part) {
        from = 0;
        to = count(READ);
        more = part;
        emptyMessage = messages && to == 0;
    }

    private void readFailed(int error) {
        switch (error) {
            case Windows.ERROR_PIPE_LISTENING -> connected = false;
            case Windows.ERROR_BROKEN_PIPE, Windows.ERROR_PIPE_NOT_CONNECTED, Windows.ERROR_NO_DATA -> ended = true;
            default -> readError = error;
        }
    }

    /** Takes the result of the read if it is complete; returns what to deliver. */
    private int settleRead() {
        if (!isComplete(reading, READ)) {
            return 0;
        }
        reading = false;
        int status = status(READ);
        if (readGeneration == generation && status != Windows.STATUS_CANCELLED) {
            if (status >= 0 || status == Windows.STATUS_BUFFER_OVERFLOW) {
                arrived(status < 0);
            } else {
                readFailed(Ntdll.error(status));
            }
        }
        startRead(); // if it brought nothing
        return readable();
    }

    private synchronized long take(MemorySegment dst, byte[] array, long off, long len) throws IOException {
        deliver(settleRead());
        long done = 0;
        while (done < len && from < to) {
            int n = (int) Math.min(len - done, to - from);
            if (array == null) {
                MemorySegment.copy(memory, REQUESTS_SIZE + from, dst, off + done, n);
            } else {
                MemorySegment.copy(memory, JAVA_BYTE, REQUESTS_SIZE + from, array, (int) (off + done), n);
            }
            from += n;
            done += n;
            partial = messages && (from < to || more);
            if (from == to) {
                startRead();
            }
            if (messages && !partial) {
                return done;
            }
        }
        if (done > 0) {
            return done;
        }
        if (emptyMessage) {
            emptyMessage = false;
            partial = false;
            startRead();
            return 0;
        }
        if (readError != 0) {
            int error = readError;
            readError = 0;
            startRead();
            throw Errors.io("ReadFile", error);
        }
        return ended ? 0 : Sockets.WOULD_BLOCK;
    }

    @Override
    public synchronized boolean isEnded() {
        return ended && from == to && !emptyMessage;
    }

    @Override
    public synchronized boolean isPartial() {
        return partial;
    }

    // ---- writing

    private boolean isWritable() {
        return live && connected && !writing;
    }

    private synchronized long put(MemorySegment src, byte[] array, long off, long len) throws IOException {
        if (!canWrite()) {
            return Sockets.WOULD_BLOCK;
        }
        long done = 0;
        do {
            int n = (int) (messages ? requireMessage(len) : Math.min(len - done, SIZE));
            reserve(n);
            if (array == null) {
                MemorySegment.copy(src, off + done, copy, 0, n);
            } else {
                MemorySegment.copy(array, (int) (off + done), copy, JAVA_BYTE, 0, n);
            }
            int error = startWrite(n);
            if (error == Windows.ERROR_PIPE_LISTENING) {
                connected = false;
                return Sockets.WOULD_BLOCK;
            }
            if (error != 0) {
                if (done > 0) {
                    return done; // the next call fails with the same error
                }
                throw Errors.io("WriteFile", error);
            }
            done += n;
        } while (done < len && !writing);
        return done;
    }

    private static long requireMessage(long length) {
        if (length > Integer.MAX_VALUE - 16) {
            throw new IllegalArgumentException("a message of " + length + " bytes");
        }
        return length;
    }

    private long sendMessage(MemorySegment[] parts) throws IOException {
        long size = 0;
        for (MemorySegment part : parts) {
            RawAccess.requireUsable(part);
            size += part.byteSize();
        }
        synchronized (this) {
            if (!canWrite()) {
                return Sockets.WOULD_BLOCK;
            }
            reserve((int) requireMessage(size));
            long at = 0;
            for (MemorySegment part : parts) {
                MemorySegment.copy(part, 0, copy, at, part.byteSize());
                at += part.byteSize();
            }
            return sendCopy((int) size);
        }
    }

    private synchronized long sendMessage(Gather list) throws IOException {
        long size = requireMessage(list.remaining());
        if (!canWrite()) {
            return Sockets.WOULD_BLOCK;
        }
        reserve((int) size);
        long at = 0;
        for (int i = 0; at < size; i++) {
            long part = list.remaining(i);
            if (part > 0) {
                MemorySegment.copy(list.segment(i), list.offset(i), copy, at, part);
                at += part;
            }
        }
        long sent = sendCopy((int) size);
        if (sent > 0) {
            list.advance(sent);
        }
        return sent;
    }

    private long sendCopy(int size) throws IOException {
        int error = startWrite(size);
        if (error == Windows.ERROR_PIPE_LISTENING) {
            connected = false;
            return Sockets.WOULD_BLOCK;
        }
        if (error != 0) {
            throw Errors.io("WriteFile", error);
        }
        return size;
    }

    /** Returns whether a write can begin; throws the error of the last one. */
    private boolean canWrite() throws IOException {
        deliver(settleWrite());
        if (writeError != 0) {
            int error = writeError;
            writeError = 0;
            throw Errors.io("WriteFile", error);
        }
        return isWritable();
    }

    /** Provides room for a copy. */
    private void reserve(int size) {
        if (copy == null || copy.byteSize() < size) {
            MemorySegment larger = Memory.allocate(Math.max(size, SIZE));
            freeCopy();
            copy = larger;
        }
    }

    /** Writes the copy; returns an error code or 0. */
    private int startWrite(int size) {
        written = 0;
        toWrite = size;
        writeGeneration = generation;
        return continueWrite();
    }

    private int continueWrite() {
        do {
            int r = Kernel32.writePipe(handle, copy.address() + written, toWrite - written, MemorySegment.NULL,
                begin(WRITE));
            if (r == -Windows.ERROR_IO_PENDING) {
                writing = true;
                return 0;
            }
            if (r < 0) {
                return -r;
            }
            if (count(WRITE) == 0) {
                break; // an empty message
            }
            written += count(WRITE);
        } while (written < toWrite);
        return 0;
    }

    /** Takes the result of the write if it is complete; returns what to deliver. */
    private int settleWrite() {
        if (!isComplete(writing, WRITE)) {
            return 0;
        }
        writing = false;
        int status = status(WRITE);
        if (writeGeneration == generation && live) {
            written += count(WRITE);
            if (status < 0 && status != Windows.STATUS_CANCELLED) {
                writeError = Ntdll.error(status);
            } else if (written < toWrite) {
                writeError = continueWrite(); // continued after a cancel, too: nothing is lost
            }
        }
        return writeError != 0 ? Readiness.WRITABLE | Readiness.WRITE_CLOSED | Readiness.ERROR
            : isWritable() ? Readiness.WRITABLE : 0;
    }
}
