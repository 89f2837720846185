package io.panamio.sys.unix;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * The constants, sizes and offsets that differ between Unix systems, under the names of the system headers; each
 * platform takes them from its own bindings. Those that all systems share are in {@link Posix}.
 */
public abstract class UnixConstants {
    /** For the platforms. */
    protected UnixConstants() {
    }

    /** Loads the classes of structs that a call on an open source may be the first to need. */
    protected void load() {
    }

    // errno
    protected abstract int EAGAIN();
    protected abstract int EINPROGRESS();
    protected abstract int ENOTCONN();
    protected abstract int EAFNOSUPPORT();

    // sys/socket.h and sys/un.h
    protected abstract int AF_INET6();
    protected abstract int SOL_SOCKET();
    protected abstract int SO_ERROR();
    protected abstract int SO_TYPE();
    protected abstract int SO_ACCEPTCONN();
    protected abstract int MSG_DONTWAIT();
    protected abstract int MSG_TRUNC();
    protected abstract int MSG_CTRUNC();
    protected abstract int SUN_PATH_SIZE();

    // 0 if the system lacks it
    /** Returns the flags of socket(2), socketpair(2) and accept4(2), or 0: fcntl(2) sets the modes then. */
    protected abstract int SOCK_NONBLOCK();
    protected abstract int SOCK_CLOEXEC();

    /** Returns the flag of a send that prevents SIGPIPE, or 0 if only the option does. */
    protected abstract int MSG_NOSIGNAL();

    /** Returns the option that prevents SIGPIPE, which is set on every socket, or 0 if the flag suffices. */
    protected abstract int SO_NOSIGPIPE();

    /** Returns the flag that makes received descriptors close-on-exec, or 0: fcntl(2) does that then. */
    protected abstract int MSG_CMSG_CLOEXEC();

    /**
     * Returns the flag that makes a receive return the whole length of a truncated message, or 0: recvmsg(2) then
     * reports only that it was truncated.
     */
    protected abstract int MSG_WHOLE_LENGTH();

    /** Returns whether a send that fails with EPIPE leaves the error of the connection pending. */
    protected abstract boolean hidesErrors();

    /** Returns whether poll(2) does not report POLLOUT with POLLHUP. */
    protected boolean hangUpHidesWritable() {
        return false;
    }

    /** Returns whether Unix sockets may have abstract names, which begin with a zero byte. */
    protected abstract boolean hasAbstractNames();

    // struct msghdr and struct cmsghdr
    protected abstract long MSGHDR_SIZE();
    protected abstract long MSGHDR_NAME();
    protected abstract long MSGHDR_NAMELEN();
    protected abstract long MSGHDR_IOV();
    protected abstract long MSGHDR_IOVLEN();
    protected abstract long MSGHDR_CONTROL();
    protected abstract long MSGHDR_CONTROLLEN();
    protected abstract long MSGHDR_FLAGS();
    protected abstract long CMSGHDR_LEVEL();
    protected abstract long CMSGHDR_TYPE();

    /** Returns the offset of a control message's data in it: CMSG_LEN(0). */
    protected abstract int CMSGHDR_DATA();

    /** Returns the alignment of control messages, 4 or 8. */
    protected abstract int CMSGHDR_ALIGNMENT();

    /** Reads {@code msg_controllen} or {@code cmsg_len}: a {@code size_t} or a {@code socklen_t}. */
    protected abstract long length(MemorySegment struct, long offset);

    /** Writes {@code msg_iovlen}, {@code msg_controllen} or {@code cmsg_len}: a {@code size_t} or 4 bytes. */
    protected abstract void setLength(MemorySegment struct, long offset, long length);

