package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * The functions of kernel32.dll and kernelbase.dll, raw: a result is that of the function, or the negated error code,
 * such as {@code -ERROR_BROKEN_PIPE}; a BOOL is 0 if it is true. Nothing is checked or retried here. A handle is an
 * int, as the handles of Windows have 32 bits. For the handles of methods see {@link Winsock}.
 */
final class Kernel32 {
    private static final Dll DLL = Dll.load("kernel32");
    private static final Linker.Option ERROR = Linker.Option.captureCallState("GetLastError");
    private static final int CODE = NativeScratch.captureOffset("GetLastError");

    private static MethodHandle call = Dll.link(6, ERROR);

    private Kernel32() {
    }

    /** Calls a function that returns a BOOL, with up to six integers or addresses; the others are 0. */
    static int bool(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = (int) (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r != 0 ? 0 : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** Calls a function that returns a handle, or else NULL or INVALID_HANDLE_VALUE. */
    private static int handle(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            int r = (int) (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r > 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** Calls a function that returns an address, or else NULL. */
    private static long address(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            long r = (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f);
            return r != 0 ? r : -scratch.captured(CODE);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** The shape of functions with more arguments. */
    private static final class More {
        private static MethodHandle call = Dll.link(11, ERROR);

        static int handle(MemorySegment function, long a, long b, long c, long d, long e, long f, long g, long h) {
            try (NativeScratch scratch = NativeScratch.enter()) {
                int r = (int) (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f, g, h, 0L, 0L, 0L);
                return r > 0 ? r : -scratch.captured(CODE);
            } catch (Throwable t) {
                throw Dll.unexpected(t);
            }
        }

        static long address(MemorySegment function, long a, long b, long c, long d, long e, long f, long g, long h,
                long i) {
            try (NativeScratch scratch = NativeScratch.enter()) {
                long r = (long) call.invokeExact(function, scratch.capture, a, b, c, d, e, f, g, h, i, 0L, 0L);
                return r != 0 ? r : -scratch.captured(CODE);
            } catch (Throwable t) {
                throw Dll.unexpected(t);
            }
        }
    }

    // ---- handles

    private static final MemorySegment CLOSE_HANDLE = DLL.function("CloseHandle");

    static int closeHandle(int handle) {
        return bool(CLOSE_HANDLE, handle, 0, 0, 0, 0, 0);
    }

    private static final class Handles {
        static final MemorySegment SET_INFORMATION = DLL.function("SetHandleInformation");
    }

    static int setHandleInformation(int handle, int mask, int flags) {
        return bool(Handles.SET_INFORMATION, handle, mask, flags, 0, 0, 0);
    }

    // ---- completion ports

    private static final MemorySegment CREATE_PORT = DLL.function("CreateIoCompletionPort");

    /** Creates a port. */
    static int createPort() {
        return handle(CREATE_PORT, -1, 0, 0, 0, 0, 0);
    }

    /** Associates a handle with a port, at which its completions arrive with a key from then on. */
    static int associate(int handle, int port, long key) {
        return handle(CREATE_PORT, handle, port, key, 0, 0, 0);
    }

    private static final MemorySegment SET_MODES = DLL.function("SetFileCompletionNotificationModes");

    static int setCompletionModes(int handle, int modes) {
        return bool(SET_MODES, handle, modes, 0, 0, 0, 0);
    }

    private static final MemorySegment DEQUEUE = DLL.function("GetQueuedCompletionStatusEx");

    /** GetQueuedCompletionStatusEx, not alertable: writes the number of entries to {@code removed}. */
    static int dequeue(int port, MemorySegment entries, int count, MemorySegment removed, int millis) {
        int r = bool(DEQUEUE, port, entries.address(), count, removed.address(), millis, 0);
        Reference.reachabilityFence(entries);
        Reference.reachabilityFence(removed);
        return r;
    }

    private static final MemorySegment POST = DLL.function("PostQueuedCompletionStatus");

    /** Posts a packet without a request. */
    static int post(int port, long key) {
        return bool(POST, port, 0, key, 0, 0, 0);
    }

    // ---- files

    private static final class Files {
        static final MemorySegment CREATE = DLL.function("CreateFileW");
        static final MemorySegment READ = DLL.function("ReadFile");
        static final MemorySegment GET_TYPE = DLL.function("GetFileType");
        static final MemorySegment GET_SIZE = DLL.function("GetFileSizeEx");
    }

    /** CreateFileW, which opens a file for reading that others may write, rename and delete. */
    static int openFile(MemorySegment path) {
        int r = More.handle(Files.CREATE, path.address(), Windows.GENERIC_READ,
            Windows.FILE_SHARE_READ | Windows.FILE_SHARE_WRITE | Windows.FILE_SHARE_DELETE, 0, Windows.OPEN_EXISTING,
            Windows.FILE_ATTRIBUTE_NORMAL, 0, 0);
        Reference.reachabilityFence(path);
        return r;
    }

    /** ReadFile, from the offset in an OVERLAPPED; writes the number of bytes. */
    static int readFile(int file, MemorySegment dst, int count, MemorySegment read, MemorySegment overlapped) {
        int r = bool(Files.READ, file, dst.address(), count, read.address(), overlapped.address(), 0);
        Reference.reachabilityFence(dst);
        Reference.reachabilityFence(read);
        Reference.reachabilityFence(overlapped);
        return r;
    }

    /** Returns whether a handle is one of a file on a disk. */
    static boolean isDiskFile(int file) {
        return fileType(file) == Windows.FILE_TYPE_DISK;
    }

    /** Returns whether a handle is an open one of a file, a pipe, a console or a socket. */
    static boolean isFile(int file) {
        return fileType(file) != Windows.FILE_TYPE_UNKNOWN;
    }

    /** Returns whether a handle is one of a pipe or a socket. */
    static boolean isPipe(int file) {
        return fileType(file) == Windows.FILE_TYPE_PIPE;
    }

    private static int fileType(int file) {
        try (NativeScratch scratch = NativeScratch.enter()) {
            return (int) (long) call.invokeExact(Files.GET_TYPE, scratch.capture, (long) file, 0L, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    /** GetFileSizeEx: writes the size. */
    static int getFileSize(int file, MemorySegment size) {
        int r = bool(Files.GET_SIZE, file, size.address(), 0, 0, 0, 0);
        Reference.reachabilityFence(size);
        return r;
    }

    // ---- pipes

    private static final class NamedPipes {
        static final MemorySegment CREATE = DLL.function("CreateNamedPipeW");
        static final MemorySegment WRITE = DLL.function("WriteFile");
        static final MemorySegment CANCEL = DLL.function("CancelIoEx");
        static final MemorySegment GET_RESULT = DLL.function("GetOverlappedResult");
        static final MemorySegment CONNECT = DLL.function("ConnectNamedPipe");
        static final MemorySegment DISCONNECT = DLL.function("DisconnectNamedPipe");
        static final MemorySegment SET_STATE = DLL.function("SetNamedPipeHandleState");
    }

    /**
     * CreateNamedPipeW, with buffers of a size for both directions.
     *
     * @param security SECURITY_ATTRIBUTES, or NULL
     */
    static int createNamedPipe(MemorySegment name, int openMode, int mode, int instances, int size,
            MemorySegment security) {
        int r = More.handle(NamedPipes.CREATE, name.address(), openMode, mode, instances, size, size, 0,
            security.address());
        Reference.reachabilityFence(name);
        Reference.reachabilityFence(security);
        return r;
    }

    /**
     * CreateFileW, which opens the other end of a named pipe; its server may identify this process, but not act as it.
     */
    static int openNamedPipe(MemorySegment name, int access) {
        int r = More.handle(Files.CREATE, name.address(), Integer.toUnsignedLong(access), 0, 0, Windows.OPEN_EXISTING,
            Windows.FILE_FLAG_OVERLAPPED | Windows.SECURITY_SQOS_PRESENT | Windows.SECURITY_IDENTIFICATION, 0, 0);
        Reference.reachabilityFence(name);
        return r;
    }

    /** ReadFile by a request; writes the number of bytes to {@code read} if it is complete at once. */
    static int readPipe(int pipe, long address, int count, MemorySegment read, long overlapped) {
        int r = bool(Files.READ, pipe, address, count, read.address(), overlapped, 0);
        Reference.reachabilityFence(read);
        return r;
    }

    /** WriteFile by a request; writes the number of bytes to {@code written} if it is complete at once. */
    static int writePipe(int pipe, long address, int count, MemorySegment written, long overlapped) {
        int r = bool(NamedPipes.WRITE, pipe, address, count, written.address(), overlapped, 0);
        Reference.reachabilityFence(written);
        return r;
    }

    /** ConnectNamedPipe by a request. */
    static int connectPipe(int pipe, long overlapped) {
        return bool(NamedPipes.CONNECT, pipe, overlapped, 0, 0, 0, 0);
    }

    static int disconnectPipe(int pipe) {
        return bool(NamedPipes.DISCONNECT, pipe, 0, 0, 0, 0, 0);
    }

    /** SetNamedPipeHandleState of the mode. */
    static int setPipeState(int pipe, MemorySegment mode) {
        int r = bool(NamedPipes.SET_STATE, pipe, mode.address(), 0, 0, 0, 0);
        Reference.reachabilityFence(mode);
        return r;
    }

    /** CancelIoEx: the request completes nevertheless. */
    static int cancel(int file, long overlapped) {
        return bool(NamedPipes.CANCEL, file, overlapped, 0, 0, 0, 0);
    }

    /** GetOverlappedResult, which waits until the request is complete. */
    static int awaitResult(int file, long overlapped, MemorySegment moved) {
        int r = bool(NamedPipes.GET_RESULT, file, overlapped, moved.address(), 1, 0, 0);
        Reference.reachabilityFence(moved);
        return r;
    }

    // ---- memory

    private static final MemorySegment GET_HEAP = DLL.function("GetProcessHeap");
    private static final MemorySegment HEAP_ALLOC = DLL.function("HeapAlloc");
    private static final MemorySegment HEAP_FREE = DLL.function("HeapFree");
    private static final int HEAP_ZERO_MEMORY = 8;

    private static final class Heap {
        static final long HANDLE = address(GET_HEAP, 0, 0, 0, 0, 0, 0);
    }

    /** Allocates zeroed memory, 16-byte aligned; returns its address, or a negative number. */
    static long allocate(long bytes) {
        return address(HEAP_ALLOC, Heap.HANDLE, HEAP_ZERO_MEMORY, bytes, 0, 0, 0);
    }

    static void free(long block) {
        bool(HEAP_FREE, Heap.HANDLE, 0, block, 0, 0, 0);
    }

    private static final class Pages {
        static final MemorySegment GET_SYSTEM_INFO = DLL.function("GetSystemInfo");
        static final MemorySegment ALLOC = DLL.function("VirtualAlloc");
        static final MemorySegment FREE = DLL.function("VirtualFree");
        static final MemorySegment CREATE_MAPPING = DLL.function("CreateFileMappingW");
        static final MemorySegment UNMAP_VIEW = DLL.function("UnmapViewOfFile");
    }

    /** The functions of Windows 10 1803. */
    private static final class Placeholders {
        static final Dll BASE = Dll.load("kernelbase");
        static final MemorySegment ALLOC2 = BASE.functionOrNull("VirtualAlloc2");
        static final MemorySegment MAP3 = BASE.functionOrNull("MapViewOfFile3");
    }

    static void getSystemInfo(MemorySegment info) {
        bool(Pages.GET_SYSTEM_INFO, info.address(), 0, 0, 0, 0, 0);
        Reference.reachabilityFence(info);
    }

    /** VirtualAlloc of new zeroed pages. */
    static long virtualAlloc(long size) {
        return address(Pages.ALLOC, 0, size, Windows.MEM_RESERVE | Windows.MEM_COMMIT, Windows.PAGE_READWRITE, 0, 0);
    }

    static int virtualFree(long address, long size, int kind) {
        return bool(Pages.FREE, address, size, kind, 0, 0, 0);
    }

    /** CreateFileMappingW of zeroed memory. */
    static int createMapping(long size) {
        return handle(Pages.CREATE_MAPPING, -1, 0, Windows.PAGE_READWRITE, size >>> 32, size & 0xFFFF_FFFFL, 0);
    }

    /** Returns whether the system can map the same memory at adjacent addresses. */
    static boolean hasPlaceholders() {
        return Placeholders.ALLOC2 != null && Placeholders.MAP3 != null;
    }

    /** VirtualAlloc2 of a placeholder. */
    static long reservePlaceholder(long size) {
        return More.address(Placeholders.ALLOC2, 0, 0, size, Windows.MEM_RESERVE | Windows.MEM_RESERVE_PLACEHOLDER,
            Windows.PAGE_NOACCESS, 0, 0, 0, 0);
    }

    /** MapViewOfFile3 in the place of a placeholder. */
    static long mapPlaceholder(int mapping, long address, long size) {
        return More.address(Placeholders.MAP3, mapping, 0, address, 0, size, Windows.MEM_REPLACE_PLACEHOLDER,
            Windows.PAGE_READWRITE, 0, 0);
    }

    static int unmapView(long address) {
        return bool(Pages.UNMAP_VIEW, address, 0, 0, 0, 0, 0);
    }
}
