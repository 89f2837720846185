package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Batch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;

/** An array of struct mmsghdr, with all that they point to. */
final class UnixBatch extends Batch {
    /** struct mmsghdr of Linux: a struct msghdr and a length. */
    static final int HEADER_SIZE = 64;
    static final long LENGTH_OFFSET = 56;

    private final UnixConstants c;
    private final Sockaddr sockaddr;
    private final int size;
    final MemorySegment headers;
    private final MemorySegment vectors;
    private final MemorySegment addresses;
    private final ByteBuffer addressBytes;
    private final MemorySegment[] data;
    private final UnixControl[] controls;
    private final int[] lengths;
    private final boolean[] truncated;
    private int count;

    UnixBatch(UnixConstants constants, Sockaddr sockaddr, int capacity, int size, int control) {
        c = constants;
        this.sockaddr = sockaddr;
        this.size = size;
        Arena arena = Arena.ofAuto();
        headers = arena.allocate((long) HEADER_SIZE * capacity, 64);
        vectors = arena.allocate((long) UnixStreams.IOVEC_SIZE * capacity, 64);
        addresses = arena.allocate((long) Sockaddr.STORAGE_SIZE * capacity, 64);
        addressBytes = NativeScratch.bytes(addresses);
        MemorySegment bytes = arena.allocate((long) size * capacity, 64);
        int controlSize = UnixControl.aligned(control);
        MemorySegment controlBytes = arena.allocate((long) controlSize * capacity, 64);
        data = new MemorySegment[capacity];
        controls = new UnixControl[capacity];
        lengths = new int[capacity];
        truncated = new boolean[capacity];
        for (int i = 0; i < capacity; i++) {
            data[i] = bytes.asSlice((long) size * i, size);
            long at = header(i, 0);
            headers.set(JAVA_LONG, at + c.MSGHDR_NAME(), addresses.address() + (long) Sockaddr.STORAGE_SIZE * i);
            headers.set(JAVA_LONG, at + c.MSGHDR_IOV(), vectors.address() + (long) UnixStreams.IOVEC_SIZE * i);
            headers.set(JAVA_INT, at + c.MSGHDR_IOVLEN(), 1);
            vectors.set(JAVA_LONG, (long) UnixStreams.IOVEC_SIZE * i + UnixStreams.IOV_BASE_OFFSET, data[i].address());
            if (control > 0) {
                controls[i] = new UnixControl(c, controlBytes.asSlice((long) controlSize * i, controlSize));
                headers.set(JAVA_LONG, at + c.MSGHDR_CONTROL(), controls[i].memory.address());
            }
        }
    }

    private static long header(int i, long field) {
        return (long) HEADER_SIZE * i + field;
    }

    /** The headers from {@code first} on. */
    MemorySegment header(int first) {
        return first == 0 ? headers : headers.asSlice(header(first, 0));
    }

    // ---- before and after a call

    void prepareReceive() {
        for (int i = 0; i < data.length; i++) {
            headers.set(JAVA_INT, header(i, c.MSGHDR_NAMELEN()), Sockaddr.STORAGE_SIZE);
            setVectorLength(i, size);
            if (controls[i] != null) {
                headers.set(JAVA_LONG, header(i, c.MSGHDR_CONTROLLEN()), controls[i].capacity());
            }
        }
    }

    void received(int n) {
        count = n;
        for (int i = 0; i < n; i++) {
            int whole = headers.get(JAVA_INT, header(i, LENGTH_OFFSET));
            lengths[i] = Math.min(whole, size);
            truncated[i] = whole > size;
            long nameLength = header(i, c.MSGHDR_NAMELEN());
            headers.set(JAVA_INT, nameLength, sockaddr.length(headers.get(JAVA_INT, nameLength)));
            if (controls[i] != null) {
                controls[i].received((int) headers.get(JAVA_LONG, header(i, c.MSGHDR_CONTROLLEN())),
                    headers.get(JAVA_INT, header(i, c.MSGHDR_FLAGS())));
            }
        }
        for (int i = n; i < data.length; i++) {
            headers.set(JAVA_INT, header(i, c.MSGHDR_NAMELEN()), 0);
        }
    }

    void prepareSend(int first) {
        for (int i = first; i < count; i++) {
            setVectorLength(i, lengths[i]);
            if (controls[i] != null) {
                headers.set(JAVA_LONG, header(i, c.MSGHDR_CONTROLLEN()), controls[i].sendLength());
            }
        }
    }

    private void setVectorLength(int i, int bytes) {
        vectors.set(JAVA_LONG, (long) UnixStreams.IOVEC_SIZE * i + UnixStreams.IOV_LEN_OFFSET, bytes);
    }

    // ---- what users see

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
        int length = headers.get(JAVA_INT, header(i, c.MSGHDR_NAMELEN()));
        ((UnixAddressBuffer) into).set(addresses, (long) Sockaddr.STORAGE_SIZE * i, length);
    }

    @Override
    public AddressFamily family(int i) {
        return headers.get(JAVA_INT, header(i, c.MSGHDR_NAMELEN())) <= Sockaddr.PATH_OFFSET ? null
            : sockaddr.family(addressBytes, Sockaddr.STORAGE_SIZE * i);
    }

    @Override
    public void setAddress(int i, AddressBuffer to) {
        Objects.checkIndex(i, data.length);
        UnixAddressBuffer from = (UnixAddressBuffer) to;
        int length = from.isEmpty() ? 0 : from.length();
        MemorySegment.copy(from.address, 0, addresses, (long) Sockaddr.STORAGE_SIZE * i, length);
        headers.set(JAVA_INT, header(i, c.MSGHDR_NAMELEN()), length);
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
