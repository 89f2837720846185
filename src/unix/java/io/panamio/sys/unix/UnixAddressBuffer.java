package io.panamio.sys.unix;

import io.panamio.net.UnixAddress;
import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** A struct sockaddr_storage and the length of the address in it. */
final class UnixAddressBuffer extends AddressBuffer {
    private final Sockaddr sockaddr;
    /** The address. */
    final MemorySegment address;
    private final ByteBuffer addressBytes;
    /** The length of the address, a socklen_t that the system writes. */
    private final MemorySegment length;
    private final ByteBuffer lengthBytes;

    UnixAddressBuffer(Sockaddr sockaddr) {
        this.sockaddr = sockaddr;
        MemorySegment room = Arena.ofAuto().allocate(Structs.SOCKADDR_STORAGE_SIZE + 4, 8);
        address = room.asSlice(0, Structs.SOCKADDR_STORAGE_SIZE);
        addressBytes = NativeScratch.bytes(address);
        length = room.asSlice(Structs.SOCKADDR_STORAGE_SIZE, 4);
        lengthBytes = NativeScratch.bytes(length);
    }

    int length() {
        return lengthBytes.getInt(0);
    }

    void setLength(int bytes) {
        lengthBytes.putInt(0, sockaddr.length(addressBytes, 0, bytes));
    }

    /** Sets the length to the size of the buffer and returns it, for the system to write to. */
    MemorySegment room() {
        lengthBytes.putInt(0, Structs.SOCKADDR_STORAGE_SIZE);
        return length;
    }

    void set(MemorySegment from, long offset, int bytes) {
        MemorySegment.copy(from, offset, address, 0, Math.min(bytes, Structs.SOCKADDR_STORAGE_SIZE));
        setLength(bytes);
    }

    @Override
    public void set(SocketAddress to) {
        boolean unnamed = to instanceof UnixAddress address && address.isUnnamed(); // to bind it is Linux's alone
        setLength(unnamed ? sockaddr.writeUnnamed(addressBytes)
            : sockaddr.write(addressBytes, sockaddr.family(to), to));
    }

    @Override
    public void set(AddressBuffer other) {
        UnixAddressBuffer from = (UnixAddressBuffer) other;
        set(from.address, 0, from.length());
    }

    @Override
    public void clear() {
        setLength(0);
    }

    @Override
    public boolean isEmpty() {
        return length() <= Structs.SOCKADDR_UN_PATH; // only the family: an unnamed Unix socket
    }

    @Override
    public SocketAddress get() {
        return isEmpty() ? null : sockaddr.read(addressBytes, length());
    }

    @Override
    public AddressFamily family() {
        return isEmpty() ? null : sockaddr.family(addressBytes, 0);
    }

    @Override
    public int port() {
        return isEmpty() || family() == AddressFamily.UNIX ? -1 : sockaddr.port(addressBytes);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof UnixAddressBuffer other && other.length() == length()
            && MemorySegment.mismatch(address, 0, length(), other.address, 0, length()) < 0;
    }

    @Override
    public int hashCode() {
        int hash = length();
        for (int i = 0; i + 4 <= length(); i += 4) {
            hash = hash * 31 + addressBytes.getInt(i);
        }
        return hash;
    }
}
