package io.panamio.pipeline;

import io.panamio.Interest;
import io.panamio.IoOperation;
import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.SystemError;
import io.panamio.net.StreamSocket;
import io.panamio.net.WritableStream;
import io.panamio.sys.Handle;
import io.panamio.sys.PathNames;
import io.panamio.sys.Platform;
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
 * A regular file, to be sent to streams by sendfile(2): its bytes go from the page cache to the socket without passing
 * through the process. Offsets and sizes have 64 bits.
 *
 * <pre>{@code
 * long n;
 * while (position < end && (n = file.transferTo(position, end - position, stream)) > 0) {
 *     position += n;
 * }                                    // then: done; or WOULD_BLOCK, go on when writable; or EOF, it was cut
 * }</pre>
 *
 * <p>The file has no position here, so any number of streams, in any threads, may be sent one file at a time. What is
 * not in the page cache is read from the disk meanwhile, and the thread waits for that, as it would in a read of the
 * file.
 *
 * <p>A header goes in one packet with the beginning of its file if it is written by {@link StreamSocket#writeMore}.
 * What it is worth depends on how the system sends: with BBR, which paces, it may cost more than a packet of its own.
 *
 * <h2>What else a file may be</h2>
 * A {@link FileChannel} does not tell its descriptor. {@link #transfer} sends from it by way of a mapping, made and
 * ended in each call, which costs some microseconds and a few small objects, and a page fault for each 64 KiB or so;
 * and the bytes are copied once, from the page cache to the socket. Who sends often from one channel maps it once, all
 * of it, with {@link FileChannel#map(FileChannel.MapMode, long, long, Arena)}, which has no 2 GB limit, and writes
 * parts of that with {@link WritableStream#write(MemorySegment, long, long)}: the same copy, without the rest. {@code
 * transferTo} here has neither the copy nor the faults.
 *
 * <p>A file must not be cut while it is sent: the rest cannot be sent then, whatever a header has promised. {@code
 * transferTo} and {@code transfer} say EOF; a write from a mapping throws (EFAULT), and does not crash. A transfer that
 * has come to the new end looks as if there was no more room, and no event tells otherwise: who serves files that
 * others cut calls again after a while without progress.
 *
 * <p>All methods are for any thread. Dropped without {@link #close}, it is closed when it is collected, and a warning
 * is logged, as for an {@link IoSource}.
 */
public final class FileSource implements AutoCloseable {
    /** How much of a file channel is mapped at a time. */
    private static final long WINDOW = 8 << 20;
    /** How much of a file is copied at a time. */
    private static final long ROOM = 64 << 10;

    private final Handle handle;
    /** A call that no thread is in. */
    private final AtomicReference<Sendfile> spare = new AtomicReference<>();

    private FileSource(int fd, boolean owned) {
        handle = owned ? Handle.owning(this, fd, false) : Handle.borrowing(fd);
    }

    private static Transfers transfers() {
        return Platform.current().transfers();
    }

    // ---- making

    /**
     * Opens a file for reading: open(2), and statx(2) to see that it is one.
     *
     * @param path where it is
     * @return the file, which is not inherited by child processes
     * @throws IllegalArgumentException if it is no regular file, or the path is of another file system
     * @throws io.panamio.ResourceExhaustedException if there are no descriptors left
     * @throws IOException if it cannot be opened
     */
    public static FileSource open(Path path) throws IOException {
        int fd = transfers().openFile(PathNames.bytes(path));
        try {
            return fromFd(fd);
        } catch (Throwable t) {
            Platform.current().discard(fd);
            throw t;
        }
    }

    /**
     * Takes over the descriptor of a file.
     *
     * @param fd the descriptor of a regular file, open for reading
     * @return the file, which closes the descriptor from now on
     * @throws IllegalArgumentException if it is no regular file's; the descriptor stays the caller's
     * @throws IOException if it is not open; the descriptor stays the caller's
     */
    public static FileSource fromFd(int fd) throws IOException {
        transfers().fileSize(fd);
        return new FileSource(fd, true);
    }

    /**
     * Uses the descriptor of a file that stays the caller's. Close this before the descriptor is closed.
     *
     * @param fd the descriptor of a regular file, open for reading
     * @return the file, which never closes the descriptor
     * @throws IllegalArgumentException if it is no regular file's
     * @throws IOException if it is not open
     */
    public static FileSource borrow(int fd) throws IOException {
        transfers().fileSize(fd);
        return new FileSource(fd, false);
    }

    // ---- asking

    /**
     * Returns whether this is open. Another thread may close it at any moment.
     *
     * @return false once {@link #close} was called
     */
    public boolean isOpen() {
        return handle.isOpen();
    }

    /**
     * How many bytes the file has now: statx(2).
     *
     * @return the size
     * @throws ClosedChannelException if this is closed
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
     * The descriptor, which stays this file's.
     *
     * @return the number
     * @throws ClosedChannelException if this is closed
     */
    public int fd() throws ClosedChannelException {
        return handle.fd();
    }

    // ---- sending

    /**
     * Sends a part of the file, by one system call: sendfile(2). Allocates nothing. To a stream of a user's own, and
     * where the system cannot (from a file of /proc, to a terminal or a file that is appended to), it copies, 64 KiB at
     * a time, by pread(2) and a write, which takes a small arena for each call. Like a write, a transfer of less
     * than asked has found no more room, unless the file ends there; the stream is armed for its next writable event
     * then. One call moves 2147479552 bytes at most, and as many as the peer takes meanwhile: ask for less where other
     * streams wait.
     *
     * @param position where the part begins
     * @param count how long it is
     * @param target where to; a stream of the library's is in non-blocking mode
     * @return how many bytes the system took, maybe not all; {@link IoResult#WOULD_BLOCK} if none; {@link IoResult#EOF}
     *     if the file ends at or before the position; 0 only if the count is 0
     * @throws IllegalArgumentException if position or count is negative
     * @throws ClosedChannelException if this or the target is closed
     * @throws IOException if the connection is broken, or was shut down for writing, or the file cannot be read
     */
    public long transferTo(long position, long count, WritableStream target) throws IOException {
        requirePart(position, count);
        IoSource socket = Descriptors.of(Objects.requireNonNull(target, "target"));
        int file = handle.begin();
        try {
            long moved = socket == null ? Transfers.REFUSED : send(file, position, count, socket);
            return moved != Transfers.REFUSED ? moved : copy(file, position, count, target);
        } finally {
            handle.exit();
        }
    }

    private long send(int file, long position, long count, IoSource socket) throws IOException {
        Sendfile call = spare.getAndSet(null);
        call = call == null ? new Sendfile() : call;
        try {
            call.file = file;
            call.position = position;
            call.count = count;
            socket.tryIo(Interest.WRITABLE, call);
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
            MemorySegment room = arena.allocate(Math.min(count, ROOM));
            long moved = 0;
            do {
                long there;
                long n;
                try {
                    there = transfers().readFile(file, room, position + moved,
                        Math.min(count - moved, room.byteSize()));
                    n = there == 0 ? IoResult.EOF : target.write(room, 0, there);
                } catch (IOException e) {
                    if (moved > 0) {
                        return moved; // the error will be there again for the next call
                    }
                    throw e;
                }
                if (n < 0) {
                    return moved > 0 ? moved : n;
                }
                moved += n;
                if (n < there) {
                    break;
                }
            } while (moved < count);
            return moved;
        }
    }

    /** One call of sendfile(2), and used again, as one for each call would be garbage. */
    private static final class Sendfile implements IoOperation {
        int file;
        long position;
        long count;
        long moved;

        /** Would block also when it moved less than asked: so the stream is armed. */
        @Override
        public long run(int fd) throws IOException {
            moved = count == 0 ? 0 : transfers().sendFile(fd, file, position, count);
            return moved > 0 && moved < Math.min(count, transfers().maxTransfer()) ? IoResult.WOULD_BLOCK : moved;
        }
    }

    /**
     * Sends a part of a file that is open as a channel, whose own position stays, from mappings of 8 MiB at most; see
     * above for what that costs.
     *
     * @param file a channel, open for reading
     * @param position where the part begins
     * @param count how long it is
     * @param target where to
     * @return as {@link #transferTo}
     * @throws IllegalArgumentException if position or count is negative
     * @throws UnsupportedOperationException if the channel cannot be mapped, not being one of the default file system's
     * @throws ClosedChannelException if one of both is closed
     * @throws java.nio.channels.NonReadableChannelException if the channel is not open for reading
     * @throws IOException if the connection is broken, or was shut down for writing, or the file cannot be mapped
     */
    public static long transfer(FileChannel file, long position, long count, WritableStream target)
            throws IOException {
        requirePart(position, count);
        if (count == 0) {
            return target.write(MemorySegment.NULL, 0, 0);
        }
        long moved = 0;
        do {
            long there = Math.min(Math.min(count - moved, WINDOW), file.size() - position - moved);
            if (there <= 0) {
                return moved > 0 ? moved : IoResult.EOF;
            }
            long n;
            try {
                n = write(file, position + moved, there, target);
            } catch (IOException e) {
                if (moved > 0) {
                    return moved; // the error will be there again for the next call
                }
                throw e;
            }
            if (n < 0) {
                return moved > 0 ? moved : n;
            }
            moved += n;
            if (n < there) {
                break;
            }
        } while (moved < count);
        return moved;
    }

    private static long write(FileChannel file, long position, long size, WritableStream target) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return target.write(file.map(FileChannel.MapMode.READ_ONLY, position, size, arena));
        } catch (IOException e) {
            if (e instanceof SystemError error && error.errnoName().equals("EFAULT") && file.size() <= position) {
                return IoResult.EOF; // it was cut after it was mapped
            }
            throw e;
        }
    }

    private static void requirePart(long position, long count) {
        if (position < 0 || count < 0) {
            throw new IllegalArgumentException("position " + position + ", count " + count);
        }
    }

    // ---- ending

    /**
     * Closes the descriptor, unless it is borrowed; a transfer in another thread goes on to its end. Does nothing the
     * second time.
     */
    @Override
    public void close() {
        handle.close();
        Reference.reachabilityFence(this); // or the cleaner could think that this was dropped
    }

    /** The descriptor, for people. */
    @Override
    public String toString() {
        return "FileSource" + handle;
    }
}
