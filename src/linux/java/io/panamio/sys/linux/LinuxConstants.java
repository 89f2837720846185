package io.panamio.sys.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.bindings.linux.Linux;
import io.panamio.bindings.linux.cmsghdr;
import io.panamio.bindings.linux.group_source_req;
import io.panamio.bindings.linux.msghdr;
import io.panamio.bindings.linux.ppc64le.Ppc64le;
import io.panamio.bindings.linux.sockaddr_storage;
import io.panamio.bindings.linux.sockaddr_un;
import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.UnixConstants;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Linux's constants, struct sizes and field offsets: the same on every processor, but for FIONREAD on ppc64le. */
class LinuxConstants extends UnixConstants {
    static final LinuxConstants INSTANCE = new LinuxConstants();

    /** The errors by number; a class of its own, so that it is initialized only when an error is first reported. */
    private static final class ErrorTable {
        static final Errno[] BY_NUMBER = commonErrors();

        static {
            BY_NUMBER[Linux.EAGAIN] = Errno.EAGAIN;
            BY_NUMBER[Linux.ENAMETOOLONG] = Errno.ENAMETOOLONG;
            BY_NUMBER[Linux.ENOLCK] = Errno.ENOLCK;
            BY_NUMBER[Linux.ENOSYS] = Errno.ENOSYS;
            BY_NUMBER[Linux.ELOOP] = Errno.ELOOP;
            BY_NUMBER[Linux.EOVERFLOW] = Errno.EOVERFLOW;
            BY_NUMBER[Linux.EILSEQ] = Errno.EILSEQ;
            BY_NUMBER[Linux.EPROTO] = Errno.EPROTO;
            BY_NUMBER[Linux.ENOTSOCK] = Errno.ENOTSOCK;
            BY_NUMBER[Linux.EDESTADDRREQ] = Errno.EDESTADDRREQ;
            BY_NUMBER[Linux.EMSGSIZE] = Errno.EMSGSIZE;
            BY_NUMBER[Linux.EPROTOTYPE] = Errno.EPROTOTYPE;
            BY_NUMBER[Linux.ENOPROTOOPT] = Errno.ENOPROTOOPT;
            BY_NUMBER[Linux.EPROTONOSUPPORT] = Errno.EPROTONOSUPPORT;
            BY_NUMBER[Linux.ESOCKTNOSUPPORT] = Errno.ESOCKTNOSUPPORT;
            BY_NUMBER[Linux.EOPNOTSUPP] = Errno.EOPNOTSUPP;
            BY_NUMBER[Linux.EAFNOSUPPORT] = Errno.EAFNOSUPPORT;
            BY_NUMBER[Linux.EADDRINUSE] = Errno.EADDRINUSE;
            BY_NUMBER[Linux.EADDRNOTAVAIL] = Errno.EADDRNOTAVAIL;
            BY_NUMBER[Linux.ENETDOWN] = Errno.ENETDOWN;
            BY_NUMBER[Linux.ENETUNREACH] = Errno.ENETUNREACH;
            BY_NUMBER[Linux.ENETRESET] = Errno.ENETRESET;
            BY_NUMBER[Linux.ECONNABORTED] = Errno.ECONNABORTED;
            BY_NUMBER[Linux.ECONNRESET] = Errno.ECONNRESET;
            BY_NUMBER[Linux.ENOBUFS] = Errno.ENOBUFS;
            BY_NUMBER[Linux.EISCONN] = Errno.EISCONN;
            BY_NUMBER[Linux.ENOTCONN] = Errno.ENOTCONN;
            BY_NUMBER[Linux.ETOOMANYREFS] = Errno.ETOOMANYREFS;
            BY_NUMBER[Linux.ETIMEDOUT] = Errno.ETIMEDOUT;
            BY_NUMBER[Linux.ECONNREFUSED] = Errno.ECONNREFUSED;
            BY_NUMBER[Linux.EHOSTDOWN] = Errno.EHOSTDOWN;
            BY_NUMBER[Linux.EHOSTUNREACH] = Errno.EHOSTUNREACH;
            BY_NUMBER[Linux.EALREADY] = Errno.EALREADY;
            BY_NUMBER[Linux.EINPROGRESS] = Errno.EINPROGRESS;
            BY_NUMBER[Linux.EDQUOT] = Errno.EDQUOT;
            BY_NUMBER[Linux.ENONET] = Errno.ENONET;
        }
    }

    LinuxConstants() {
    }

    @Override
    @SuppressWarnings("unused")
    protected void load() {
        Class<?>[] loaded = {cmsghdr.class, group_source_req.class, msghdr.class, sockaddr_storage.class,
            sockaddr_un.class};
    }

    @Override
    protected Errno errno(int number) {
        return number > 0 && number < ErrorTable.BY_NUMBER.length ? ErrorTable.BY_NUMBER[number] : null;
    }

    @Override
    protected void setFamily(ByteBuffer address, int family, int length) {
        address.putShort(0, (short) family); // no field for the length
    }

    @Override
    protected int family(ByteBuffer addresses, int at) {
        return addresses.getShort(at);
    }

    // errno
    @Override protected int EAGAIN() { return Linux.EAGAIN; }
    @Override protected int EINPROGRESS() { return Linux.EINPROGRESS; }
    @Override protected int ENOTCONN() { return Linux.ENOTCONN; }
    @Override protected int EAFNOSUPPORT() { return Linux.EAFNOSUPPORT; }

