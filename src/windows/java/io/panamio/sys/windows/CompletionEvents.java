package io.panamio.sys.windows;

import io.panamio.bindings.windows._OVERLAPPED_ENTRY;
import io.panamio.sys.EventBuffer;
import io.panamio.sys.NativeScratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** The array of packets that the system fills, and the events that were made of them. */
final class CompletionEvents extends EventBuffer {
    /** The maximum number of packets that one call takes. */
    private static final int MAX_PACKETS = 1 << 16;

    private static final int ENTRY_SIZE = (int) _OVERLAPPED_ENTRY.sizeof();
    private static final int KEY_OFFSET = (int) _OVERLAPPED_ENTRY.lpCompletionKey$offset();
    private static final int REQUEST_OFFSET = (int) _OVERLAPPED_ENTRY.lpOverlapped$offset();

    /** The OVERLAPPED_ENTRYs. */
    final MemorySegment packets;
    private final ByteBuffer packetBytes;
    private final long[] tokens;
    private final int[] readiness;

    CompletionEvents(int capacity) {
        packets = Arena.ofAuto().allocate((long) ENTRY_SIZE * Math.min(capacity, MAX_PACKETS), 8);
        packetBytes = NativeScratch.bytes(packets);
        tokens = new long[capacity];
        readiness = new int[capacity];
    }

    /** Returns the maximum number of packets. */
    int packetCapacity() {
        return Math.min(tokens.length, MAX_PACKETS);
    }

    /** Returns the completion key of a packet. */
    long key(int packet) {
        return packetBytes.getLong(packet * ENTRY_SIZE + KEY_OFFSET);
    }

    /** Returns the address of the request that a packet completes, or 0. */
    long request(int packet) {
        return packetBytes.getLong(packet * ENTRY_SIZE + REQUEST_OFFSET);
    }

    @Override
    public int capacity() {
        return tokens.length;
    }

    @Override
    public long token(int i) {
        return tokens[i];
    }

    @Override
    public int readiness(int i) {
        return readiness[i];
    }

    @Override
    protected void set(int i, long token, int bits) {
        tokens[i] = token;
        readiness[i] = bits;
    }
}
