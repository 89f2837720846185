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

    private MacosConstants() {
    }

    @Override
    @SuppressWarnings("unused")
    protected void load() {
        Class<?>[] loaded = {cmsghdr.class, msghdr.class, sockaddr_un.class, xucred.class};
    }

    @Override
    protected Errno ownErrno(int number) {
        return switch (number) {
            case Macos.EPROTO -> Errno.EPROTO;
            case Macos.EILSEQ -> Errno.EILSEQ;
            case Macos.ENOTSUP -> Errno.ENOTSUP;
            case Macos.EOPNOTSUPP -> Errno.EOPNOTSUPP;
            default -> null;
        };
    }

    // sys/socket.h and sys/un.h
    @Override protected int AF_INET6() { return Macos.AF_INET6; }
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
    @Override protected int IPV6_TCLASS() { return Macos.IPV6_TCLASS; }
    @Override protected int IP_PKTINFO() { return Macos.IP_PKTINFO; }
    @Override protected int CMSG_TTL() { return Macos.IP_RECVTTL; }
    @Override protected int CMSG_TOS() { return Macos.IP_RECVTOS; }
    @Override protected long GROUP_SOURCE_REQ_GROUP() { return Macos.GROUP_SOURCE_REQ_GROUP; }
    @Override protected long GROUP_SOURCE_REQ_SOURCE() { return Macos.GROUP_SOURCE_REQ_SOURCE; }
    @Override protected long GROUP_SOURCE_REQ_SIZE() { return Macos.GROUP_SOURCE_REQ_SIZE; }

    // fcntl.h, sys/stat.h and sys/ioctl.h
    @Override protected int O_CLOEXEC() { return Macos.O_CLOEXEC; }
    @Override protected int AT_FDCWD() { return Macos.AT_FDCWD; }
    @Override protected int AT_SYMLINK_NOFOLLOW() { return Macos.AT_SYMLINK_NOFOLLOW; }
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
