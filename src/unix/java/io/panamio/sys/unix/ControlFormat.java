package io.panamio.sys.unix;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * The format of control messages: each is a struct cmsghdr followed by data, with the sizes, offsets and alignment of
 * the platform. Walks them as CMSG_FIRSTHDR, CMSG_NXTHDR and CMSG_DATA do. A length that exceeds what was received, as
 * in a truncated message, is clamped.
 */
public final class ControlFormat {
    /** Returned by {@link #find} if there is no such message. */
    public static final int NONE = -1;

    private final UnixConstants c;
    private final long levelOffset;
    private final long typeOffset;
    private final int dataOffset;
    private final int alignment;

    /** Constructs the format of a platform. */
    public ControlFormat(UnixConstants constants) {
        c = constants;
        levelOffset = constants.CMSGHDR_LEVEL();
        typeOffset = constants.CMSGHDR_TYPE();
        dataOffset = constants.CMSGHDR_DATA();
        alignment = constants.CMSGHDR_ALIGNMENT();
    }

    int aligned(int bytes) {
        return bytes + alignment - 1 & -alignment;
    }

    /** Returns the bytes that a message with some data takes: CMSG_SPACE, but less than 2^31 for any size. */
    long space(long dataSize) {
        return dataOffset + Math.min(dataSize, Integer.MAX_VALUE) + alignment - 1 & -alignment;
    }

    // ---- walking

    /** Returns whether a message begins at an offset. */
    public boolean hasMessage(int at, int end) {
        return at + dataOffset <= end;
    }

    /** Returns the offset of the next message. */
    public int next(MemorySegment memory, int at, int end) {
        return at + aligned(dataOffset + dataSize(memory, at, end));
    }

    /** Returns the level of the message at an offset. */
    public int level(MemorySegment memory, int at) {
        return memory.get(JAVA_INT, at + levelOffset);
    }

    /** Returns the type of the message at an offset. */
    public int type(MemorySegment memory, int at) {
        return memory.get(JAVA_INT, at + typeOffset);
    }

    /** Returns the offset of the data of the message at an offset. */
    public int data(int at) {
        return at + dataOffset;
    }

    /** Returns the number of bytes of data of the message at an offset. */
    public int dataSize(MemorySegment memory, int at, int end) {
        return Math.clamp(c.length(memory, at), dataOffset, end - at) - dataOffset;
    }

    /** Returns the offset of the first message with a level and a type, or {@link #NONE}. */
    int find(MemorySegment memory, int end, int level, int type) {
        for (int at = 0; hasMessage(at, end); at = next(memory, at, end)) {
            if (level(memory, at) == level && type(memory, at) == type) {
                return at;
            }
        }
        return NONE;
    }

    // ---- writing

    /** Writes the header of a message. */
    void write(MemorySegment memory, int at, int level, int type, int dataSize) {
        c.setLength(memory, at, dataOffset + dataSize);
        memory.set(JAVA_INT, at + levelOffset, level);
        memory.set(JAVA_INT, at + typeOffset, type);
    }
}
