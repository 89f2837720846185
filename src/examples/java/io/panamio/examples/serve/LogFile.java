package io.panamio.examples.serve;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Where lines of loops go: a file, to whose end they are added, or what the process began with. A thread of its own
 * writes them, so that a loop never waits for a disk, a halted terminal or a pipe that nobody reads. It may be 2 MiB
 * behind; what comes then is dropped, counted, and told on standard error.
 *
 * <p>All methods are for any thread.
 */
public final class LogFile implements AutoCloseable {
    private static final int CAPACITY = 1 << 20;
    private static final int FEW = 1 << 14;

    private final FileChannel channel;
    /** What loops have said since the writer was last here. With all below guarded by this. */
    private ByteBuffer coming;
    private ByteBuffer going;
    private boolean writing;
    private boolean closed;
    private long dropped;
    private long told;

    private LogFile(FileChannel channel, int capacity, String name) {
        this.channel = channel;
        coming = ByteBuffer.allocateDirect(capacity);
        going = ByteBuffer.allocateDirect(capacity);
        Thread.ofPlatform().daemon().name(name).start(this::run);
    }

    /**
     * Opens a file, or makes it.
     *
     * @param path where it is
     * @return the log
     * @throws IOException if it cannot be opened, with a message for people
     */
    public static LogFile of(Path path) throws IOException {
        try {
            return new LogFile(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND), CAPACITY,
                "log");
        } catch (FileSystemException e) {
            String why = e instanceof NoSuchFileException ? "no such folder"
                : e instanceof AccessDeniedException ? "permission denied" : e.getReason();
            throw new IOException("cannot open the log " + path + ": " + why, e);
        }
    }

    /**
     * Takes standard output.
     *
     * @return the log
     */
    @SuppressWarnings("resource") // standard output stays open as long as the process
    public static LogFile standardOutput() {
        return new LogFile(new FileOutputStream(FileDescriptor.out).getChannel(), CAPACITY, "log");
    }

    /** Standard error is one for all, as its lines are few. */
    private static final class StandardError {
        @SuppressWarnings("resource") // it stays open as long as the process
        static final LogFile FILE = new LogFile(new FileOutputStream(FileDescriptor.err).getChannel(), FEW, "errors");
    }

    /**
     * Returns standard error, for messages.
     *
     * @return the log, the same each time
     */
    public static LogFile standardError() {
        return StandardError.FILE;
    }

    /**
     * Returns how many lines were dropped, as nobody took those before them or they could not be written.
     *
     * @return the number
     */
    public synchronized long dropped() {
        return dropped;
    }

    /** Takes whole lines, all or none, and returns at once. */
    synchronized void write(ByteBuffer lines, int count) {
        if (closed || lines.remaining() > coming.remaining()) {
            dropped += count;
            return;
        }
        coming.put(lines);
        notifyAll();
    }

    /** Waits until all is written, but no longer than some time. */
    synchronized void await(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            for (long left; (writing || coming.position() > 0) && (left = end - System.nanoTime()) > 0;) {
                wait(left / 1_000_000 + 1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Writes what was taken, for at most a second, and closes the file. */
    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        await(Duration.ofSeconds(1));
        channel.close();
    }

    // ---- the thread that writes

    private void run() {
        try {
            for (ByteBuffer lines; (lines = next()) != null;) {
                String trouble = null;
                try {
                    while (lines.hasRemaining()) {
                        channel.write(lines);
                    }
                } catch (IOException e) {
                    trouble = e.getMessage();
                }
                tell(trouble, lines);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does that
        }
    }

    /** Waits for lines, and returns them; null when this is closed. */
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

    /** Reports what could not be written, or was dropped, since the last report. */
    private void tell(String trouble, ByteBuffer unwritten) {
        long lost;
        synchronized (this) {
            while (unwritten.hasRemaining()) {
                dropped += unwritten.get() == '\n' ? 1 : 0;
            }
            lost = dropped - told;
            told = dropped;
        }
        if (lost > 0) {
            System.err.println("serve: the log: " + lost + " lines were dropped"
                + (trouble == null ? ", as those before them were not taken" : ": " + trouble));
        }
    }
}
