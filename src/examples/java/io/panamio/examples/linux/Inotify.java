package io.panamio.examples.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A directory, readable once an entry of it has changed: inotify(7).
 *
 * <p>Requires native access, see {@link Descriptor}.
 */
public final class Inotify extends Descriptor {
    // bits/inotify.h, sys/inotify.h
    private static final int IN_NONBLOCK = 04000;
    private static final int IN_CLOEXEC = 02000000;
    private static final int IN_CLOSE_WRITE = 0x8;
    private static final int IN_MOVED_FROM = 0x40;
    private static final int IN_MOVED_TO = 0x80;
    private static final int IN_CREATE = 0x100;
    private static final int IN_DELETE = 0x200;
    private static final int IN_IGNORED = 0x8000;
    private static final int IN_ONLYDIR = 0x1000000;
    private static final int WATCHED = IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE;

    // struct inotify_event, whose name is padded with zeros
    private static final long MASK = 4;
    private static final long LENGTH = 12;
    private static final long NAME = 16;

    /** What has happened to a file. */
    public enum What {
        /** It was created. */
        CREATED,
        /** It was written to and closed. */
        WRITTEN,
        /** It was moved here. */
        MOVED_IN,
        /** It was moved away. */
        MOVED_OUT,
        /** It was deleted. */
        DELETED,
        /** The queue of the kernel has overflowed: changes are lost. */
        OVERFLOW,
        /** The directory itself was deleted. */
        GONE
    }

    /**
     * One change.
     *
     * @param what what has happened
     * @param name the name of the file in the directory, which preserves its bytes even if they are not text; empty if
     *     there is none
     */
    public record Change(What what, Path name) {
    }

    /**
     * Starts watching a directory.
     *
     * @param directory the directory
     * @throws IOException if it is not a directory, or a system call fails
     */
    public Inotify(Path directory) throws IOException {
        super(SystemCalls.call("inotify_init1", IN_NONBLOCK | IN_CLOEXEC), 64 * 1024);
        try {
            SystemCalls.call("inotify_add_watch", fd(), SystemCalls.bytes(directory), WATCHED | IN_ONLYDIR);
        } catch (IOException e) {
            close();
            throw new IOException(directory + ": " + e.getMessage(), e);
        }
    }

    /**
     * Takes the changes since the last call.
     *
     * @return the changes in order, possibly none
     * @throws IOException if a system call fails
     */
    public List<Change> changes() throws IOException {
        List<Change> changes = new ArrayList<>();
        for (long end; (end = read()) > 0;) {
            for (long at = 0; at < end; at += NAME + buffer.get(JAVA_INT, at + LENGTH)) {
                changes.add(new Change(what(buffer.get(JAVA_INT, at + MASK)), name(at)));
            }
        }
        return changes;
    }

    private Path name(long event) {
        int length = 0;
        while (length < buffer.get(JAVA_INT, event + LENGTH) && buffer.get(JAVA_BYTE, event + NAME + length) != 0) {
            length++;
        }
        return SystemCalls.path(buffer.asSlice(event + NAME, length).toArray(JAVA_BYTE));
    }

    private static What what(int mask) {
        return (mask & IN_CREATE) != 0 ? What.CREATED
            : (mask & IN_DELETE) != 0 ? What.DELETED
            : (mask & IN_CLOSE_WRITE) != 0 ? What.WRITTEN
            : (mask & IN_MOVED_TO) != 0 ? What.MOVED_IN
            : (mask & IN_MOVED_FROM) != 0 ? What.MOVED_OUT
            : (mask & IN_IGNORED) != 0 ? What.GONE
            : What.OVERFLOW; // IN_Q_OVERFLOW
    }
}
