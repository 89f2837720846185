package io.panamio.sys.unix;

/**
 * The errors that exceptions report by name, with the messages of glibc. Their numbers differ between systems: see
 * {@link UnixConstants#errno}.
 */
public enum Errno {
    EPERM("Operation not permitted"),
    ENOENT("No such file or directory"),
    EINTR("Interrupted system call"),
    EIO("Input/output error"),
    ENXIO("No such device or address"),
    EBADF("Bad file descriptor"),
    EAGAIN("Resource temporarily unavailable"),
    ENOMEM("Cannot allocate memory"),
    EACCES("Permission denied"),
    EFAULT("Bad address"),
    EBUSY("Device or resource busy"),
    EEXIST("File exists"),
    ENODEV("No such device"),
    ENOTDIR("Not a directory"),
    EISDIR("Is a directory"),
    EINVAL("Invalid argument"),
    ENOTTY("Inappropriate ioctl for device"),
    ENFILE("Too many open files in system"),
    EMFILE("Too many open files"),
    ENOSPC("No space left on device"),
    ESPIPE("Illegal seek"),
    EROFS("Read-only file system"),
    EPIPE("Broken pipe"),
    ENAMETOOLONG("File name too long"),
    ENOLCK("No locks available"),
    ENOSYS("Function not implemented"),
    ELOOP("Too many levels of symbolic links"),
    EOVERFLOW("Value too large for defined data type"),
    EILSEQ("Invalid or incomplete multibyte or wide character"),
    EPROTO("Protocol error"),
    ENOTSOCK("Socket operation on non-socket"),
    EDESTADDRREQ("Destination address required"),
    EMSGSIZE("Message too long"),
    EPROTOTYPE("Protocol wrong type for socket"),
    ENOPROTOOPT("Protocol not available"),
    EPROTONOSUPPORT("Protocol not supported"),
    ESOCKTNOSUPPORT("Socket type not supported"),
    ENOTSUP("Operation not supported"),
    EOPNOTSUPP("Operation not supported"),
    EAFNOSUPPORT("Address family not supported by protocol"),
    EADDRINUSE("Address already in use"),
    EADDRNOTAVAIL("Cannot assign requested address"),
    ENETDOWN("Network is down"),
    ENETUNREACH("Network is unreachable"),
    ENETRESET("Network dropped connection on reset"),
    ECONNABORTED("Software caused connection abort"),
    ECONNRESET("Connection reset by peer"),
    ENOBUFS("No buffer space available"),
    EISCONN("Transport endpoint is already connected"),
    ENOTCONN("Transport endpoint is not connected"),
    ETOOMANYREFS("Too many references: cannot splice"),
    ETIMEDOUT("Connection timed out"),
    ECONNREFUSED("Connection refused"),
    EHOSTDOWN("Host is down"),
    EHOSTUNREACH("No route to host"),
    EALREADY("Operation already in progress"),
    EINPROGRESS("Operation now in progress"),
    EDQUOT("Disk quota exceeded"),
    ENONET("Machine is not on the network");

    /** The message. */
    final String text;

    Errno(String text) {
        this.text = text;
    }
}
