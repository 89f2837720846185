package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.sys.Gather;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A gather list with an array of struct iovec, and the struct msghdr that refers to it. At most one vector differs from
 * its segment: the one that is written in part.
 */
final class UnixGatherList extends Gather {
    private final UnixConstants c;
    final MemorySegment vectors;
    private final MemorySegment message; // its other fields stay zero

    private UnixGatherList(UnixConstants constants, int capacity) {
        super(capacity);
        c = constants;
        Arena arena = Arena.ofAuto();
        vectors = arena.allocate((long) Structs.IOVEC_SIZE * capacity, 16);
        message = arena.allocate(constants.MSGHDR_SIZE(), 16);
    }

    /** The return type is the superclass, so that the verifier does not load this class for the caller. */
    static Gather open(UnixConstants constants, int capacity) {
        return new UnixGatherList(constants, capacity);
    }

    private static long at(int i) {
        return (long) Structs.IOVEC_SIZE * i;
    }

    @Override
    protected void changed(int i, long address, long length) {
        vectors.set(JAVA_LONG, at(i) + Structs.IOVEC_BASE, address);
        vectors.set(JAVA_LONG, at(i) + Structs.IOVEC_LEN, length);
    }

    /**
     * Checks that the memory of the next vectors is usable, and returns their number: as many as one call accepts and
     * can transfer, or a single one of any size.
     */
    int run() {
        long sum = 0;
        int first = first();
        int i = first;
        do {
            requireUsable(i);
            sum += remaining(i++);
        } while (i < end() && i - first < NativeScratch.MAX_VECTORS && remaining(i) <= Libc.MAX_TRANSFER - sum);
        return i - first;
    }

    /** Returns the number of bytes of the next vectors. */
    long size(int count) {
        long sum = 0;
        for (int i = first(); i < first() + count; i++) {
            sum += remaining(i);
        }
        return sum;
    }

    /** Returns the offset of the next vector. */
    long vectorsOffset() {
        return at(first());
    }

    /** Returns a struct msghdr with the next vectors. */
    MemorySegment message(int count) {
        message.set(JAVA_LONG, c.MSGHDR_IOV(), vectors.address() + vectorsOffset());
        c.setLength(message, c.MSGHDR_IOVLEN(), count);
        return message;
    }
}
