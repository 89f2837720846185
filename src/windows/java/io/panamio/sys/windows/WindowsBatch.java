package io.panamio.sys.windows;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Batch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** The datagrams of a batch, each of which is moved by a call of its own. */
final class WindowsBatch extends Batch {
    private final int size;
    private final MemorySegment[] data;
    private final WindowsAddress[] addresses;
    private final WindowsControl[] controls;
    private final int[] lengths;
    private final boolean[] truncated;
    private int count;
    /** The error of a receive that followed others in one batch, and its socket: see {@link #defer}. */
    private int deferred;
    private int deferredFd;

    WindowsBatch(int capacity, int size, int control) {
        this.size = size;
        Arena arena = Arena.ofAuto();
        MemorySegment bytes = arena.allocate((long) size * capacity, 64);
        data = new MemorySegment[capacity];
        addresses = new WindowsAddress[capacity];
        controls = new WindowsControl[capacity];
        lengths = new int[capacity];
        truncated = new boolean[capacity];
        for (int i = 0; i < capacity; i++) {
            data[i] = bytes.asSlice((long) size * i, size);
            addresses[i] = new WindowsAddress();
            if (control > 0) {
                controls[i] = new WindowsControl(arena, control);
            }
        }
    }

    // ---- before and after a call

    /** Returns the maximum length of a datagram. */
    int size() {
        return size;
    }

    /** Returns the address of a datagram. */
    WindowsAddress address(int i) {
        return addresses[i];
    }

    /** Takes over the next datagram that was received; {@code bytes} exceeds the size if it was truncated. */
    void received(int i, int bytes) {
        lengths[i] = Math.min(bytes, size);
        truncated[i] = bytes > size;
        count = i + 1;
    }

    /** Keeps the error of a receive, which the system reports only once, for the next receive into this batch. */
    void defer(int fd, int error) {
        deferredFd = fd;
        deferred = error;
    }

    /** Returns and clears the error kept for a socket, or 0. */
    int takeDeferred(int fd) {
        int error = deferredFd == fd ? deferred : 0;
        deferred = 0;
        return error;
    }

    // ---- the datagrams

    @Override
    public int capacity() {
        return data.length;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public void clear() {
        for (int i = 0; i < data.length; i++) {
            addresses[i].clear();
            if (controls[i] != null) {
                controls[i].clear();
            }
        }
        count = 0;
    }

    @Override
    public MemorySegment data(int i) {
        return data[i];
    }

    @Override
    public int length(int i) {
        return lengths[i];
    }

    @Override
    public void setLength(int i, int bytes) {
        lengths[i] = Objects.checkIndex(bytes, size + 1);
    }

    @Override
    public boolean isTruncated(int i) {
        return truncated[i];
    }

    @Override
    public void address(int i, AddressBuffer into) {
        into.set(addresses[i]);
    }

    @Override
    public AddressFamily family(int i) {
        return addresses[i].family();
    }

    @Override
    public void setAddress(int i, AddressBuffer to) {
        addresses[i].set(to);
    }

    @Override
    public WindowsControl control(int i) {
        return controls[i];
    }

    @Override
    public int add(MemorySegment bytes, AddressBuffer to) {
        int i = Objects.checkIndex(count, data.length);
        setLength(i, (int) Math.min(bytes.byteSize(), Integer.MAX_VALUE - 1));
        MemorySegment.copy(bytes, 0, data[i], 0, bytes.byteSize());
        setAddress(i, to);
        truncated[i] = false;
        if (controls[i] != null) {
            controls[i].clear();
        }
        count++;
        return i;
    }
}
