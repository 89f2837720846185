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

    /** Returns the error of a number that the other system does not have, or has for another one; null if none. */
    protected abstract Errno ownErrno(int number);

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

    // ---- the same on both

    /** The errors by number; a class of its own, so that it is initialized only when an error is first reported. */
    private static final class ErrorTable {
        static final Errno[] BY_NUMBER = commonErrors();

        static {
            BY_NUMBER[Bsd.EAGAIN] = Errno.EAGAIN;
            BY_NUMBER[Bsd.EINPROGRESS] = Errno.EINPROGRESS;
            BY_NUMBER[Bsd.EALREADY] = Errno.EALREADY;
            BY_NUMBER[Bsd.ENOTSOCK] = Errno.ENOTSOCK;
            BY_NUMBER[Bsd.EDESTADDRREQ] = Errno.EDESTADDRREQ;
            BY_NUMBER[Bsd.EMSGSIZE] = Errno.EMSGSIZE;
            BY_NUMBER[Bsd.EPROTOTYPE] = Errno.EPROTOTYPE;
            BY_NUMBER[Bsd.ENOPROTOOPT] = Errno.ENOPROTOOPT;
            BY_NUMBER[Bsd.EPROTONOSUPPORT] = Errno.EPROTONOSUPPORT;
            BY_NUMBER[Bsd.ESOCKTNOSUPPORT] = Errno.ESOCKTNOSUPPORT;
            BY_NUMBER[Bsd.EAFNOSUPPORT] = Errno.EAFNOSUPPORT;
            BY_NUMBER[Bsd.EADDRINUSE] = Errno.EADDRINUSE;
            BY_NUMBER[Bsd.EADDRNOTAVAIL] = Errno.EADDRNOTAVAIL;
            BY_NUMBER[Bsd.ENETDOWN] = Errno.ENETDOWN;
            BY_NUMBER[Bsd.ENETUNREACH] = Errno.ENETUNREACH;
            BY_NUMBER[Bsd.ENETRESET] = Errno.ENETRESET;
            BY_NUMBER[Bsd.ECONNABORTED] = Errno.ECONNABORTED;
            BY_NUMBER[Bsd.ECONNRESET] = Errno.ECONNRESET;
            BY_NUMBER[Bsd.ENOBUFS] = Errno.ENOBUFS;
            BY_NUMBER[Bsd.EISCONN] = Errno.EISCONN;
            BY_NUMBER[Bsd.ENOTCONN] = Errno.ENOTCONN;
            BY_NUMBER[Bsd.ETOOMANYREFS] = Errno.ETOOMANYREFS;
            BY_NUMBER[Bsd.ETIMEDOUT] = Errno.ETIMEDOUT;
            BY_NUMBER[Bsd.ECONNREFUSED] = Errno.ECONNREFUSED;
            BY_NUMBER[Bsd.ELOOP] = Errno.ELOOP;
            BY_NUMBER[Bsd.ENAMETOOLONG] = Errno.ENAMETOOLONG;
            BY_NUMBER[Bsd.EHOSTDOWN] = Errno.EHOSTDOWN;
            BY_NUMBER[Bsd.EHOSTUNREACH] = Errno.EHOSTUNREACH;
            BY_NUMBER[Bsd.EDQUOT] = Errno.EDQUOT;
            BY_NUMBER[Bsd.ENOLCK] = Errno.ENOLCK;
            BY_NUMBER[Bsd.ENOSYS] = Errno.ENOSYS;
            BY_NUMBER[Bsd.EOVERFLOW] = Errno.EOVERFLOW;
        }
    }

    @Override
    protected final Errno errno(int number) {
        Errno own = ownErrno(number);
        return own != null ? own
            : number > 0 && number < ErrorTable.BY_NUMBER.length ? ErrorTable.BY_NUMBER[number] : null;
    }

    @Override protected final int EAGAIN() { return Bsd.EAGAIN; }
    @Override protected final int EINPROGRESS() { return Bsd.EINPROGRESS; }
    @Override protected final int ENOTCONN() { return Bsd.ENOTCONN; }
    @Override protected final int EAFNOSUPPORT() { return Bsd.EAFNOSUPPORT; }
    @Override protected final int SOL_SOCKET() { return Bsd.SOL_SOCKET; }
    @Override protected final int SO_ERROR() { return Bsd.SO_ERROR; }
    @Override protected final int SO_TYPE() { return Bsd.SO_TYPE; }
    @Override protected final int SO_ACCEPTCONN() { return Bsd.SO_ACCEPTCONN; }
    @Override protected final int MSG_DONTWAIT() { return Bsd.MSG_DONTWAIT; }
    @Override protected final int MSG_TRUNC() { return Bsd.MSG_TRUNC; }
    @Override protected final int MSG_CTRUNC() { return Bsd.MSG_CTRUNC; }
    @Override protected final int IPV6_V6ONLY() { return Bsd.IPV6_V6ONLY; }
    @Override protected final int IPV6_PKTINFO() { return Bsd.IPV6_PKTINFO; }
    @Override protected final int IPV6_HOPLIMIT() { return Bsd.IPV6_HOPLIMIT; }
    @Override protected final int IP_ADD_MEMBERSHIP() { return Bsd.IP_ADD_MEMBERSHIP; }
    @Override protected final int IP_DROP_MEMBERSHIP() { return Bsd.IP_DROP_MEMBERSHIP; }
    @Override protected final int IPV6_JOIN_GROUP() { return Bsd.IPV6_JOIN_GROUP; }
    @Override protected final int IPV6_LEAVE_GROUP() { return Bsd.IPV6_LEAVE_GROUP; }
    @Override protected final int MCAST_JOIN_SOURCE_GROUP() { return Bsd.MCAST_JOIN_SOURCE_GROUP; }
    @Override protected final int MCAST_LEAVE_SOURCE_GROUP() { return Bsd.MCAST_LEAVE_SOURCE_GROUP; }
    @Override protected final int MCAST_BLOCK_SOURCE() { return Bsd.MCAST_BLOCK_SOURCE; }
    @Override protected final int MCAST_UNBLOCK_SOURCE() { return Bsd.MCAST_UNBLOCK_SOURCE; }
    @Override protected final int O_NONBLOCK() { return Bsd.O_NONBLOCK; }
    @Override protected final long FIONREAD() { return Bsd.FIONREAD; }

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
    protected final boolean hangUpHidesWritable() {
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