    // sys/socket.h
    @Override protected int AF_INET6() { return Linux.AF_INET6; }
    @Override protected int SOL_SOCKET() { return Linux.SOL_SOCKET; }
    @Override protected int SO_ERROR() { return Linux.SO_ERROR; }
    @Override protected int SO_TYPE() { return Linux.SO_TYPE; }
    @Override protected int SO_ACCEPTCONN() { return Linux.SO_ACCEPTCONN; }
    @Override protected int MSG_DONTWAIT() { return Linux.MSG_DONTWAIT; }
    @Override protected int MSG_NOSIGNAL() { return Linux.MSG_NOSIGNAL; }
    @Override protected int MSG_TRUNC() { return Linux.MSG_TRUNC; }
    @Override protected int MSG_CTRUNC() { return Linux.MSG_CTRUNC; }
    @Override protected int MSG_CMSG_CLOEXEC() { return Linux.MSG_CMSG_CLOEXEC; }
    @Override protected int SUN_PATH_SIZE() { return (int) sockaddr_un.sun_path$layout().byteSize(); }
    @Override protected int MSG_WHOLE_LENGTH() { return Linux.MSG_TRUNC; }
    @Override protected int SOCK_NONBLOCK() { return Linux.SOCK_NONBLOCK; }
    @Override protected int SOCK_CLOEXEC() { return Linux.SOCK_CLOEXEC; }
    @Override protected int SO_NOSIGPIPE() { return 0; }
    @Override protected boolean hasAbstractNames() { return true; }
    @Override protected boolean hidesErrors() { return false; }

    // struct msghdr and struct cmsghdr
    @Override protected long MSGHDR_SIZE() { return msghdr.sizeof(); }
    @Override protected long MSGHDR_NAME() { return msghdr.msg_name$offset(); }
    @Override protected long MSGHDR_NAMELEN() { return msghdr.msg_namelen$offset(); }
    @Override protected long MSGHDR_IOV() { return msghdr.msg_iov$offset(); }
    @Override protected long MSGHDR_IOVLEN() { return msghdr.msg_iovlen$offset(); }
    @Override protected long MSGHDR_CONTROL() { return msghdr.msg_control$offset(); }
    @Override protected long MSGHDR_CONTROLLEN() { return msghdr.msg_controllen$offset(); }
    @Override protected long MSGHDR_FLAGS() { return msghdr.msg_flags$offset(); }
    @Override protected long CMSGHDR_LEVEL() { return cmsghdr.cmsg_level$offset(); }
    @Override protected long CMSGHDR_TYPE() { return cmsghdr.cmsg_type$offset(); }
    @Override protected int CMSGHDR_DATA() { return (int) cmsghdr.sizeof(); }
    @Override protected int CMSGHDR_ALIGNMENT() { return (int) cmsghdr.layout().byteAlignment(); }

    @Override
    protected long length(MemorySegment struct, long offset) {
        return struct.get(JAVA_LONG, offset);
    }

    @Override
    protected void setLength(MemorySegment struct, long offset, long length) {
        struct.set(JAVA_LONG, offset, length);
    }

    // netinet/in.h
    @Override protected int IPV6_V6ONLY() { return Linux.IPV6_V6ONLY; }
    @Override protected int IP_PKTINFO() { return Linux.IP_PKTINFO; }
    @Override protected int IPV6_PKTINFO() { return Linux.IPV6_PKTINFO; }
    @Override protected int IPV6_HOPLIMIT() { return Linux.IPV6_HOPLIMIT; }
    @Override protected int IPV6_TCLASS() { return Linux.IPV6_TCLASS; }
    @Override protected int CMSG_TTL() { return Linux.IP_TTL; }
    @Override protected int CMSG_TOS() { return Linux.IP_TOS; }
    @Override protected int IP_ADD_MEMBERSHIP() { return Linux.IP_ADD_MEMBERSHIP; }
    @Override protected int IP_DROP_MEMBERSHIP() { return Linux.IP_DROP_MEMBERSHIP; }
    @Override protected int IPV6_JOIN_GROUP() { return Linux.IPV6_ADD_MEMBERSHIP; }
    @Override protected int IPV6_LEAVE_GROUP() { return Linux.IPV6_DROP_MEMBERSHIP; }
    @Override protected int MCAST_JOIN_SOURCE_GROUP() { return Linux.MCAST_JOIN_SOURCE_GROUP; }
    @Override protected int MCAST_LEAVE_SOURCE_GROUP() { return Linux.MCAST_LEAVE_SOURCE_GROUP; }
    @Override protected int MCAST_BLOCK_SOURCE() { return Linux.MCAST_BLOCK_SOURCE; }
    @Override protected int MCAST_UNBLOCK_SOURCE() { return Linux.MCAST_UNBLOCK_SOURCE; }
    @Override protected long GROUP_SOURCE_REQ_GROUP() { return group_source_req.gsr_group$offset(); }
    @Override protected long GROUP_SOURCE_REQ_SOURCE() { return group_source_req.gsr_source$offset(); }
    @Override protected long GROUP_SOURCE_REQ_SIZE() { return group_source_req.sizeof(); }

    // fcntl.h and sys/ioctl.h
    @Override protected int O_NONBLOCK() { return Linux.O_NONBLOCK; }
    @Override protected int O_CLOEXEC() { return Linux.O_CLOEXEC; }
    @Override protected int AT_FDCWD() { return Linux.AT_FDCWD; }
    @Override protected int AT_SYMLINK_NOFOLLOW() { return Linux.AT_SYMLINK_NOFOLLOW; }
    @Override protected long FIONREAD() { return LinuxPlatform.PPC64LE ? Ppc64le.FIONREAD : Linux.FIONREAD; }

    // poll.h
    @Override protected int POLLRDHUP() { return Linux.POLLRDHUP; }
}
