package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Batch;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * An array of headers that each begin with a struct msghdr, with the memory that they point to. A platform that moves
 * many messages in one call has longer headers, struct mmsghdr, which the call writes the lengths to.
 */
public final class UnixBatch extends Batch {
    private final UnixConstants c;
    private final Sockaddr sockaddr;
    private final int size;
    private final long headerSize;
    private final MemorySegment headers;
    /** The headers one by one, for calls on a single message. */
    private final MemorySegment[] header;
    private final MemorySegment vectors;
    private final MemorySegment addresses;
    private final ByteBuffer addressBytes;
    private final MemorySegment[] data;
    private final UnixControl[] controls;
    private final int[] lengths;
    private final boolean[] truncated;
    private int count;
    /** The error of a receive that followed others in one batch, and its descriptor: see {@link #defer}. */
    private int deferred;
    private int deferredFd;

    UnixBatch(UnixMessages messages, int capacity, int size, int control) {
        c = messages.c;
        sockaddr = messages.sockaddr;
        this.size = size;
        Arena arena = Arena.ofAuto();
        headerSize = messages.batchHeaderSize();
        headers = arena.allocate(headerSize * capacity, 64);
        vectors = arena.allocate((long) UnixStreams.IOVEC_SIZE * capacity, 64);
        addresses = arena.allocate((long) Sockaddr.STORAGE_SIZE * capacity, 64);
        addressBytes = NativeScratch.bytes(addresses);
        MemorySegment bytes = arena.allocate((long) size * capacity, 64);
        int controlSize = messages.format.aligned(control);
        MemorySegment controlBytes = arena.allocate((long) controlSize * capacity, 64);
        header = new MemorySegment[capacity];
        data = new MemorySegment[capacity];
        controls = new UnixControl[capacity];
        lengths = new int[capacity];
        truncated = new boolean[capacity];
        for (int i = 0; i < capacity; i++) {
            header[i] = headers.asSlice(headerSize * i, headerSize);
            data[i] = bytes.asSlice((long) size * i, size);
            long at = headerSize * i;
            headers.set(JAVA_LONG, at + c.MSGHDR_IOV(), vectors.address() + (long) UnixStreams.IOVEC_SIZE * i);
            c.setLength(headers, at + c.MSGHDR_IOVLEN(), 1);
            vectors.set(JAVA_LONG, (long) UnixStreams.IOVEC_SIZE * i + UnixStreams.IOV_BASE_OFFSET, data[i].address());
            if (control > 0) {
                controls[i] = messages.newControl(controlBytes.asSlice((long) controlSize * i, controlSize));
                headers.set(JAVA_LONG, at + c.MSGHDR_CONTROL(), controls[i].memory.address());
            }
        }
    }

    /** Returns the header of a message; those of the following messages come after it in memory. */
    public MemorySegment header(int i) {
        return header[i];
    }

    /** Returns a field of a header that is an int. */
    public int get(int i, long field) {
        return headers.get(JAVA_INT, headerSize * i + field);
    }

    private void set(int i, long field, int value) {
        headers.set(JAVA_INT, headerSize * i + field, value);
    }

    // ---- before and after a call

    /** Prepares all headers for a receive. */
    public void prepareReceive() {
        for (int i = 0; i < data.length; i++) {
            setName(i, true);
            set(i, c.MSGHDR_NAMELEN(), Sockaddr.STORAGE_SIZE);
            setVectorLength(i, size);
            if (controls[i] != null) {
                c.setLength(headers, headerSize * i + c.MSGHDR_CONTROLLEN(), controls[i].capacity());
            }
        }
    }

    /**
     * Records the message that was received with a header; {@code bytes} may be its whole length if it was truncated.
     */
    public void received(int i, long bytes) {
        int flags = get(i, c.MSGHDR_FLAGS());
        lengths[i] = (int) Math.min(bytes, size);
        truncated[i] = (flags & c.MSG_TRUNC()) != 0;
        int addressLength = get(i, c.MSGHDR_NAMELEN());
        set(i, c.MSGHDR_NAMELEN(), sockaddr.length(addressBytes, Sockaddr.STORAGE_SIZE * i, addressLength));
        if (controls[i] != null) {
            controls[i].received((int) c.length(headers, headerSize * i + c.MSGHDR_CONTROLLEN()), flags);
        }
    }

    /** Sets how many messages were received; the others have no address. */
    public void setCount(int n) {
        count = n;
        for (int i = n; i < data.length; i++) {
            set(i, c.MSGHDR_NAMELEN(), 0);
        }
    }

    /** Prepares the headers from {@code first} on for a send. */
    public void prepareSend(int first) {
        for (int i = first; i < count; i++) {
            setName(i, get(i, c.MSGHDR_NAMELEN()) > 0);
            setVectorLength(i, lengths[i]);
            if (controls[i] != null) {
                c.setLength(headers, headerSize * i + c.MSGHDR_CONTROLLEN(), controls[i].sendLength());
            }
        }
    }

    /** Sets the address of a message, or none: the BSDs refuse one without a length. */
    private void setName(int i, boolean any) {
        headers.set(JAVA_LONG, headerSize * i + c.MSGHDR_NAME(),
            any ? addresses.address() + (long) Sockaddr.STORAGE_SIZE * i : 0);
    }

    private void setVectorLength(int i, int bytes) {
        vectors.set(JAVA_LONG, (long) UnixStreams.IOVEC_SIZE * i + UnixStreams.IOV_LEN_OFFSET, bytes);
    }

    /** Keeps the error of a receive, which the system reports only once, for the next receive into this batch. */
    void defer(int fd, int errno) {
        deferredFd = fd;
        deferred = errno;
    }

    /** Returns and clears the error kept for a descriptor, or 0. */
    int takeDeferred(int fd) {
        int errno = deferredFd == fd ? deferred : 0;
        deferred = 0;
        return errno;
    }

    // ---- the messages

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
        for (int i = 0; i < count && controls[i] != null; i++) {
            controls[i].clear();
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
        Objects.checkIndex(i, data.length);
        int length = get(i, c.MSGHDR_NAMELEN());
        ((UnixAddressBuffer) into).set(addresses, (long) Sockaddr.STORAGE_SIZE * i, length);
    }

    @Override
    public AddressFamily family(int i) {
        return get(i, c.MSGHDR_NAMELEN()) <= Sockaddr.PATH_OFFSET ? null
            : sockaddr.family(addressBytes, Sockaddr.STORAGE_SIZE * i);
    }

    @Override
    public void setAddress(int i, AddressBuffer to) {
        Objects.checkIndex(i, data.length);
        UnixAddressBuffer from = (UnixAddressBuffer) to;
        int length = from.isEmpty() ? 0 : from.length();
        MemorySegment.copy(from.address, 0, addresses, (long) Sockaddr.STORAGE_SIZE * i, length);
        set(i, c.MSGHDR_NAMELEN(), length);
    }

    @Override
    public UnixControl control(int i) {
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
