package io.panamio.sys.unix;

import java.nio.ByteBuffer;

/** What the headers of each Unix say differently, under the names that they have there. */
public abstract class UnixConstants {
    /** For the platforms. */
    protected UnixConstants() {
    }

    // errno
    protected abstract int EAGAIN();
    protected abstract int EINTR();
    protected abstract int EINPROGRESS();
    protected abstract int ENOTCONN();
    protected abstract int EAFNOSUPPORT();

    // sys/socket.h
    protected abstract int AF_INET();
    protected abstract int AF_INET6();
    protected abstract int AF_UNIX();
    protected abstract int SOCK_STREAM();
    protected abstract int SOCK_DGRAM();
    protected abstract int SOCK_SEQPACKET();
    protected abstract int SOL_SOCKET();
    protected abstract int SO_ERROR();
    protected abstract int SO_TYPE();
    protected abstract int SO_ACCEPTCONN();
    protected abstract int MSG_PEEK();
    protected abstract int MSG_DONTWAIT();
    protected abstract int MSG_NOSIGNAL();
    protected abstract int MSG_MORE();
    protected abstract int MSG_TRUNC();
    protected abstract int MSG_CTRUNC();
    protected abstract int MSG_CMSG_CLOEXEC();
    protected abstract int SCM_RIGHTS();
    protected abstract int SCM_CREDENTIALS();
    protected abstract int SCM_TIMESTAMPNS();
    protected abstract int SHUT_RD();
    protected abstract int SHUT_WR();
    protected abstract int SHUT_RDWR();
    protected abstract long MSGHDR_IOV();
    protected abstract long MSGHDR_IOVLEN();
    protected abstract long MSGHDR_NAME();
    protected abstract long MSGHDR_NAMELEN();
    protected abstract long MSGHDR_CONTROL();
    protected abstract long MSGHDR_CONTROLLEN();
    protected abstract long MSGHDR_FLAGS();
    protected abstract int SUN_PATH_SIZE();

    // netinet/in.h and netinet/tcp.h
    protected abstract int IPPROTO_IP();
    protected abstract int IPPROTO_IPV6();
    protected abstract int IP_TTL();
    protected abstract int IPV6_V6ONLY();
    protected abstract int IPV6_UNICAST_HOPS();
    protected abstract int IP_TOS();
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
    protected abstract int IPPROTO_UDP();
    protected abstract int UDP_SEGMENT();
    protected abstract int UDP_GRO();

    // fcntl.h, sys/file.h and sys/ioctl.h
    protected abstract int F_GETFL();
    protected abstract int F_SETFL();
    protected abstract int O_NONBLOCK();
    protected abstract int O_ACCMODE();
    protected abstract int O_RDONLY();
    protected abstract int O_WRONLY();
    protected abstract int O_CLOEXEC();
    protected abstract int AT_FDCWD();
    protected abstract int AT_SYMLINK_NOFOLLOW();
    protected abstract int LOCK_EX();
    protected abstract int LOCK_NB();
    protected abstract long FIONREAD();

    // poll.h
    protected abstract int POLLIN();
    protected abstract int POLLPRI();
    protected abstract int POLLOUT();
    protected abstract int POLLERR();
    protected abstract int POLLHUP();
    protected abstract int POLLNVAL();
    protected abstract int POLLRDHUP();

    /** The error with this number, or null where it has no name here. */
    protected abstract Errno errno(int number);

    /** Writes the family of an address and, where the system has room for it there, its length. */
    protected abstract void setFamily(ByteBuffer address, int family, int length);

    /** The family of the address that begins there. */
    protected abstract int family(ByteBuffer addresses, int at);

    /** Whether a stream has taken or given nothing: a first write that is to connect may find that it must wait. */
    public final boolean wouldBlock(long r) {
        return r == -EAGAIN() || r == -EINPROGRESS();
    }
}
