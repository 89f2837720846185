package io.panamio.sys.macos;

import io.panamio.bindings.macos.Macos;
import io.panamio.bindings.macos.cmsghdr;
import io.panamio.bindings.macos.kevent;
import io.panamio.bindings.macos.msghdr;
import io.panamio.bindings.macos.sockaddr_un;
import io.panamio.bindings.macos.stat;
import io.panamio.bindings.macos.xucred;
import io.panamio.sys.bsd.BsdConstants;
import io.panamio.sys.unix.Errno;

/** The numbers, sizes and offsets of macOS, the same on x86-64 and aarch64. */
final class MacosConstants extends BsdConstants {
    static final MacosConstants INSTANCE = new MacosConstants();

    private static final class Names { // used by errors alone
        static final Errno[] BY_NUMBER = new Errno[256];

        static {
            BY_NUMBER[Macos.EPERM] = Errno.EPERM;
            BY_NUMBER[Macos.ENOENT] = Errno.ENOENT;
            BY_NUMBER[Macos.EINTR] = Errno.EINTR;
            BY_NUMBER[Macos.EIO] = Errno.EIO;
            BY_NUMBER[Macos.EBADF] = Errno.EBADF;
            BY_NUMBER[Macos.EAGAIN] = Errno.EAGAIN;
            BY_NUMBER[Macos.ENOMEM] = Errno.ENOMEM;
            BY_NUMBER[Macos.EACCES] = Errno.EACCES;
            BY_NUMBER[Macos.EFAULT] = Errno.EFAULT;
            BY_NUMBER[Macos.EBUSY] = Errno.EBUSY;
            BY_NUMBER[Macos.EEXIST] = Errno.EEXIST;
            BY_NUMBER[Macos.ENODEV] = Errno.ENODEV;
            BY_NUMBER[Macos.EINVAL] = Errno.EINVAL;
            BY_NUMBER[Macos.ENOTTY] = Errno.ENOTTY;
            BY_NUMBER[Macos.ENFILE] = Errno.ENFILE;
            BY_NUMBER[Macos.EMFILE] = Errno.EMFILE;
            BY_NUMBER[Macos.ENOSPC] = Errno.ENOSPC;
            BY_NUMBER[Macos.EPIPE] = Errno.EPIPE;
            BY_NUMBER[Macos.ENAMETOOLONG] = Errno.ENAMETOOLONG;
            BY_NUMBER[Macos.ENOSYS] = Errno.ENOSYS;
            BY_NUMBER[Macos.ELOOP] = Errno.ELOOP;
            BY_NUMBER[Macos.EPROTO] = Errno.EPROTO;
            BY_NUMBER[Macos.ENOTSOCK] = Errno.ENOTSOCK;
            BY_NUMBER[Macos.EDESTADDRREQ] = Errno.EDESTADDRREQ;
            BY_NUMBER[Macos.EMSGSIZE] = Errno.EMSGSIZE;
            BY_NUMBER[Macos.EPROTOTYPE] = Errno.EPROTOTYPE;
            BY_NUMBER[Macos.ENOPROTOOPT] = Errno.ENOPROTOOPT;
            BY_NUMBER[Macos.EPROTONOSUPPORT] = Errno.EPROTONOSUPPORT;
            BY_NUMBER[Macos.EOPNOTSUPP] = Errno.EOPNOTSUPP;
            BY_NUMBER[Macos.EAFNOSUPPORT] = Errno.EAFNOSUPPORT;
            BY_NUMBER[Macos.EADDRINUSE] = Errno.EADDRINUSE;
            BY_NUMBER[Macos.EADDRNOTAVAIL] = Errno.EADDRNOTAVAIL;
            BY_NUMBER[Macos.ENETDOWN] = Errno.ENETDOWN;
            BY_NUMBER[Macos.ENETUNREACH] = Errno.ENETUNREACH;
            BY_NUMBER[Macos.ENETRESET] = Errno.ENETRESET;
            BY_NUMBER[Macos.ECONNABORTED] = Errno.ECONNABORTED;
            BY_NUMBER[Macos.ECONNRESET] = Errno.ECONNRESET;
            BY_NUMBER[Macos.ENOBUFS] = Errno.ENOBUFS;
            BY_NUMBER[Macos.EISCONN] = Errno.EISCONN;
            BY_NUMBER[Macos.ENOTCONN] = Errno.ENOTCONN;
            BY_NUMBER[Macos.ETIMEDOUT] = Errno.ETIMEDOUT;
            BY_NUMBER[Macos.ECONNREFUSED] = Errno.ECONNREFUSED;
            BY_NUMBER[Macos.EHOSTDOWN] = Errno.EHOSTDOWN;
            BY_NUMBER[Macos.EHOSTUNREACH] = Errno.EHOSTUNREACH;
            BY_NUMBER[Macos.EALREADY] = Errno.EALREADY;
            BY_NUMBER[Macos.EINPROGRESS] = Errno.EINPROGRESS;
        }
    }

