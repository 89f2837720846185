package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._OVERLAPPED;
import io.panamio.sys.NativeScratch;
import io.panamio.sys.PathNames;
import io.panamio.sys.Transfers;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Files, read from an offset. Windows can send a file by itself (TransmitFile), but only by a request that ties the socket
 * to one completion port for ever, so that it could not be registered with another {@code Poll} later: the users copy.
 */
final class WindowsTransfers extends Transfers {
    @Override
    public int openFile(byte[] path) throws IOException {
        String name = new String(path, PathNames.CHARSET);
        try (Arena arena = Arena.ofConfined()) {
            int r = Kernel32.openFile(arena.allocateFrom(name, StandardCharsets.UTF_16LE));
            if (r < 0) {
                throw Errors.open("CreateFileW", name, -r);
            }
            return r;
        }
    }

    @Override
    public long fileSize(int fd) throws IOException {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = Kernel32.getFileSize(fd, scratch.argument);
            if (r == -Windows.ERROR_INVALID_HANDLE) {
                throw Errors.io("GetFileSizeEx", -r);
            }
            if (r < 0 || !Kernel32.isDiskFile(fd)) {
                throw new IllegalArgumentException("descriptor " + fd + " is not a regular file's");
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
            int r = Kernel32.readFile(file, dst, (int) Math.min(count, Winsock.MAX_TRANSFER), scratch.length(0),
                overlapped);
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
