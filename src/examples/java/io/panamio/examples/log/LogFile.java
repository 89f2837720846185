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
 * Where lines of loops go: a file, to whose end they are added, or what the process began with. A thread of its own
 * writes them, so that a loop never waits for a disk, a halted terminal or a pipe that nobody reads. It may be 2 MiB
 * behind, for standard error 32 KiB; what comes then is dropped, counted, and told on standard error.
 *
 * <p>All methods are for any thread.
 */
public final class LogFile implements AutoCloseable {
    private static final int CAPACITY = 1 << 20;
    private static final int FEW = 1 << 14;
    private static final long PAUSE = 10_000_000;
    /** How long the end of the process waits for what is not written. */
    private static final Duration AT_END = Duration.ofSeconds(1);

    private final FileChannel channel;
    private final Charset charset;
    private final String name;
    /** What loops have said since the writer was last here. With all below guarded by this. */
    private ByteBuffer coming;
    private ByteBuffer going;
    private boolean writing;
    private boolean closed;
    private long dropped;
    private long told;

    private LogFile(FileChannel channel, Charset charset, int capacity, String name) {
        this.channel = channel;
        this.charset = charset;
        this.name = name;
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
            return new LogFile(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND),
                StandardCharsets.UTF_8, CAPACITY, "log");
        } catch (FileSystemException e) {
            String why = e instanceof NoSuchFileException ? "no such folder"
                : e instanceof AccessDeniedException ? "permission denied" : e.getReason();
            throw new IOException("cannot open the log " + path + ": " + why, e);
        }
    }

    /** Both are one for all, as long as the process. Its end waits for what was said last. */
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
        static final LogFile FILE = standard(FileDescriptor.err, System.err.charset(), FEW, "errors");
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
     * Returns standard error, for messages. Who may be without memory later asks for it before.
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

    /**
     * Takes a line, and returns at once.
     *
     * @param line the line, without its end
     */
    public void write(String line) {
        write(ByteBuffer.wrap((line + System.lineSeparator()).getBytes(charset)), 1);
    }

    /**
     * Takes a line about a failure, and returns at once. Without memory for the line it is dropped.
     *
     * @param what what has failed
     * @param cause why
     */
    public void write(String what, Throwable cause) {
        try {
            write(what + ": " + cause);
        } catch (OutOfMemoryError e) {
            drop(1);
        }
    }

    private synchronized void drop(int count) {
        dropped += count;
    }

    /**
     * Takes whole lines, all or none, and returns at once.
     *
     * @param lines the lines, with their ends
     * @param count how many they are
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
     * Waits until all is written, and reported what was dropped, but no longer than some time, for either.
     *
     * @param time how long
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

    /** Writes what was taken, for at most a second, and closes the file. */
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
                String trouble = null;
                try {
                    while (lines.hasRemaining()) {
                        if (channel.write(lines) == 0) {
                            LockSupport.parkNanos(PAUSE); // somebody has made a pipe or a terminal non-blocking
                        }
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
        LogFile errors = standardError();
        if (lost > 0 && (trouble == null || this != errors)) {
            errors.write(name + ": " + lost + " lines were dropped"
                + (trouble == null ? ", as those before them were not taken" : ": " + trouble));
        }
    }
}
