package io.panamio.sys.freebsd;

import io.panamio.bindings.freebsd.Freebsd;
import io.panamio.bindings.freebsd.cmsghdr;
import io.panamio.bindings.freebsd.group_source_req;
import io.panamio.bindings.freebsd.kevent;
import io.panamio.bindings.freebsd.msghdr;
import io.panamio.bindings.freebsd.sockaddr_storage;
import io.panamio.bindings.freebsd.sockaddr_un;
import io.panamio.bindings.freebsd.stat;
import io.panamio.bindings.freebsd.xucred;
import io.panamio.sys.bsd.BsdConstants;
import io.panamio.sys.unix.Errno;
import io.panamio.sys.unix.Libc;

/** The numbers, sizes and offsets of FreeBSD, the same on x86-64 and aarch64. */
final class FreebsdConstants extends BsdConstants {
    static final FreebsdConstants INSTANCE = new FreebsdConstants();

    /** The offset of a process in a struct xucred. */
    static final long XUCRED_PID = xucred.cr_pid$offset();

    private FreebsdConstants() {
    }

    @Override
    @SuppressWarnings("unused")
    protected void load() {
        Class<?>[] loaded = {cmsghdr.class, group_source_req.class, msghdr.class, sockaddr_storage.class,
            sockaddr_un.class, xucred.class, Libc.Invocation.class, FreebsdTransfers.Sendfile.class};
    }

    @Override
    protected Errno ownErrno(int number) {
        return switch (number) {
            case Freebsd.EPROTO -> Errno.EPROTO;
            case Freebsd.EILSEQ -> Errno.EILSEQ;
            case Freebsd.EOPNOTSUPP -> Errno.EOPNOTSUPP;
            default -> null;
        };
    }

    // sys/socket.h and sys/un.h
    @Override protected int AF_INET6() { return Freebsd.AF_INET6; }
    @Override protected int SUN_PATH_SIZE() { return (int) sockaddr_un.sun_path$layout().byteSize(); }
    @Override protected int SOCK_NONBLOCK() { return Freebsd.SOCK_NONBLOCK; }
    @Override protected int SOCK_CLOEXEC() { return Freebsd.SOCK_CLOEXEC; }
    @Override protected int MSG_NOSIGNAL() { return Freebsd.MSG_NOSIGNAL; }
    @Override protected int SO_NOSIGPIPE() { return 0; } // MSG_NOSIGNAL suffices
    @Override protected int MSG_CMSG_CLOEXEC() { return Freebsd.MSG_CMSG_CLOEXEC; }
    @Override protected int POLLRDHUP() { return Freebsd.POLLRDHUP; }

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
    @Override protected int CMSGHDR_ALIGNMENT() { return (int) Freebsd.CMSGHDR_ALIGNMENT; }

    // netinet/in.h
    @Override protected int IPV6_TCLASS() { return Freebsd.IPV6_TCLASS; }
    @Override protected int IP_PKTINFO() { return Freebsd.IP_RECVDSTADDR; }
    @Override protected int CMSG_TTL() { return Freebsd.IP_RECVTTL; }
    @Override protected int CMSG_TOS() { return Freebsd.IP_RECVTOS; }
    @Override protected long GROUP_SOURCE_REQ_GROUP() { return group_source_req.gsr_group$offset(); }
    @Override protected long GROUP_SOURCE_REQ_SOURCE() { return group_source_req.gsr_source$offset(); }
    @Override protected long GROUP_SOURCE_REQ_SIZE() { return group_source_req.sizeof(); }

    // fcntl.h, sys/stat.h and sys/ioctl.h
    @Override protected int O_CLOEXEC() { return Freebsd.O_CLOEXEC; }
    @Override protected int AT_FDCWD() { return Freebsd.AT_FDCWD; }
    @Override protected int AT_SYMLINK_NOFOLLOW() { return Freebsd.AT_SYMLINK_NOFOLLOW; }
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
    @Override protected int EVFILT_USER() { return Freebsd.EVFILT_USER; }
    @Override protected int EVFILT_EXCEPT() { return 0; }
    @Override protected int NOTE_OOB() { return 0; }
}
