package io.panamio.sys.windows;

import io.panamio.sys.AddressBuffer;
import io.panamio.sys.AddressFamily;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** A SOCKADDR_STORAGE and the length of the address in it. */
final class WindowsAddress extends AddressBuffer {
    /** The address. */
    final MemorySegment address;
    private final ByteBuffer addressBytes;
    /** The length of the address, an int that the system writes. */
    private final MemorySegment length;
    private final ByteBuffer lengthBytes;

    WindowsAddress() {
        MemorySegment room = Arena.ofAuto().allocate(Sockaddr.STORAGE_SIZE + 4, 8);
        address = room.asSlice(0, Sockaddr.STORAGE_SIZE);
        addressBytes = NativeScratch.bytes(address);
        length = room.asSlice(Sockaddr.STORAGE_SIZE, 4);
        lengthBytes = NativeScratch.bytes(length);
    }

    int length() {
        return lengthBytes.getInt(0);
    }

    void setLength(int bytes) {
        lengthBytes.putInt(0, bytes);
    }

    /** Sets the length to the size of the buffer and returns it, for the system to write to. */
    MemorySegment room() {
        setLength(Sockaddr.STORAGE_SIZE);
        return length;
    }

    @Override
    public void set(SocketAddress to) {
        setLength(Sockaddr.write(addressBytes, Sockaddr.family(to), to));
    }

    @Override
    public void set(AddressBuffer other) {
        WindowsAddress from = (WindowsAddress) other;
        MemorySegment.copy(from.address, 0, address, 0, Sockaddr.STORAGE_SIZE);
        setLength(from.length());
    }

    @Override
    public void clear() {
        setLength(0);
    }

    @Override
    public boolean isEmpty() {
        return length() == 0;
    }

    @Override
    public SocketAddress get() {
        return isEmpty() ? null : Sockaddr.read(addressBytes);
    }

    @Override
    public AddressFamily family() {
        return isEmpty() ? null : Sockaddr.family(addressBytes);
    }

    @Override
    public int port() {
        return isEmpty() ? -1 : Sockaddr.port(addressBytes);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof WindowsAddress other && other.length() == length()
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
