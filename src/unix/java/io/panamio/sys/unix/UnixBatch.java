package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.Batch;
import io.panamio.sys.NativeScratch;
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
    private final long headerSize;
    private final MemorySegment headers;
    /** The headers one by one, for calls on a single message. */
    private final MemorySegment[] header;
    private final MemorySegment vectors;
    private final MemorySegment addresses;
    private final ByteBuffer addressBytes;
    private final UnixControl[] controls;

    UnixBatch(UnixMessages messages, int capacity, int size, int control) {
        super(capacity, size);
        c = messages.c;
        sockaddr = messages.sockaddr;
        headerSize = messages.batchHeaderSize();
        headers = arena.allocate(headerSize * capacity, 64);
        vectors = arena.allocate((long) Structs.IOVEC_SIZE * capacity, 64);
        addresses = arena.allocate((long) Structs.SOCKADDR_STORAGE_SIZE * capacity, 64);
        addressBytes = NativeScratch.bytes(addresses);
        int controlSize = messages.format.aligned(control);
        MemorySegment controlBytes = arena.allocate((long) controlSize * capacity, 64);
        header = new MemorySegment[capacity];
        controls = new UnixControl[capacity];
        for (int i = 0; i < capacity; i++) {
            header[i] = headers.asSlice(headerSize * i, headerSize);
            long at = headerSize * i;
            headers.set(JAVA_LONG, at + c.MSGHDR_IOV(), vectors.address() + (long) Structs.IOVEC_SIZE * i);
            c.setLength(headers, at + c.MSGHDR_IOVLEN(), 1);
            vectors.set(JAVA_LONG, (long) Structs.IOVEC_SIZE * i + Structs.IOVEC_BASE, data(i).address());
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
        for (int i = 0; i < capacity(); i++) {
            setName(i);
            set(i, c.MSGHDR_NAMELEN(), Structs.SOCKADDR_STORAGE_SIZE);
            setVectorLength(i, size());
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
        setReceived(i, bytes, (flags & c.MSG_TRUNC()) != 0);
        int addressLength = get(i, c.MSGHDR_NAMELEN());
        set(i, c.MSGHDR_NAMELEN(), sockaddr.length(addressBytes, Structs.SOCKADDR_STORAGE_SIZE * i, addressLength));
        if (controls[i] != null) {
            controls[i].received((int) c.length(headers, headerSize * i + c.MSGHDR_CONTROLLEN()), flags);
        }
    }

    /** Sets how many messages were received; the others have no address. */
    @Override
    public void setCount(int n) {
        super.setCount(n);
        for (int i = n; i < capacity(); i++) {
            set(i, c.MSGHDR_NAMELEN(), 0);
        }
    }

    /** Prepares the headers from {@code first} on for a send. */
    public void prepareSend(int first) {
        for (int i = first; i < count(); i++) {
            if (get(i, c.MSGHDR_NAMELEN()) > 0) {
                setName(i);
            } else {
                clearName(i);
            }
            setVectorLength(i, length(i));
            if (controls[i] != null) {
                c.setLength(headers, headerSize * i + c.MSGHDR_CONTROLLEN(), controls[i].sendLength());
            }
        }
    }

    private void setName(int i) {
        headers.set(JAVA_LONG, headerSize * i + c.MSGHDR_NAME(),
            addresses.address() + (long) Structs.SOCKADDR_STORAGE_SIZE * i);
    }

    /** Removes the address of a message: the BSDs refuse one without a length. */
    private void clearName(int i) {
        headers.set(JAVA_LONG, headerSize * i + c.MSGHDR_NAME(), 0);
    }

    private void setVectorLength(int i, int bytes) {
        vectors.set(JAVA_LONG, (long) Structs.IOVEC_SIZE * i + Structs.IOVEC_LEN, bytes);
    }

    // ---- the messages

    @Override
    public void address(int i, AddressBuffer into) {
        Objects.checkIndex(i, capacity());
        int length = get(i, c.MSGHDR_NAMELEN());
        ((UnixAddressBuffer) into).set(addresses, (long) Structs.SOCKADDR_STORAGE_SIZE * i, length);
    }

    @Override
    public AddressFamily family(int i) {
        return get(i, c.MSGHDR_NAMELEN()) <= Structs.SOCKADDR_UN_PATH ? null
            : sockaddr.family(addressBytes, Structs.SOCKADDR_STORAGE_SIZE * i);
    }

    @Override
    public void setAddress(int i, AddressBuffer to) {
        Objects.checkIndex(i, capacity());
        UnixAddressBuffer from = (UnixAddressBuffer) to;
        int length = from.isEmpty() ? 0 : from.length();
        MemorySegment.copy(from.address, 0, addresses, (long) Structs.SOCKADDR_STORAGE_SIZE * i, length);
        set(i, c.MSGHDR_NAMELEN(), length);
    }

    @Override
    public UnixControl control(int i) {
        return controls[i];
    }
}
