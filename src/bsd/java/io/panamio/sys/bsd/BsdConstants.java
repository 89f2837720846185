package io.panamio.sys.bsd;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.UnixConstants;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** The numbers in which macOS and FreeBSD differ, and what both have that other Unix systems lack. */
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
    protected abstract int EVFILT_READ();
    protected abstract int EVFILT_WRITE();
    protected abstract int EVFILT_USER();
    protected abstract int EV_ADD();
    protected abstract int EV_DELETE();
    protected abstract int EV_DISABLE();
    protected abstract int EV_ONESHOT();
    protected abstract int EV_CLEAR();
    protected abstract int EV_DISPATCH();
    protected abstract int EV_RECEIPT();
    protected abstract int EV_ERROR();
    protected abstract int EV_EOF();
    protected abstract int NOTE_TRIGGER();
    protected abstract int NOTE_LOWAT();

    /** Returns the filter for urgent data, or 0 if the system has none. */
    protected abstract int EVFILT_EXCEPT();
    protected abstract int NOTE_OOB();

    // sys/socket.h, sys/un.h and sys/ucred.h
    protected abstract int SCM_TIMESTAMP();
    protected abstract int SOL_LOCAL();
    protected abstract int LOCAL_PEERCRED();
    protected abstract long XUCRED_SIZE();
    protected abstract long XUCRED_UID();
    protected abstract long XUCRED_GROUPS();

    // sys/stat.h
    protected abstract long STAT_SIZE();
    protected abstract long STAT_MODE();

    /** Returns the offset of {@code st_size}. */
    protected abstract long STAT_LENGTH();
    protected abstract int S_IFMT();
    protected abstract int S_IFREG();
    protected abstract int S_IFDIR();

    // sys/mman.h
    protected abstract int PROT_READ();
    protected abstract int PROT_WRITE();
    protected abstract int MAP_SHARED();
    protected abstract int MAP_PRIVATE();
    protected abstract int MAP_ANON();
    protected abstract int MAP_FIXED();

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

    /** 12 bytes of a header, aligned. */
    @Override
    protected final int CMSGHDR_DATA() {
        return 12 + CMSGHDR_ALIGNMENT() - 1 & -CMSGHDR_ALIGNMENT();
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