    // netinet/in.h
    protected abstract int IPV6_V6ONLY();
    protected abstract int IP_PKTINFO();
    protected abstract int IPV6_PKTINFO();
    protected abstract int IPV6_HOPLIMIT();
    protected abstract int IPV6_TCLASS();
    protected abstract int IP_ADD_MEMBERSHIP();
    protected abstract int IP_DROP_MEMBERSHIP();
    protected abstract int IPV6_JOIN_GROUP();
    protected abstract int IPV6_LEAVE_GROUP();
    protected abstract int MCAST_JOIN_SOURCE_GROUP();
    protected abstract int MCAST_LEAVE_SOURCE_GROUP();
    protected abstract int MCAST_BLOCK_SOURCE();
    protected abstract int MCAST_UNBLOCK_SOURCE();
    protected abstract long GROUP_SOURCE_REQ_GROUP();
    protected abstract long GROUP_SOURCE_REQ_SOURCE();
    protected abstract long GROUP_SOURCE_REQ_SIZE();

    /** Returns the type of the control message with the TTL of a received IPv4 datagram: IP_TTL or IP_RECVTTL. */
    protected abstract int CMSG_TTL();

    /**
     * Returns the type of the control message with the type of service of a received IPv4 datagram: IP_TOS or
     * IP_RECVTOS.
     */
    protected abstract int CMSG_TOS();

    // fcntl.h and sys/ioctl.h
    protected abstract int O_NONBLOCK();
    protected abstract int O_CLOEXEC();
    protected abstract int AT_FDCWD();
    protected abstract int AT_SYMLINK_NOFOLLOW();
    protected abstract long FIONREAD();

    // poll.h
    protected abstract int POLLRDHUP();

    /** Returns a table of errors by number with those whose numbers are the same on every system. */
    protected static Errno[] commonErrors() {
        Errno[] byNumber = new Errno[256];
        byNumber[Posix.EPERM] = Errno.EPERM;
        byNumber[Posix.ENOENT] = Errno.ENOENT;
        byNumber[Posix.EINTR] = Errno.EINTR;
        byNumber[Posix.EIO] = Errno.EIO;
        byNumber[Posix.ENXIO] = Errno.ENXIO;
        byNumber[Posix.EBADF] = Errno.EBADF;
        byNumber[Posix.ENOMEM] = Errno.ENOMEM;
        byNumber[Posix.EACCES] = Errno.EACCES;
        byNumber[Posix.EFAULT] = Errno.EFAULT;
        byNumber[Posix.EBUSY] = Errno.EBUSY;
        byNumber[Posix.EEXIST] = Errno.EEXIST;
        byNumber[Posix.ENODEV] = Errno.ENODEV;
        byNumber[Posix.ENOTDIR] = Errno.ENOTDIR;
        byNumber[Posix.EISDIR] = Errno.EISDIR;
        byNumber[Posix.EINVAL] = Errno.EINVAL;
        byNumber[Posix.ENFILE] = Errno.ENFILE;
        byNumber[Posix.EMFILE] = Errno.EMFILE;
        byNumber[Posix.ENOTTY] = Errno.ENOTTY;
        byNumber[Posix.ENOSPC] = Errno.ENOSPC;
        byNumber[Posix.ESPIPE] = Errno.ESPIPE;
        byNumber[Posix.EROFS] = Errno.EROFS;
        byNumber[Posix.EPIPE] = Errno.EPIPE;
        return byNumber;
    }

    /** Returns the error that has a number on this system, or null if {@link Errno} lacks it. */
    protected abstract Errno errno(int number);

    /** Returns this system's number of an error. */
    public final int number(Errno errno) {
        for (int number = 1; number < 256; number++) {
            if (errno(number) == errno) {
                return number;
            }
        }
        throw new AssertionError(errno);
    }

    /** Writes the family of an address and, where the system has a field for it, its length. */
    protected abstract void setFamily(ByteBuffer address, int family, int length);

    /** Returns the family of the address at an offset. */
    protected abstract int family(ByteBuffer addresses, int at);

    /** Returns whether a stream moved no bytes because it would block; a first write that connects may have to wait. */
    public final boolean wouldBlock(long r) {
        return r == -EAGAIN() || r == -EINPROGRESS();
    }
}
