package io.panamio.examples.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * A log of lines: a file that is appended to, or standard output or error. A separate thread writes, so that an event
 * loop never waits for a disk, a stopped terminal or a pipe that nobody reads. Up to 2 MiB are buffered, 32 KiB for
 * standard error; further lines are dropped, counted, and the count is reported on standard error.
 *
 * <p>All methods are thread-safe.
 */
public final class LogFile implements AutoCloseable {
    private static final int CAPACITY = 1 << 20;
    private static final int SMALL = 1 << 14;
    private static final long PAUSE = 10_000_000;
    /** The maximum time that the end of the process waits for pending lines. */
    private static final Duration AT_END = Duration.ofSeconds(1);

    private final FileChannel channel;
    private final Charset charset;
    private final String name;
    private final ByteBuffer end = ByteBuffer.allocateDirect(1).put(0, (byte) '\n');
    /** Whether the last line was cut off, as by a full disk: its end comes before the next one. Only for the writer. */
    private boolean cutOff;
    /** Lines that the writer has not taken yet. Like all fields below, guarded by the lock of this object. */
    private ByteBuffer coming;
    private ByteBuffer going;
    private boolean writing;
    private boolean closed;
    private long dropped;
    private long reported;

    private LogFile(FileChannel channel, Charset charset, int capacity, String name) {
        this.channel = channel;
        this.charset = charset;
        this.name = name;
        coming = ByteBuffer.allocateDirect(capacity);
        going = ByteBuffer.allocateDirect(capacity);
        Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    /**
     * Opens a file for appending; creates it if it does not exist.
     *
     * @param path the path
     * @return the log
     * @throws IOException if it cannot be opened, with a message that names the reason
     */
    public static LogFile of(Path path) throws IOException {
        try {
            return new LogFile(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                StandardCharsets.UTF_8, CAPACITY, "log");
        } catch (FileSystemException e) {
            String why = e instanceof NoSuchFileException ? "no such directory"
                : e instanceof AccessDeniedException ? "permission denied" : e.getReason();
            throw new IOException("cannot open the log " + path + ": " + why, e);
        }
    }

    /** Creates the log of a standard stream, which is never closed. The end of the process waits for pending lines. */
    private static LogFile standard(FileDescriptor descriptor, Charset charset, int capacity, String name) {
        @SuppressWarnings("resource") // it stays open
        LogFile file = new LogFile(new FileOutputStream(descriptor).getChannel(), charset, capacity, name);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> file.await(AT_END)));
        return file;
    }

    private static final class StandardOutput {
        static final LogFile FILE = standard(FileDescriptor.out, System.out.charset(), CAPACITY, "output");
    }

    private static final class StandardError {
        static final LogFile FILE = standard(FileDescriptor.err, System.err.charset(), SMALL, "errors");
    }

    /**
     * Returns standard output.
     *
     * @return the log, the same each time
     */
    public static LogFile standardOutput() {
        return StandardOutput.FILE;
    }

    /**
     * Returns standard error, for messages. The first call allocates: make it while there is memory.
     *
     * @return the log, the same each time
     */
    public static LogFile standardError() {
        return StandardError.FILE;
    }

    /**
     * Returns the number of lines that were dropped because the buffer was full or a write failed.
     *
     * @return the number
     */
    public synchronized long dropped() {
        return dropped;
    }

    /**
     * Adds a line. Never blocks.
     *
     * @param line the line, without its end
     */
    public void write(String line) {
        write(ByteBuffer.wrap((line + System.lineSeparator()).getBytes(charset)), 1);
    }

    /**
     * Adds a line about a failure. Never blocks, and never throws: drops the line if it cannot be made, such as for
     * lack of memory.
     *
     * @param what what has failed
     * @param cause the reason
     */
    public void write(String what, Throwable cause) {
        try {
            write(what + ": " + cause);
        } catch (RuntimeException | Error e) {
            drop(1);
        }
    }

    private synchronized void drop(int count) {
        dropped += count;
    }

    /**
     * Adds whole lines, all or none. Never blocks.
     *
     * @param lines the lines, with their ends
     * @param count their number
     */
    public synchronized void write(ByteBuffer lines, int count) {
        if (closed || lines.remaining() > coming.remaining()) {
            dropped += count;
            return;
        }
        coming.put(lines);
        notifyAll();
    }

    /**
     * Waits until all lines are written, and then until dropped lines are reported, each for a limited time.
     *
     * @param time the maximum time of each
     */
    public void await(Duration time) {
        awaitWritten(time);
        if (this != standardError()) {
            standardError().awaitWritten(time);
        }
    }

    private synchronized void awaitWritten(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            for (long left; (writing || coming.position() > 0) && (left = end - System.nanoTime()) > 0;) {
                wait(left / 1_000_000 + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits at most a second until all lines are written, and closes the file. */
    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        await(AT_END);
        channel.close();
    }

    // ---- the thread that writes

    private void run() {
        try {
            for (ByteBuffer lines; (lines = next()) != null;) {
                flush(lines);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // not expected
        }
    }

    private void flush(ByteBuffer lines) {
        Throwable trouble = null;
        try {
            if (cutOff) {
                writeFully(end.clear());
                cutOff = false;
            }
            writeFully(lines);
        } catch (IOException | RuntimeException | Error e) {
            trouble = e;
            cutOff = lines.position() == 0 ? cutOff : lines.get(lines.position() - 1) != '\n';
        }
        try {
            report(trouble, lines);
        } catch (RuntimeException | Error e) {
            // no memory for the report: the next one includes these lines
        }
    }

    private void writeFully(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0) {
                LockSupport.parkNanos(PAUSE); // another process set the pipe or terminal to non-blocking
            }
        }
    }

    /** Waits for lines and returns them, or null once this is closed. */
    private synchronized ByteBuffer next() throws InterruptedException {
        writing = false;
        notifyAll();
        while (coming.position() == 0) {
            if (closed) {
                return null;
            }
            wait();
        }
        ByteBuffer lines = coming.flip();
        coming = going.clear();
        going = lines;
        writing = true;
        return lines;
    }

    /** Reports the lines that were dropped or not written since the last report. */
    private void report(Throwable trouble, ByteBuffer unwritten) {
        long lost;
        synchronized (this) {
            while (unwritten.hasRemaining()) {
                dropped += unwritten.get() == '\n' ? 1 : 0;
            }
            lost = dropped - reported;
        }
        LogFile errors = standardError();
        if (lost > 0 && (trouble == null || this != errors)) {
            errors.write(name + ": " + lost + " lines were dropped"
                + (trouble == null ? " because the buffer or the heap was full" : ": " + trouble.getMessage()));
        }
        synchronized (this) {
            reported += lost;
        }
    }
}
