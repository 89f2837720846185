package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._SYSTEM_INFO;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory: blocks of the process's heap, and pages. */
final class Memory {
    private Memory() {
    }

    static MemorySegment allocate(long bytes) {
        long address = Kernel32.allocate(bytes);
        if (address < 0) { // HeapAlloc sets no error code
            throw Errors.outOfMemory("HeapAlloc", bytes + " bytes", Windows.ERROR_NOT_ENOUGH_MEMORY);
        }
        return segment(address, bytes);
    }

    static long pageSize() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = _SYSTEM_INFO.allocate(arena);
            Kernel32.getSystemInfo(info);
            return _SYSTEM_INFO.dwPageSize(info);
        }
    }

    static MemorySegment map(long size) {
        long address = Kernel32.virtualAlloc(size);
        if (address < 0) {
            throw Errors.outOfMemory("VirtualAlloc", size + " bytes", (int) -address);
        }
        return segment(address, size);
    }

    static void unmap(MemorySegment mapping) {
        Kernel32.virtualFree(mapping.address(), 0, Windows.MEM_RELEASE);
    }

    /**
     * Maps zeroed memory twice, at adjacent addresses: reserves the addresses as a placeholder, cuts it in two, and
     * replaces each half by a view. Returns null if the system cannot do that, as before Windows 10 1803, or refuses.
     */
    static MemorySegment mapTwice(long size) {
        if (!Kernel32.hasPlaceholders()) {
            return null;
        }
        int mapping = Kernel32.createMapping(size);
        if (mapping < 0) {
            return null;
        }
        try {
            long first = Kernel32.reservePlaceholder(2 * size);
            if (first < 0) {
                return null;
            }
            long second = first + size;
            if (Kernel32.virtualFree(first, size, Windows.MEM_RELEASE | Windows.MEM_PRESERVE_PLACEHOLDER) < 0) {
                Kernel32.virtualFree(first, 0, Windows.MEM_RELEASE);
                return null;
            }
            if (Kernel32.mapPlaceholder(mapping, first, size) < 0) {
                Kernel32.virtualFree(first, 0, Windows.MEM_RELEASE);
                Kernel32.virtualFree(second, 0, Windows.MEM_RELEASE);
                return null;
            }
            if (Kernel32.mapPlaceholder(mapping, second, size) < 0) {
                Kernel32.unmapView(first);
                Kernel32.virtualFree(second, 0, Windows.MEM_RELEASE);
                return null;
            }
            return segment(first, 2 * size);
        } finally {
            Kernel32.closeHandle(mapping); // the views keep the memory
        }
    }

    static void unmapTwice(MemorySegment twice) {
        Kernel32.unmapView(twice.address());
        Kernel32.unmapView(twice.address() + twice.byteSize() / 2);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment segment(long address, long size) {
        return MemorySegment.ofAddress(address).reinterpret(size);
    }
}
