package io.panamio.jmh;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The buffers to send from and receive into: the same small size in every kind of memory. */
@State(Scope.Thread)
public class Memory {
    static final int BYTES = 64;
    private static final int ROOM = 1024;

    final MemorySegment segment = Arena.ofAuto().allocate(BYTES, 64);
    final MemorySegment heapSegment = MemorySegment.ofArray(new byte[BYTES]);
    final byte[] array = new byte[BYTES];
    final ByteBuffer direct = ByteBuffer.allocateDirect(BYTES);
    final ByteBuffer heap = ByteBuffer.allocate(BYTES);
    /** One byte, to send. */
    final MemorySegment one = segment.asSlice(0, 1);
    final ByteBuffer directOne = direct.slice(0, 1);
    /** Larger than a message: a read that does not fill it has drained the socket. */
    final MemorySegment room = Arena.ofAuto().allocate(ROOM, 64);
    final ByteBuffer directRoom = ByteBuffer.allocateDirect(ROOM);
}
