package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import io.panamio.bindings.windows._AFD_POLL_HANDLE_INFO;
import io.panamio.bindings.windows._AFD_POLL_INFO;
import io.panamio.bindings.windows._IO_STATUS_BLOCK;
import io.panamio.bindings.windows._OBJECT_ATTRIBUTES;
import io.panamio.bindings.windows._UNICODE_STRING;
import io.panamio.sys.NativeScratch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A handle of AFD, the driver of sockets, through which some sockets are polled, and the memory of their requests: an
 * IO_STATUS_BLOCK and an AFD_POLL_INFO each, which the system writes to until a request completes. The number of
 * sockets of a handle is limited, since a cancel searches all its requests. Guarded by the selector.
 */
final class AfdGroup {
    /** The maximum number of sockets. */
    static final int SIZE = 32;

    private static final int INFO = (int) _IO_STATUS_BLOCK.sizeof();
    private static final int INFO_SIZE = (int) _AFD_POLL_INFO.sizeof();
    private static final int BLOCK_SIZE = INFO + INFO_SIZE;
    private static final int TIMEOUT = INFO + (int) _AFD_POLL_INFO.Timeout$offset();
    private static final int COUNT = INFO + (int) _AFD_POLL_INFO.NumberOfHandles$offset();
    private static final int EXCLUSIVE = INFO + (int) _AFD_POLL_INFO.Exclusive$offset();
    private static final int HANDLES = INFO + (int) _AFD_POLL_INFO.Handles$offset();
    private static final int SOCKET = HANDLES + (int) _AFD_POLL_HANDLE_INFO.Handle$offset();
    private static final int EVENTS = HANDLES + (int) _AFD_POLL_HANDLE_INFO.Events$offset();
    private static final int STATUS = HANDLES + (int) _AFD_POLL_HANDLE_INFO.Status$offset();

    /** A name below that of the driver, which alone would open a socket. */
    private static final String DEVICE = "\\Device\\Afd\\Panamio";

    private final int handle;
    private final MemorySegment memory;
    private final ByteBuffer blocks;
    private final MemorySegment cancelStatus;
    private final PollRequest[] requests = new PollRequest[SIZE];
    private int count;

    private AfdGroup(int handle, MemorySegment memory) {
        this.handle = handle;
        this.memory = memory;
        blocks = NativeScratch.bytes(memory);
        cancelStatus = memory.asSlice((long) SIZE * BLOCK_SIZE, INFO);
    }

    /** Opens a handle whose completions arrive at a port with a key. */
    static AfdGroup open(int port, long key) throws IOException {
        int handle = openDevice();
        try {
            int r = Kernel32.associate(handle, port, key);
            if (r < 0) {
                throw Errors.io("CreateIoCompletionPort", -r);
            }
            r = Kernel32.setCompletionModes(handle, Windows.FILE_SKIP_SET_EVENT_ON_HANDLE);
            if (r < 0) {
                throw Errors.io("SetFileCompletionNotificationModes", -r);
            }
            return new AfdGroup(handle, Memory.allocate((long) SIZE * BLOCK_SIZE + INFO));
        } catch (Throwable t) {
            Kernel32.closeHandle(handle);
            throw t;
        }
    }

    private static int openDevice() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            byte[] name = DEVICE.getBytes(StandardCharsets.UTF_16LE);
            MemorySegment unicode = _UNICODE_STRING.allocate(arena);
            _UNICODE_STRING.Length(unicode, (short) name.length);
            _UNICODE_STRING.MaximumLength(unicode, (short) name.length);
            _UNICODE_STRING.Buffer(unicode, arena.allocateFrom(ValueLayout.JAVA_BYTE, name));
            MemorySegment attributes = _OBJECT_ATTRIBUTES.allocate(arena);
            _OBJECT_ATTRIBUTES.Length(attributes, (int) _OBJECT_ATTRIBUTES.sizeof());
            _OBJECT_ATTRIBUTES.ObjectName(attributes, unicode);
            MemorySegment handle = arena.allocate(ValueLayout.JAVA_LONG);
            int status = Ntdll.openDevice(handle, attributes, _IO_STATUS_BLOCK.allocate(arena));
            if (status < 0) {
                throw Errors.status("NtCreateFile " + DEVICE, status);
            }
            return (int) handle.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    // ---- requests

    boolean isFull() {
        return count == SIZE;
    }

    boolean isEmpty() {
        return count == 0;
    }

    void add(PollRequest request) {
        int i = 0;
        while (requests[i] != null) {
            i++;
        }
        requests[i] = request;
        request.group = this;
        request.index = i;
        count++;
    }

    void remove(PollRequest request) {
        requests[request.index] = null;
        count--;
    }

    /** Returns the request at an index, or null. */
    PollRequest get(int index) {
        return requests[index];
    }

    /** Returns the request whose block is at an address. */
    PollRequest at(long address) {
        return requests[(int) ((address - memory.address()) / BLOCK_SIZE)];
    }

    /** Posts a request; returns its NTSTATUS, of which STATUS_SUCCESS and STATUS_PENDING lead to a packet. */
    int post(int index, int socket, int conditions) {
        int at = index * BLOCK_SIZE;
        blocks.putInt(at, Windows.STATUS_PENDING).putLong(at + TIMEOUT, Long.MAX_VALUE).putInt(at + COUNT, 1)
            .putInt(at + EXCLUSIVE, 0).putLong(at + SOCKET, socket).putInt(at + EVENTS, conditions)
            .putInt(at + STATUS, 0);
        long address = memory.address() + at;
        return Ntdll.control(handle, Windows.IOCTL_AFD_POLL, address, address + INFO, INFO_SIZE);
    }

    /** Cancels a request, unless it is complete; its packet arrives in either case. */
    void cancel(int index) {
        if (status(index) == Windows.STATUS_PENDING) {
            Ntdll.cancel(handle, memory.address() + (long) index * BLOCK_SIZE, cancelStatus);
        }
    }

    /** Returns the NTSTATUS of a request. */
    int status(int index) {
        return blocks.getInt(index * BLOCK_SIZE);
    }

    /** Returns the conditions that a request has found, 0 if none. */
    int conditions(int index) {
        int at = index * BLOCK_SIZE;
        return blocks.getInt(at + COUNT) < 1 ? 0 : blocks.getInt(at + EVENTS);
    }

    /**
     * Closes the handle.
     *
     * @param free whether no request is pending, so that the memory can be freed
     */
    void close(boolean free) {
        Kernel32.closeHandle(handle);
        if (free) {
            Kernel32.free(memory.address());
        }
    }
}
