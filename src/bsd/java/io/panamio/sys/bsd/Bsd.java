package io.panamio.sys.bsd;

/** Numbers that macOS and FreeBSD have in common, under the names of their headers. */
final class Bsd {
    static final int EVFILT_READ = -1;
    static final int EVFILT_WRITE = -2;
    static final int EV_ADD = 0x01;
    static final int EV_DELETE = 0x02;
    static final int EV_DISABLE = 0x08;
    static final int EV_ONESHOT = 0x10;
    static final int EV_CLEAR = 0x20;
    static final int EV_RECEIPT = 0x40;
    static final int EV_DISPATCH = 0x80;
    static final int EV_ERROR = 0x4000;
    static final int EV_EOF = 0x8000;
    static final int NOTE_LOWAT = 0x01;
    static final int NOTE_TRIGGER = 0x0100_0000;

    static final int SCM_TIMESTAMP = 2;
    static final int S_IFDIR = 0040000;
    static final int MAP_ANON = 0x1000;

    static final int SOL_SOCKET = 0xffff;
    static final int SO_ERROR = 0x1007;
    static final int SO_TYPE = 0x1008;
    static final int SO_ACCEPTCONN = 0x0002;
    static final int MSG_DONTWAIT = 0x80;
    static final int MSG_TRUNC = 0x10;
    static final int MSG_CTRUNC = 0x20;
    static final int IPV6_V6ONLY = 27;
    static final int IPV6_PKTINFO = 46;
    static final int IPV6_HOPLIMIT = 47;
    static final int IP_ADD_MEMBERSHIP = 12;
    static final int IP_DROP_MEMBERSHIP = 13;
    static final int IPV6_JOIN_GROUP = 12;
    static final int IPV6_LEAVE_GROUP = 13;
    static final int MCAST_JOIN_SOURCE_GROUP = 82;
    static final int MCAST_LEAVE_SOURCE_GROUP = 83;
    static final int MCAST_BLOCK_SOURCE = 84;
    static final int MCAST_UNBLOCK_SOURCE = 85;
    static final int O_NONBLOCK = 4;
    static final long FIONREAD = 0x4004_667f;

    static final int SO_BROADCAST = 0x0020;
    static final int SO_KEEPALIVE = 0x0008;
    static final int SO_REUSEADDR = 0x0004;
    static final int SO_REUSEPORT = 0x0200;
    static final int SO_SNDBUF = 0x1001;
    static final int SO_RCVBUF = 0x1002;
    static final int SO_TIMESTAMP = 0x0400;
    static final int SOL_LOCAL = 0;
    static final int LOCAL_PEERCRED = 1;
    static final int IP_TTL = 4;
    static final int IPV6_UNICAST_HOPS = 4;
    static final int IP_TOS = 3;
    static final int IP_MULTICAST_IF = 9;
    static final int IPV6_MULTICAST_IF = 9;
    static final int IP_MULTICAST_TTL = 10;
    static final int IPV6_MULTICAST_HOPS = 10;
    static final int IP_MULTICAST_LOOP = 11;
    static final int IPV6_MULTICAST_LOOP = 11;
    static final int IPV6_DONTFRAG = 62;
    static final int IPV6_RECVHOPLIMIT = 37;
    static final int TCP_NODELAY = 1;
    static final int TCP_NOPUSH = 4;
    static final int TCP_MAXSEG = 2;

    static final int EAGAIN = 35;
    static final int EINPROGRESS = 36;
    static final int EALREADY = 37;
    static final int ENOTSOCK = 38;
    static final int EDESTADDRREQ = 39;
    static final int EMSGSIZE = 40;
    static final int EPROTOTYPE = 41;
    static final int ENOPROTOOPT = 42;
    static final int EPROTONOSUPPORT = 43;
    static final int ESOCKTNOSUPPORT = 44;
    static final int EAFNOSUPPORT = 47;
    static final int EADDRINUSE = 48;
    static final int EADDRNOTAVAIL = 49;
    static final int ENETDOWN = 50;
    static final int ENETUNREACH = 51;
    static final int ENETRESET = 52;
    static final int ECONNABORTED = 53;
    static final int ECONNRESET = 54;
    static final int ENOBUFS = 55;
    static final int EISCONN = 56;
    static final int ENOTCONN = 57;
    static final int ETOOMANYREFS = 59;
    static final int ETIMEDOUT = 60;
    static final int ECONNREFUSED = 61;
    static final int ELOOP = 62;
    static final int ENAMETOOLONG = 63;
    static final int EHOSTDOWN = 64;
    static final int EHOSTUNREACH = 65;
    static final int EDQUOT = 69;
    static final int ENOLCK = 77;
    static final int ENOSYS = 78;
    static final int EOVERFLOW = 84;

    private Bsd() {
    }
}
