package io.panamio.sys.unix;

/**
 * Sizes and offsets of the structs that are the same on Linux, macOS and the BSDs, under the names of their headers
 * without the prefixes of the fields. They are constants, so that a call needs no class of the bindings, which could
 * not be loaded without free descriptors. A test compares each with the bindings of every system. What differs between
 * systems is in {@link UnixConstants}.
 */
public final class Structs {
    static final int SOCKADDR_STORAGE_SIZE = 128;
    static final int SOCKADDR_IN_SIZE = 16;
    static final int SOCKADDR_IN_PORT = 2;
    static final int SOCKADDR_IN_ADDR = 4;
    static final int SOCKADDR_IN6_SIZE = 28;
    static final int SOCKADDR_IN6_PORT = 2;
    static final int SOCKADDR_IN6_ADDR = 8;
    static final int SOCKADDR_IN6_SCOPE_ID = 24;
    static final int SOCKADDR_UN_PATH = 2;

    static final int IOVEC_SIZE = 16;
    static final int IOVEC_BASE = 0;
    static final int IOVEC_LEN = 8;

    static final int POLLFD_SIZE = 8;
    static final int POLLFD_FD = 0;
    static final int POLLFD_EVENTS = 4;
    static final int POLLFD_REVENTS = 6;

    static final int LINGER_SIZE = 8;
    static final int LINGER_ONOFF = 0;
    static final int LINGER_LINGER = 4;

    static final int IP_MREQN_SIZE = 12;
    static final int IP_MREQN_MULTIADDR = 0;
    static final int IP_MREQN_ADDRESS = 4;
    static final int IP_MREQN_IFINDEX = 8;
    static final int IPV6_MREQ_SIZE = 20;
    static final int IPV6_MREQ_MULTIADDR = 0;
    static final int IPV6_MREQ_INTERFACE = 16;

    /** FreeBSD has no struct in_pktinfo, and no message with it. */
    static final int IN_PKTINFO_SIZE = 12;
    static final int IN_PKTINFO_IFINDEX = 0;
    static final int IN_PKTINFO_SPEC_DST = 4;
    static final int IN_PKTINFO_ADDR = 8;
    static final int IN6_PKTINFO_SIZE = 20;
    static final int IN6_PKTINFO_ADDR = 0;
    static final int IN6_PKTINFO_IFINDEX = 16;

    public static final int TIMESPEC_SIZE = 16;
    public static final int TIMESPEC_SEC = 0;
    public static final int TIMESPEC_NSEC = 8;

    /** Linux has no message with a struct timeval. */
    public static final int TIMEVAL_SIZE = 16;
    public static final int TIMEVAL_SEC = 0;
    public static final int TIMEVAL_USEC = 8;

    private Structs() {
    }
}