    private MacosConstants() {
    }

    @Override
    @SuppressWarnings("unused")
    protected void load() {
        Class<?>[] loaded = {cmsghdr.class, msghdr.class, sockaddr_un.class, xucred.class};
    }

    @Override
    protected Errno errno(int number) {
        return number > 0 && number < Names.BY_NUMBER.length ? Names.BY_NUMBER[number] : null;
    }

    // errno
    @Override protected int EAGAIN() { return Macos.EAGAIN; }
    @Override protected int EINPROGRESS() { return Macos.EINPROGRESS; }
    @Override protected int ENOTCONN() { return Macos.ENOTCONN; }
    @Override protected int EAFNOSUPPORT() { return Macos.EAFNOSUPPORT; }

    // sys/socket.h and sys/un.h
    @Override protected int AF_INET6() { return Macos.AF_INET6; }
    @Override protected int SOL_SOCKET() { return Macos.SOL_SOCKET; }
    @Override protected int SO_ERROR() { return Macos.SO_ERROR; }
    @Override protected int SO_TYPE() { return Macos.SO_TYPE; }
    @Override protected int SO_ACCEPTCONN() { return Macos.SO_ACCEPTCONN; }
    @Override protected int MSG_DONTWAIT() { return Macos.MSG_DONTWAIT; }
    @Override protected int MSG_TRUNC() { return Macos.MSG_TRUNC; }
    @Override protected int MSG_CTRUNC() { return Macos.MSG_CTRUNC; }
    @Override protected int SO_NOSIGPIPE() { return Macos.SO_NOSIGPIPE; }
    @Override protected int SUN_PATH_SIZE() { return (int) sockaddr_un.sun_path$layout().byteSize(); }
    @Override protected int SOCK_NONBLOCK() { return 0; }
    @Override protected int SOCK_CLOEXEC() { return 0; }
    @Override protected int MSG_NOSIGNAL() { return 0; } // only newer kernels have it
    @Override protected int MSG_CMSG_CLOEXEC() { return 0; }
    @Override protected int POLLRDHUP() { return 0; }

    // struct msghdr and struct cmsghdr
    @Override protected long MSGHDR_SIZE() { return msghdr.sizeof(); }
    @Override protected long MSGHDR_NAME() { return msghdr.msg_name$offset(); }
    @Override protected long MSGHDR_NAMELEN() { return msghdr.msg_namelen$offset(); }
    @Override protected long MSGHDR_IOV() { return msghdr.msg_iov$offset(); }
    @Override protected long MSGHDR_IOVLEN() { return msghdr.msg_iovlen$offset(); }
    @Override protected long MSGHDR_CONTROL() { return msghdr.msg_control$offset(); }
    @Override protected long MSGHDR_CONTROLLEN() { return msghdr.msg_controllen$offset(); }
    @Override protected long MSGHDR_FLAGS() { return msghdr.msg_flags$offset(); }
    @Override protected int CMSGHDR_SIZE() { return (int) cmsghdr.sizeof(); }
    @Override protected long CMSGHDR_LEVEL() { return cmsghdr.cmsg_level$offset(); }
    @Override protected long CMSGHDR_TYPE() { return cmsghdr.cmsg_type$offset(); }
    @Override protected int CMSGHDR_ALIGNMENT() { return (int) Macos.CMSGHDR_ALIGNMENT; }

