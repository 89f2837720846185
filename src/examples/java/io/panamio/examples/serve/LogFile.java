package io.panamio.examples.serve;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Where the lines of access logs go: a file, to whose end they are added, or standard output. For any thread. */
public final class LogFile implements AutoCloseable {
    private final FileChannel channel;
    private boolean broken;

    private LogFile(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Opens a file, or makes it.
     *
     * @param path where it is
     * @return the log
     * @throws IOException if it cannot be opened
     */
    public static LogFile of(Path path) throws IOException {
        return new LogFile(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }

    /**
     * Takes standard output.
     *
     * @return the log
     */
    @SuppressWarnings("resource") // standard output stays open as long as the process
    public static LogFile standardOutput() {
        return new LogFile(new FileOutputStream(FileDescriptor.out).getChannel());
    }

    /** Writes whole lines. What cannot be written is lost: that is said once, and no reason to serve no more. */
    synchronized void write(ByteBuffer lines) {
        try {
            while (lines.hasRemaining()) {
                channel.write(lines);
            }
            broken = false;
        } catch (IOException e) {
            if (!broken) {
                System.err.println("serve: the log: " + e.getMessage());
            }
            broken = true;
        }
    }

    /** Closes the file. */
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
