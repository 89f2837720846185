package io.panamio.examples.serve.files;

import io.panamio.pipeline.FileSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Opens the files below one directory, the root, and reads their status: {@link LinuxFiles} on Linux, {@link JdkFiles}
 * on every other system. A path is absolute, in bytes with a NUL at its end, separated by slashes on every system. The
 * status that was read last is in the fields. Not thread-safe.
 */
public abstract class FileAccess {
    /** Why a file could not be opened. */
    public enum Failure {
        /** It does not exist. */
        ABSENT("no such file or directory"),
        /** Its path leads nowhere: through a regular file, in a circle of links, or with a name that is too long. */
        UNREACHABLE("not a path of a file"),
        /** Permission denied, or not a kind of file that can be opened. */
        FORBIDDEN("permission denied"),
        /** The limit on open files of the process or of the system is reached. */
        OUT_OF_DESCRIPTORS("too many open files"),
        /** The system is out of memory. */
        OUT_OF_MEMORY("out of memory"),
        /** Another error. */
        OTHER("input/output error");

        private final String text;

        Failure(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Receives the entries of a directory. */
    public interface Entries {
        /**
         * Receives an entry.
         *
         * @param name its name
         * @param known whether its status is in the fields: that of the target if it is a symbolic link. False if there
         *     is none, or if the link leads out of the root
         * @return whether to continue
         */
        boolean add(byte[] name, boolean known);
    }

    /** A file or directory that is open for reading. */
    public interface Opened extends AutoCloseable {
        /**
         * Reads its status into the fields.
         *
         * @return whether it is a regular file or a directory below the root
         * @throws IOException if its location cannot be determined
         */
        boolean isServed() throws IOException;

        /**
         * Reads the first bytes of this file.
         *
         * @param to the memory to read into
         * @param at the offset in that memory
         * @param length the number of bytes
         * @return whether all could be read
         */
        boolean read(MemorySegment to, long at, long length);

        /**
         * {@return whether nothing can be read from this file} A file of procfs has size 0 and may have content.
         */
        boolean isEmpty();

        /**
         * Passes this file on to a source, which closes it; {@link #close} does nothing from then on.
         *
         * @return the source
         * @throws IOException if the file cannot be sent
         */
        FileSource toSource() throws IOException;

        /**
         * Reads the entries of this directory, except {@code .} and {@code ..}.
         *
         * @param entries receives them, and may end the list
         * @return null, or the reason why the directory could not be read
         */
        Failure list(Entries entries);

        @Override
        void close();
    }

    /** Whether the last status is that of a regular file. */
    public boolean isRegular;
    /** Whether the last status is that of a directory. */
    public boolean isDirectory;
    /** The size in bytes. */
    public long size;
    /** The time of the last modification in seconds since the epoch, rounded down. */
    public long seconds;
    /** The nanoseconds of that time. */
    public int nanos;
    /** Identifies the file on its device; 0 where the system has no such number. */
    public long inode;
    /** Identifies the device; 0 where that is unknown. */
    public long device;
    /** The reason of the last {@link #open} that failed. */
    public Failure failure;

    /** The real path of the root. */
    final Path root;

    FileAccess(Path root) {
        this.root = root;
    }

    /**
     * Returns the access to files that is best on this system.
     *
     * @param root the directory whose files are opened, as a real path
     * @return the access, of one thread at a time
     */
    public static FileAccess of(Path root) {
        return System.getProperty("os.name").equals("Linux") ? new LinuxFiles(root) : new JdkFiles(root);
    }

    /**
     * Opens a file or directory for reading.
     *
     * @param path the path
     * @return the open file, or null: then {@link #failure} is the reason
     */
    public abstract Opened open(MemorySegment path);

    /**
     * Reads the status of the file at a path into the fields; links are followed.
     *
     * @param path the path
     * @return whether there is such a file
     */
    public abstract boolean stat(MemorySegment path);
}
