package io.panamio.sys.bsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.UnixConstants;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The numbers, sizes and offsets in which macOS and FreeBSD may differ, and what both have that other Unix systems
 * lack. Numbers that are the same on both are in {@link Bsd}, those of every Unix in {@code Posix}.
 */
public abstract class BsdConstants extends UnixConstants {
    /** For the platforms. */
    protected BsdConstants() {
    }

    // sys/event.h
    protected abstract int KEVENT_SIZE();
    protected abstract int KEVENT_IDENT();
    protected abstract int KEVENT_FILTER();
    protected abstract int KEVENT_FLAGS();
    protected abstract int KEVENT_FFLAGS();
    protected abstract int KEVENT_DATA();
    protected abstract int KEVENT_UDATA();
    protected abstract int EVFILT_USER();

    /** Returns the filter for urgent data, or 0 if the system has none. */
    protected abstract int EVFILT_EXCEPT();
    protected abstract int NOTE_OOB();

    // sys/socket.h, sys/un.h and sys/ucred.h
    protected abstract int CMSGHDR_SIZE();
    protected abstract long XUCRED_SIZE();
    protected abstract long XUCRED_UID();
    protected abstract long XUCRED_GROUPS();

    // sys/stat.h
    protected abstract long STAT_SIZE();
    protected abstract long STAT_MODE();

    /** Returns the offset of {@code st_size}. */
    protected abstract long STAT_LENGTH();

    // ---- for this package

    @Override protected abstract int SOL_SOCKET();
    @Override protected abstract Errno errno(int number);

    // ---- the same on both

    /** A byte for the length, then one for the family. */
    @Override
    protected final void setFamily(ByteBuffer address, int family, int length) {
        address.put(0, (byte) length).put(1, (byte) family);
    }

    @Override
    protected final int family(ByteBuffer addresses, int at) {
        return addresses.get(at + 1);
    }

    @Override
    protected final int MSG_WHOLE_LENGTH() {
        return 0; // MSG_TRUNC is not read there
    }

    @Override
    protected final boolean hidesErrors() {
        return true;
    }

    @Override
    protected final boolean hasAbstractNames() {
        return false;
    }

    /** After the header, aligned. */
    @Override
    protected final int CMSGHDR_DATA() {
        return CMSGHDR_SIZE() + CMSGHDR_ALIGNMENT() - 1 & -CMSGHDR_ALIGNMENT();
    }

    @Override
    protected final long length(MemorySegment struct, long offset) {
        return Integer.toUnsignedLong(struct.get(JAVA_INT, offset));
    }

    @Override
    protected final void setLength(MemorySegment struct, long offset, long length) {
        struct.set(JAVA_INT, offset, (int) length);
    }
}