    // netinet/in.h
    @Override protected int IPV6_V6ONLY() { return Macos.IPV6_V6ONLY; }
    @Override protected int IPV6_PKTINFO() { return Macos.IPV6_PKTINFO; }
    @Override protected int IPV6_HOPLIMIT() { return Macos.IPV6_HOPLIMIT; }
    @Override protected int IPV6_TCLASS() { return Macos.IPV6_TCLASS; }
    @Override protected int IP_ADD_MEMBERSHIP() { return Macos.IP_ADD_MEMBERSHIP; }
    @Override protected int IP_DROP_MEMBERSHIP() { return Macos.IP_DROP_MEMBERSHIP; }
    @Override protected int IPV6_JOIN_GROUP() { return Macos.IPV6_JOIN_GROUP; }
    @Override protected int IPV6_LEAVE_GROUP() { return Macos.IPV6_LEAVE_GROUP; }
    @Override protected int MCAST_JOIN_SOURCE_GROUP() { return Macos.MCAST_JOIN_SOURCE_GROUP; }
    @Override protected int MCAST_LEAVE_SOURCE_GROUP() { return Macos.MCAST_LEAVE_SOURCE_GROUP; }
    @Override protected int MCAST_BLOCK_SOURCE() { return Macos.MCAST_BLOCK_SOURCE; }
    @Override protected int MCAST_UNBLOCK_SOURCE() { return Macos.MCAST_UNBLOCK_SOURCE; }
    @Override protected int IP_PKTINFO() { return Macos.IP_PKTINFO; }
    @Override protected int CMSG_TTL() { return Macos.IP_RECVTTL; }
    @Override protected int CMSG_TOS() { return Macos.IP_RECVTOS; }
    @Override protected long GROUP_SOURCE_REQ_GROUP() { return Macos.GROUP_SOURCE_REQ_GROUP; }
    @Override protected long GROUP_SOURCE_REQ_SOURCE() { return Macos.GROUP_SOURCE_REQ_SOURCE; }
    @Override protected long GROUP_SOURCE_REQ_SIZE() { return Macos.GROUP_SOURCE_REQ_SIZE; }

    // fcntl.h, sys/stat.h and sys/ioctl.h
    @Override protected int O_NONBLOCK() { return Macos.O_NONBLOCK; }
    @Override protected int O_CLOEXEC() { return Macos.O_CLOEXEC; }
    @Override protected int AT_FDCWD() { return Macos.AT_FDCWD; }
    @Override protected int AT_SYMLINK_NOFOLLOW() { return Macos.AT_SYMLINK_NOFOLLOW; }
    @Override protected long FIONREAD() { return Macos.FIONREAD; }
    @Override protected long STAT_SIZE() { return stat.sizeof(); }
    @Override protected long STAT_MODE() { return stat.st_mode$offset(); }
    @Override protected long STAT_LENGTH() { return stat.st_size$offset(); }

    // sys/ucred.h
    @Override protected long XUCRED_SIZE() { return xucred.sizeof(); }
    @Override protected long XUCRED_UID() { return xucred.cr_uid$offset(); }
    @Override protected long XUCRED_GROUPS() { return xucred.cr_groups$offset(); }

    // sys/event.h
    @Override protected int KEVENT_SIZE() { return (int) kevent.sizeof(); }
    @Override protected int KEVENT_IDENT() { return (int) kevent.ident$offset(); }
    @Override protected int KEVENT_FILTER() { return (int) kevent.filter$offset(); }
    @Override protected int KEVENT_FLAGS() { return (int) kevent.flags$offset(); }
    @Override protected int KEVENT_FFLAGS() { return (int) kevent.fflags$offset(); }
    @Override protected int KEVENT_DATA() { return (int) kevent.data$offset(); }
    @Override protected int KEVENT_UDATA() { return (int) kevent.udata$offset(); }
    @Override protected int EVFILT_USER() { return Macos.EVFILT_USER; }
    @Override protected int EVFILT_EXCEPT() { return Macos.EVFILT_EXCEPT; }
    @Override protected int NOTE_OOB() { return Macos.NOTE_OOB; }
}
