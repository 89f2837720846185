package io.panamio.sys.unix;

import java.lang.foreign.MemorySegment;

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
    protected abstract int SOCK_STREAM();
    protected abstract int SOL_SOCKET();
    protected abstract int SO_ERROR();
    protected abstract int SO_TYPE();
    protected abstract int SO_REUSEADDR();
    protected abstract int SO_REUSEPORT();
    protected abstract int MSG_PEEK();
    protected abstract int MSG_DONTWAIT();
    protected abstract int MSG_NOSIGNAL();
    protected abstract int MSG_MORE();
    protected abstract int SHUT_RD();
    protected abstract int SHUT_WR();
    protected abstract int SHUT_RDWR();
    protected abstract long MSGHDR_IOV();
    protected abstract long MSGHDR_IOVLEN();

    // netinet/in.h and netinet/tcp.h
    protected abstract int IPPROTO_IP();
    protected abstract int IPPROTO_IPV6();
    protected abstract int IPPROTO_TCP();
    protected abstract int IP_TTL();
    protected abstract int IPV6_V6ONLY();
    protected abstract int IPV6_UNICAST_HOPS();
    protected abstract int TCP_NODELAY();

    // fcntl.h and sys/ioctl.h
    protected abstract int F_GETFL();
    protected abstract int F_SETFL();
    protected abstract int O_NONBLOCK();
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
    protected abstract void setFamily(MemorySegment address, int family, int length);

    /** The family of an address. */
    protected abstract int family(MemorySegment address);
}
