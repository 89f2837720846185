package io.panamio.pipeline;

import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.net.StreamSocket;
import io.panamio.net.WritableStream;
import io.panamio.sys.Handle;
import io.panamio.sys.Platform;
import io.panamio.sys.Readiness;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A regular file that is sent to streams by sendfile(2): its bytes go from the page cache to the socket without a copy
 * through the process. Offsets and sizes are 64-bit.
 *
 * {@snippet file="PipelineSnippets.java" region="file-source"}
 *
 * <p>The position is an argument of each transfer, so one file can be sent to any number of streams, by any number of
 * threads, at the same time. Data that is not in the page cache is read from the disk meanwhile, and the thread waits
 * for it, as in any read of a file.
 *
 * <p>A header written by {@link StreamSocket#writeMore} shares a packet with the beginning of the file. Whether that
 * helps depends on how the system sends: with BBR, which paces its output, it may cost more than a packet of its own.
 *
 * <h2>File channels</h2>
 * A {@link FileChannel} does not expose its descriptor. {@link #transfer} sends from one through a mapping, which it
 * creates and removes in each call: some microseconds, a few small objects, a page fault for about every 64 KiB, and
 * one copy of the bytes from the page cache to the socket. To send from one channel often, map it once with {@link
 * FileChannel#map(FileChannel.MapMode, long, long, Arena)}, which has no 2 GB limit, and write parts of the mapping
 * with {@link WritableStream#write(MemorySegment, long, long)}: that leaves only the copy. {@link #transferTo} has
 * neither the copy nor the page faults.
 *
 * <h2>Truncation</h2>
 * If a file is truncated while it is sent, the rest is missing, whatever a header has announced.
 * {@code transferTo} and {@code transfer} return {@link IoResult#EOF}; a write from a mapping throws (EFAULT) and does
 * not crash. A transfer that stops at the new end is indistinguishable from one that found the send buffer full, and no
 * event follows: if files may be truncated by others, retry after a while without progress.
 *
 * <p>Thread-safe. A file that becomes unreachable without a call of {@link #close} is closed when it is
 * garbage-collected, and a warning is logged, as for an {@link IoSource}. See {@link io.panamio.Feature#SEND_FILE}.
 */
public final class FileSource implements AutoCloseable {
    /** The size of a mapping of a file channel. */
    private static final long MAPPING_SIZE = 8 << 20;
    /** The number of bytes of a file that are copied at a time. */
    private static final long COPY_SIZE = 64 << 10;

    /** Loaded with this class, since a class file cannot be opened while no descriptors are available. */
    @SuppressWarnings("unused")
    private static final Class<?>[] LOADED = {Sendfile.class, Descriptors.class};

    private final Handle handle;
    /** A reusable call that is not in use; null while a thread uses it. */
    private final AtomicReference<Sendfile> spare = new AtomicReference<>();

    private FileSource(int fd, boolean owned) {
        handle = owned ? Handle.owning(this, fd, false) : Handle.borrowing(fd);
        handle.setFile();
    }

    private static Transfers transfers() {
        return Platform.current().transfers();
    }

    // ---- opening

    /**
     * Opens a regular file for reading. Costs two system calls, open(2) and statx(2). Child processes do not inherit
     * the descriptor.
     *
     * @param path the path of the file, of the default file system
     * @return the file
     * @throws IllegalArgumentException if it is not a regular file, or the path belongs to another file system
     * @throws io.panamio.ResourceExhaustedException if no descriptors are available
     * @throws IOException if the file cannot be opened
     */
    public static FileSource open(Path path) throws IOException {
        int fd = transfers().openFile(path);
        try {
            return fromFd(fd);
        } catch (Throwable t) {
            transfers().discardFile(fd);
            throw t;
        }
    }

    /**
     * Takes ownership of the descriptor of a regular file. If this method throws, the caller still owns the descriptor.
     *
     * @param fd the descriptor, open for reading
     * @return the file, which closes the descriptor
     * @throws IllegalArgumentException if {@code fd} is not a regular file
     * @throws IOException if {@code fd} is not open
     */
    public static FileSource fromFd(int fd) throws IOException {
        transfers().fileSize(fd);
        return new FileSource(fd, true);
    }

    /**
     * Returns a file over a descriptor that the caller owns. Close the file before the descriptor. A transfer does not
     * move the position of the descriptor, except on Windows, where it does unless the handle is open for overlapped
     * I/O.
     *
     * @param fd the descriptor of a regular file, open for reading
     * @return the file, which does not close the descriptor
     * @throws IllegalArgumentException if {@code fd} is not a regular file
     * @throws IOException if {@code fd} is not open
     */
    public static FileSource borrow(int fd) throws IOException {
        transfers().fileSize(fd);
        return new FileSource(fd, false);
    }

    // ---- properties

    /**
     * Returns whether this file is open. Another thread may close it at any time.
     *
     * @return {@code false} once {@link #close} has been called
     */
    public boolean isOpen() {
        return handle.isOpen();
    }

    /**
     * Returns the current size of the file. Costs one system call, statx(2).
     *
     * @return the size in bytes
     * @throws ClosedChannelException if this file is closed
     * @throws IOException if the system refuses
     */
    public long size() throws IOException {
        int fd = handle.begin();
        try {
            return transfers().fileSize(fd);
        } finally {
            handle.exit();
        }
    }

    /**
     * {@return the descriptor, which this file still owns}
     *
     * @throws ClosedChannelException if this file is closed
     */
    public int fd() throws ClosedChannelException {
        return handle.fd();
    }

    // ---- sending

    /**
     * Sends a part of the file with one system call, sendfile(2), without allocating. If less than requested was sent
     * and the file does not end there, the send buffer is full, and the target is armed for its next writable event, as
     * by a write.
     *
     * <p>Bytes are copied, 64 KiB at a time, by pread(2) and a write, if the target is a user-defined stream, or the
     * system does not support the combination: a file in /proc as source, a terminal or a file opened for appending
     * as target. Each such call allocates at most 64 KiB.
     *
     * <p>One call sends as many bytes as the peer takes meanwhile, up to the limit of the system (2147479552 on Linux):
     * request less if other streams are waiting.
     *
     * @param position the offset of the part in the file
     * @param count the length of the part in bytes
     * @param target the stream to send to; a stream of this library must be in non-blocking mode
     * @return the number of bytes sent, possibly less than {@code count}; {@link IoResult#WOULD_BLOCK} if the send
     *     buffer is full; {@link IoResult#EOF} if the file ends at or before {@code position}; 0 only if {@code count}
     *     is 0
     * @throws IllegalArgumentException if {@code position} or {@code count} is negative
     * @throws ClosedChannelException if this file or the target is closed
     * @throws IOException if the connection is broken or shut down for writing, or the file cannot be read
     */
    public long transferTo(long position, long count, WritableStream target) throws IOException {
        requirePart(position, count);
        Handle socket = Descriptors.of(Objects.requireNonNull(target, "target"));
        int file = handle.begin();
        try {
            long moved = socket == null ? Transfers.REFUSED : send(file, position, count, socket);
            return moved != Transfers.REFUSED ? moved : copy(file, position, count, target);
        } finally {
            handle.exit();
        }
    }

    private long send(int file, long position, long count, Handle socket) throws IOException {
        Sendfile call = spare.getAndSet(null);
        call = call == null ? new Sendfile() : call;
        try {
            call.file = file;
            call.position = position;
            call.count = count;
            Descriptors.call(socket, Readiness.WRITABLE, call);
            return call.moved == 0 && count > 0 ? IoResult.EOF : call.moved;
        } finally {
            spare.set(call);
        }
    }

    private static long copy(int file, long position, long count, WritableStream target) throws IOException {
        if (count == 0) {
            return target.write(MemorySegment.NULL, 0, 0);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Math.min(count, COPY_SIZE));
            long moved = 0;
            do {
                long available;
                long n;
                try {
                    available = transfers().readFile(file, buffer, position + moved,
                        Math.min(count - moved, buffer.byteSize()));
                    n = available == 0 ? IoResult.EOF : target.write(buffer, 0, available);
                } catch (IOException e) {
                    if (moved > 0) {
                        return moved; // the next call fails with the same error
                    }
                    throw e;
                }
                if (n < 0) {
                    return moved > 0 ? moved : n;
                }
                moved += n;
                if (n < available) {
                    break;
                }
            } while (moved < count);
            return moved;
        }
    }

    /** One call of sendfile(2); reused, as an object for each call would be garbage. */
    private static final class Sendfile implements IoOperation {
        int file;
        long position;
        long count;
        long moved;

        /** Reports that it would block also after a partial transfer, so that the stream is armed. */
        @Override
        public long run(int fd) throws IOException {
            moved = count == 0 ? 0 : transfers().sendFile(fd, file, position, count);
            return moved > 0 && moved < Math.min(count, transfers().maxTransfer()) ? IoResult.WOULD_BLOCK : moved;
        }
    }

    /**
     * Sends a part of a file that is open as a channel, from mappings of at most 8 MiB; the description of this class
     * states the cost. The position of the channel is neither used nor changed.
     *
     * @param file a channel open for reading
     * @param position the offset of the part in the file
     * @param count the length of the part in bytes
     * @param target the stream to send to
     * @return as by {@link #transferTo}
     * @throws IllegalArgumentException if {@code position} or {@code count} is negative
     * @throws UnsupportedOperationException if the channel cannot be mapped, because it is not of the default file
     *     system
     * @throws ClosedChannelException if the channel or the target is closed
     * @throws java.nio.channels.NonReadableChannelException if the channel is not open for reading
     * @throws IOException if the connection is broken or shut down for writing, or the file cannot be mapped
     */
    public static long transfer(FileChannel file, long position, long count, WritableStream target)
            throws IOException {
        requirePart(position, count);
        if (count == 0) {
            return target.write(MemorySegment.NULL, 0, 0);
        }
        long moved = 0;
        do {
            long available = Math.min(Math.min(count - moved, MAPPING_SIZE), file.size() - position - moved);
            if (available <= 0) {
                return moved > 0 ? moved : IoResult.EOF;
            }
            long n;
            try {
                n = write(file, position + moved, available, target);
            } catch (IOException e) {
                if (moved > 0) {
                    return moved; // the next call fails with the same error
                }
                throw e;
            }
            if (n < 0) {
                return moved > 0 ? moved : n;
            }
            moved += n;
            if (n < available) {
                break;
            }
        } while (moved < count);
        return moved;
    }

    private static long write(FileChannel file, long position, long size, WritableStream target) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return target.write(file.map(FileChannel.MapMode.READ_ONLY, position, size, arena));
        } catch (IOException e) {
            if (file.size() <= position) {
                return IoResult.EOF; // truncated after it was mapped
            }
            throw e;
        }
    }

    private static void requirePart(long position, long count) {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException("position " + position + ", count " + count);
        }
    }

    // ---- closing

    /**
     * Closes the descriptor, unless it is borrowed. If a transfer is running in another thread, it completes, and the
     * descriptor is closed after it. Idempotent.
     */
    @Override
    public void close() {
        handle.close();
        Reference.reachabilityFence(this); // keeps the cleaner from running meanwhile
    }

    /** {@return the descriptor, for diagnostics} */
    @Override
    public String toString() {
        return "FileSource" + handle;
    }
}
