package io.panamio.sys.unix;

/** Numbers that Linux, macOS and the BSDs have in common, under the names of their headers. */
public final class Posix {
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EBADF = 9;
    static final int ENOMEM = 12;
    static final int EACCES = 13;
    static final int EFAULT = 14;
    static final int EBUSY = 16;
    static final int EEXIST = 17;
    static final int ENODEV = 19;
    static final int ENOTDIR = 20;
    static final int EISDIR = 21;
    static final int EINVAL = 22;
    static final int ENFILE = 23;
    static final int EMFILE = 24;
    static final int ENOTTY = 25;
    static final int ENOSPC = 28;
    static final int ESPIPE = 29;
    static final int EROFS = 30;
    static final int EPIPE = 32;

    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int SOCK_STREAM = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_SEQPACKET = 5;
    static final int MSG_PEEK = 2;
    static final int SCM_RIGHTS = 1;
    static final int SHUT_RD = 0;
    static final int SHUT_WR = 1;
    static final int SHUT_RDWR = 2;
    public static final int IPPROTO_IP = 0;
    public static final int IPPROTO_TCP = 6;
    public static final int IPPROTO_UDP = 17;
    public static final int IPPROTO_IPV6 = 41;

    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_ACCMODE = 3;
    static final int F_SETFD = 2;
    static final int FD_CLOEXEC = 1;
    static final int F_GETFL = 3;
    static final int F_SETFL = 4;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;

    public static final int S_IFMT = 0170000;
    public static final int S_IFREG = 0100000;
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int MAP_SHARED = 0x01;
    public static final int MAP_PRIVATE = 0x02;
    public static final int MAP_FIXED = 0x10;

    static final int POLLIN = 0x01;
    static final int POLLPRI = 0x02;
    static final int POLLOUT = 0x04;
    static final int POLLERR = 0x08;
    static final int POLLHUP = 0x10;
    static final int POLLNVAL = 0x20;

    private Posix() {
    }
}
