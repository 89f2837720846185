package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._OVERLAPPED;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Files, read from an offset. TransmitFile is not used: its request would tie the socket to one completion port, so
 * that it could not be registered with another {@code Poll} later. Files are read and written instead.
 */
final class WindowsTransfers extends Transfers {
    /** The least length of a name that needs a prefix. */
    private static final int MAX_NAME = 248;

    @Override
    public int openFile(Path path) throws IOException {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new IllegalArgumentException("a path of another file system: " + path);
        }
        try (Arena arena = Arena.ofConfined()) {
            int r = Kernel32.openFile(arena.allocateFrom(name(path), StandardCharsets.UTF_16LE));
            if (r == -Windows.ERROR_ACCESS_DENIED && Files.isDirectory(path)) {
                throw new IllegalArgumentException("a directory: " + path);
            }
            if (r < 0) {
                throw Errors.open("CreateFileW", path.toString(), -r);
            }
            return r;
        }
    }

    /** Returns a path as the system takes it: a long one only with a prefix. */
    private static String name(Path path) {
        String name = path.toString();
        if (name.length() < MAX_NAME && path.isAbsolute()) {
            return name;
        }
        name = path.toAbsolutePath().normalize().toString();
        return name.length() < MAX_NAME ? name
            : name.startsWith("\\\\") ? "\\\\?\\UNC" + name.substring(1) : "\\\\?\\" + name;
    }

    @Override
    public void closeFile(int file) {
        Kernel32.closeHandle(file);
    }

    @Override
    public long fileSize(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Kernel32.getFileSize(fd, scratch.argument);
            if (r == -Windows.ERROR_INVALID_HANDLE) {
                throw Errors.io("GetFileSizeEx", -r);
            }
            if (r < 0 || !Kernel32.isDiskFile(fd)) {
                throw new IllegalArgumentException("descriptor " + fd + " does not refer to a regular file");
            }
            return scratch.argumentBytes.getLong(0);
        }
    }

    @Override
    public long readFile(int file, MemorySegment dst, long position, long count) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            MemorySegment overlapped = scratch.wholeMessage;
            overlapped.fill((byte) 0);
            overlapped.set(JAVA_LONG, _OVERLAPPED.Offset$offset(), position); // OffsetHigh follows
            int size = (int) Math.min(Math.min(count, Winsock.MAX_TRANSFER), Long.MAX_VALUE - position);
            int r = Kernel32.readFile(file, dst, size, scratch.length(0), overlapped);
            while (r == -Windows.ERROR_IO_PENDING || r == -Windows.ERROR_IO_INCOMPLETE) { // a handle for overlapped I/O
                r = Kernel32.awaitResult(file, overlapped.address(), scratch.length); // woken by any of its requests
            }
            if (r < 0 && r != -Windows.ERROR_HANDLE_EOF) {
                throw Errors.io("ReadFile", -r);
            }
            return r < 0 ? 0 : scratch.length();
        }
    }

    @Override
    public long receive(int from, MemorySegment dst, long count) throws IOException {
        return WindowsStreams.receive(from, dst, 0, count, 0);
    }

    @Override
    public long maxTransfer() {
        return Winsock.MAX_TRANSFER;
    }
}
