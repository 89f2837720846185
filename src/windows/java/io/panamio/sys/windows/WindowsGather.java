package io.panamio.sys.windows;

import io.panamio.bindings.windows._WSABUF;
import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** A gather list with the WSABUFs of the next call: a WSABUF has less than 4 GiB. */
final class WindowsGather extends Gather {
    private static final int SIZE = (int) _WSABUF.sizeof();
    private static final int LENGTH = (int) _WSABUF.len$offset();
    private static final int ADDRESS = (int) _WSABUF.buf$offset();

    final MemorySegment buffers;
    private final ByteBuffer bytes;

    private WindowsGather(int capacity) {
        super(capacity);
        buffers = Arena.ofAuto().allocate((long) SIZE * Math.min(capacity, NativeScratch.MAX_VECTORS), 16);
        bytes = NativeScratch.bytes(buffers);
    }

    /** The return type is the superclass, so that the verifier does not load this class for the caller. */
    static Gather open(int capacity) {
        return new WindowsGather(capacity);
    }

    /** Fills in the WSABUFs of the next call, after a check that their memory is usable; returns their number. */
    int prepare() {
        long left = Winsock.MAX_TRANSFER;
        int count = 0;
        for (int i = first(); i < end() && left > 0 && count < NativeScratch.MAX_VECTORS; i++) {
            requireUsable(i);
            long length = Math.min(remaining(i), left);
            if (length > 0) {
                write(bytes, count++, address(i), (int) length);
                left -= length;
            }
        }
        return count;
    }

    /** Returns the number of bytes of the next call. */
    long size(int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += bytes.getInt(SIZE * i + LENGTH);
        }
        return sum;
    }

    /** Writes a WSABUF. */
    static void write(ByteBuffer buffers, int i, long address, int length) {
        buffers.putInt(SIZE * i + LENGTH, length).putLong(SIZE * i + ADDRESS, address);
    }
}
