package io.panamio.sys.windows;

import io.panamio.bindings.windows.Windows;
import java.util.HashMap;
import java.util.Map;

/** The error codes that have names here, of Winsock and of other functions, with their messages. */
enum ErrorCode {
    WSAEINTR(Windows.WSAEINTR, "EINTR", "Interrupted function call"),
    WSAEBADF(Windows.WSAEBADF, "EBADF", "File handle is not valid"),
    WSAEACCES(Windows.WSAEACCES, "EACCES", "Permission denied"),
    WSAEFAULT(Windows.WSAEFAULT, "EFAULT", "Bad address"),
    WSAEINVAL(Windows.WSAEINVAL, "EINVAL", "Invalid argument"),
    WSAEMFILE(Windows.WSAEMFILE, "EMFILE", "Too many open sockets"),
    WSAEWOULDBLOCK(Windows.WSAEWOULDBLOCK, "EAGAIN", "Resource temporarily unavailable"),
    WSAEINPROGRESS(Windows.WSAEINPROGRESS, "EINPROGRESS", "Operation now in progress"),
    WSAEALREADY(Windows.WSAEALREADY, "EALREADY", "Operation already in progress"),
    WSAENOTSOCK(Windows.WSAENOTSOCK, "ENOTSOCK", "Socket operation on non-socket"),
    WSAEDESTADDRREQ(Windows.WSAEDESTADDRREQ, "EDESTADDRREQ", "Destination address required"),
    WSAEMSGSIZE(Windows.WSAEMSGSIZE, "EMSGSIZE", "Message too long"),
    WSAEPROTOTYPE(Windows.WSAEPROTOTYPE, "EPROTOTYPE", "Protocol wrong type for socket"),
    WSAENOPROTOOPT(Windows.WSAENOPROTOOPT, "ENOPROTOOPT", "Protocol not available"),
    WSAEPROTONOSUPPORT(Windows.WSAEPROTONOSUPPORT, "EPROTONOSUPPORT", "Protocol not supported"),
    WSAESOCKTNOSUPPORT(Windows.WSAESOCKTNOSUPPORT, "ESOCKTNOSUPPORT", "Socket type not supported"),
    WSAEOPNOTSUPP(Windows.WSAEOPNOTSUPP, "EOPNOTSUPP", "Operation not supported"),
    WSAEPFNOSUPPORT(Windows.WSAEPFNOSUPPORT, "EPFNOSUPPORT", "Protocol family not supported"),
    WSAEAFNOSUPPORT(Windows.WSAEAFNOSUPPORT, "EAFNOSUPPORT", "Address family not supported by protocol"),
    WSAEADDRINUSE(Windows.WSAEADDRINUSE, "EADDRINUSE", "Address already in use"),
    WSAEADDRNOTAVAIL(Windows.WSAEADDRNOTAVAIL, "EADDRNOTAVAIL", "Cannot assign requested address"),
    WSAENETDOWN(Windows.WSAENETDOWN, "ENETDOWN", "Network is down"),
    WSAENETUNREACH(Windows.WSAENETUNREACH, "ENETUNREACH", "Network is unreachable"),
    WSAENETRESET(Windows.WSAENETRESET, "ENETRESET", "Network dropped connection on reset"),
    // of an established connection: what other systems report as a reset
    WSAECONNABORTED(Windows.WSAECONNABORTED, "ECONNRESET", "Software caused connection abort"),
    WSAECONNRESET(Windows.WSAECONNRESET, "ECONNRESET", "Connection reset by peer"),
    WSAENOBUFS(Windows.WSAENOBUFS, "ENOBUFS", "No buffer space available"),
    WSAEISCONN(Windows.WSAEISCONN, "EISCONN", "Socket is already connected"),
    WSAENOTCONN(Windows.WSAENOTCONN, "ENOTCONN", "Socket is not connected"),
    WSAESHUTDOWN(Windows.WSAESHUTDOWN, "EPIPE", "Cannot send or receive after a shutdown"),
    WSAETIMEDOUT(Windows.WSAETIMEDOUT, "ETIMEDOUT", "Connection timed out"),
    WSAECONNREFUSED(Windows.WSAECONNREFUSED, "ECONNREFUSED", "Connection refused"),
    WSAELOOP(Windows.WSAELOOP, "ELOOP", "Cannot translate the name"),
    WSAENAMETOOLONG(Windows.WSAENAMETOOLONG, "ENAMETOOLONG", "Name too long"),
    WSAEHOSTDOWN(Windows.WSAEHOSTDOWN, "EHOSTDOWN", "Host is down"),
    WSAEHOSTUNREACH(Windows.WSAEHOSTUNREACH, "EHOSTUNREACH", "No route to host"),
    WSAEPROCLIM(Windows.WSAEPROCLIM, null, "Too many processes"),
    WSASYSNOTREADY(Windows.WSASYSNOTREADY, null, "Network subsystem is unavailable"),
    WSAVERNOTSUPPORTED(Windows.WSAVERNOTSUPPORTED, null, "Winsock's version out of range"),
    WSANOTINITIALISED(Windows.WSANOTINITIALISED, null, "Winsock is not started"),
    WSAEDISCON(Windows.WSAEDISCON, null, "Graceful shutdown in progress"),
    ERROR_INVALID_FUNCTION(Windows.ERROR_INVALID_FUNCTION, "EINVAL", "Incorrect function"),
    ERROR_FILE_NOT_FOUND(Windows.ERROR_FILE_NOT_FOUND, "ENOENT", "The system cannot find the file specified"),
    ERROR_PATH_NOT_FOUND(Windows.ERROR_PATH_NOT_FOUND, "ENOENT", "The system cannot find the path specified"),
    ERROR_TOO_MANY_OPEN_FILES(Windows.ERROR_TOO_MANY_OPEN_FILES, "EMFILE", "The system cannot open the file"),
    ERROR_ACCESS_DENIED(Windows.ERROR_ACCESS_DENIED, "EACCES", "Access is denied"),
    ERROR_INVALID_HANDLE(Windows.ERROR_INVALID_HANDLE, "EBADF", "The handle is invalid"),
    ERROR_NOT_ENOUGH_MEMORY(Windows.ERROR_NOT_ENOUGH_MEMORY, "ENOMEM", "Not enough memory resources are available"),
    ERROR_OUTOFMEMORY(Windows.ERROR_OUTOFMEMORY, "ENOMEM", "Not enough memory resources are available"),
    ERROR_NOT_READY(Windows.ERROR_NOT_READY, null, "The device is not ready"),
    ERROR_GEN_FAILURE(Windows.ERROR_GEN_FAILURE, "EIO", "A device attached to the system is not functioning"),
    ERROR_SHARING_VIOLATION(Windows.ERROR_SHARING_VIOLATION, "EBUSY", "The file is being used by another process"),
    ERROR_HANDLE_EOF(Windows.ERROR_HANDLE_EOF, null, "Reached the end of the file"),
    ERROR_NOT_SUPPORTED(Windows.ERROR_NOT_SUPPORTED, "EOPNOTSUPP", "The request is not supported"),
    ERROR_BAD_NETPATH(Windows.ERROR_BAD_NETPATH, null, "The network path was not found"),
    ERROR_NETNAME_DELETED(Windows.ERROR_NETNAME_DELETED, "ECONNRESET",
        "The specified network name is no longer available"),
    ERROR_INVALID_PARAMETER(Windows.ERROR_INVALID_PARAMETER, "EINVAL", "The parameter is incorrect"),
    ERROR_BROKEN_PIPE(Windows.ERROR_BROKEN_PIPE, "EPIPE", "The pipe has been ended"),
    ERROR_CALL_NOT_IMPLEMENTED(Windows.ERROR_CALL_NOT_IMPLEMENTED, "ENOSYS",
        "This function is not supported on this system"),
    ERROR_INVALID_NAME(Windows.ERROR_INVALID_NAME, "EINVAL", "The name is syntactically incorrect"),
    ERROR_BUSY(Windows.ERROR_BUSY, "EBUSY", "The requested resource is in use"),
    ERROR_ALREADY_EXISTS(Windows.ERROR_ALREADY_EXISTS, "EEXIST", "It exists already"),
    ERROR_PIPE_LOCAL(Windows.ERROR_PIPE_LOCAL, null, "The pipe is local"),
    ERROR_BAD_PIPE(Windows.ERROR_BAD_PIPE, "EINVAL", "The pipe state is invalid"),
    ERROR_PIPE_BUSY(Windows.ERROR_PIPE_BUSY, "EBUSY", "All pipe instances are busy"),
    ERROR_NO_DATA(Windows.ERROR_NO_DATA, "EPIPE", "The pipe is being closed"),
    ERROR_PIPE_NOT_CONNECTED(Windows.ERROR_PIPE_NOT_CONNECTED, "ENOTCONN",
        "No process is on the other end of the pipe"),
    ERROR_MORE_DATA(Windows.ERROR_MORE_DATA, "EMSGSIZE", "More data is available"),
    WAIT_TIMEOUT(Windows.WAIT_TIMEOUT, null, "The wait timed out"),
    ERROR_INVALID_ADDRESS(Windows.ERROR_INVALID_ADDRESS, "EFAULT", "Attempt to access an invalid address"),
    ERROR_PIPE_CONNECTED(Windows.ERROR_PIPE_CONNECTED, "EISCONN", "There is a process on the other end of the pipe"),
    ERROR_PIPE_LISTENING(Windows.ERROR_PIPE_LISTENING, "ENOTCONN",
        "Waiting for a process to open the other end of the pipe"),
    ERROR_ABANDONED_WAIT_0(Windows.ERROR_ABANDONED_WAIT_0, null, "The handle was closed during the wait"),
    ERROR_OPERATION_ABORTED(Windows.ERROR_OPERATION_ABORTED, "ECANCELED", "The operation was cancelled"),
    ERROR_IO_INCOMPLETE(Windows.ERROR_IO_INCOMPLETE, null, "The operation is not complete"),
    ERROR_IO_PENDING(Windows.ERROR_IO_PENDING, null, "The operation is in progress"),
    ERROR_NOACCESS(Windows.ERROR_NOACCESS, "EFAULT", "Invalid access to a memory location"),
    ERROR_NOT_FOUND(Windows.ERROR_NOT_FOUND, "ENOENT", "Element not found"),
    ERROR_CONNECTION_REFUSED(Windows.ERROR_CONNECTION_REFUSED, "ECONNREFUSED", "Connection refused"),
    ERROR_NETWORK_UNREACHABLE(Windows.ERROR_NETWORK_UNREACHABLE, "ENETUNREACH", "Network is unreachable"),
    ERROR_HOST_UNREACHABLE(Windows.ERROR_HOST_UNREACHABLE, "EHOSTUNREACH", "No route to host"),
    ERROR_PROTOCOL_UNREACHABLE(Windows.ERROR_PROTOCOL_UNREACHABLE, "EHOSTUNREACH", "No such protocol at the host"),
    ERROR_PORT_UNREACHABLE(Windows.ERROR_PORT_UNREACHABLE, "ECONNREFUSED", "No service at the port of the host"),
    ERROR_CONNECTION_ABORTED(Windows.ERROR_CONNECTION_ABORTED, "ECONNRESET", "Software caused connection abort"),
    ERROR_PRIVILEGE_NOT_HELD(Windows.ERROR_PRIVILEGE_NOT_HELD, "EPERM", "A required privilege is not held"),
    ERROR_NO_SYSTEM_RESOURCES(Windows.ERROR_NO_SYSTEM_RESOURCES, "ENOBUFS", "Insufficient system resources"),
    ERROR_NONPAGED_SYSTEM_RESOURCES(Windows.ERROR_NONPAGED_SYSTEM_RESOURCES, "ENOBUFS",
        "Insufficient system resources"),
    ERROR_PAGED_SYSTEM_RESOURCES(Windows.ERROR_PAGED_SYSTEM_RESOURCES, "ENOBUFS", "Insufficient system resources"),
    ERROR_WORKING_SET_QUOTA(Windows.ERROR_WORKING_SET_QUOTA, "ENOMEM", "Insufficient quota"),
    ERROR_COMMITMENT_LIMIT(Windows.ERROR_COMMITMENT_LIMIT, "ENOMEM", "The paging file is too small"),
    ERROR_NOT_ENOUGH_QUOTA(Windows.ERROR_NOT_ENOUGH_QUOTA, "ENOMEM", "Insufficient quota");

    private static final Map<Integer, ErrorCode> BY_NUMBER = new HashMap<>();

    static {
        for (ErrorCode code : values()) {
            BY_NUMBER.put(code.number, code);
        }
    }

    private final int number;
    /** The name of the same error on other systems, or else its own. */
    final String errno;
    /** The message. */
    final String text;

    ErrorCode(int number, String errno, String text) {
        this.number = number;
        this.errno = errno == null ? name() : errno;
        this.text = text;
    }

    /** Returns the error of a number, or null. */
    static ErrorCode of(int number) {
        return BY_NUMBER.get(number);
    }
}
