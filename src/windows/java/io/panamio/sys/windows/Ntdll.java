package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;

/**
 * The functions of ntdll.dll, raw: a result is an NTSTATUS, which is an error if it is negative. For the handles of
 * methods see {@link Winsock}.
 */
final class Ntdll {
    private static final Dll DLL = Dll.load("ntdll");

    private static MethodHandle call = Dll.link(11);

    private Ntdll() {
    }

    private static int call(MemorySegment function, long a, long b, long c, long d, long e, long f, long g, long h,
            long i, long j, long k) {
        try {
            return (int) (long) call.invokeExact(function, a, b, c, d, e, f, g, h, i, j, k);
        } catch (Throwable t) {
            throw Dll.unexpected(t);
        }
    }

    private static final MemorySegment CREATE_FILE = DLL.function("NtCreateFile");

    /** NtCreateFile, which opens a device; writes its handle. */
    static int openDevice(MemorySegment handle, MemorySegment attributes, MemorySegment status) {
        int r = call(CREATE_FILE, handle.address(), Windows.SYNCHRONIZE, attributes.address(), status.address(), 0, 0,
            Windows.FILE_SHARE_READ | Windows.FILE_SHARE_WRITE, Windows.FILE_OPEN, 0, 0, 0);
        Reference.reachabilityFence(handle);
        Reference.reachabilityFence(attributes);
        Reference.reachabilityFence(status);
        return r;
    }

    private static final MemorySegment DEVICE_IO_CONTROL = DLL.function("NtDeviceIoControlFile");

    /**
     * NtDeviceIoControlFile with a request that the system completes with a packet, and writes to until then.
     *
     * @param request the address of an IO_STATUS_BLOCK, which the packet contains
     */
    static int control(int handle, int code, long request, long buffer, int size) {
        return call(DEVICE_IO_CONTROL, handle, 0, 0, request, request, code, buffer, size, buffer, size, 0);
    }

    private static final MemorySegment CANCEL = DLL.function("NtCancelIoFileEx");

    /** NtCancelIoFileEx: the request completes with a packet as before. */
    static int cancel(int handle, long request, MemorySegment status) {
        int r = call(CANCEL, handle, request, status.address(), 0, 0, 0, 0, 0, 0, 0, 0);
        Reference.reachabilityFence(status);
        return r;
    }

    private static final class Errors {
        static final MemorySegment TO_ERROR = DLL.function("RtlNtStatusToDosError");
    }

    /** Returns the error code of a status. */
    static int error(int status) {
        return call(Errors.TO_ERROR, status, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
