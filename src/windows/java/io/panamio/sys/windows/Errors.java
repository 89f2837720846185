package io.panamio.sys.windows;

import io.panamio.SystemError;
import io.panamio.sys.SystemExceptions;
import java.io.IOException;

/**
 * Creates the exception for an error code, of the class that the JDK uses for it. The message names the function and
 * the error as Windows does; {@link SystemError#errnoName} is the name that other systems have for it. The switches
 * here have no case for null, with which javac would link them at run time, for which there may be no memory.
 */
final class Errors {
    private Errors() {
    }

    /** For a call on a socket. */
    static IOException socket(String call, int number) {
        return socket(call, "", number);
    }

    /** For a call on a socket, with the address or the option concerned. */
    static IOException socket(String call, String about, int number) {
        SystemError.Failure failure = failure(call, number);
        String message = describe(call, about, number);
        ErrorCode code = ErrorCode.of(number);
        if (code == null) {
            return SystemExceptions.socket(message, failure);
        }
        return switch (code) {
            case WSAEMFILE, WSAENOBUFS, WSAEWOULDBLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES ->
                SystemExceptions.exhausted(message, failure);
            case WSAECONNREFUSED -> SystemExceptions.connect(message, failure);
            case WSAETIMEDOUT, WSAENOTCONN -> call.equals("connect") ? SystemExceptions.connect(message, failure)
                : SystemExceptions.socket(message, failure);
            case WSAEHOSTUNREACH -> SystemExceptions.noRoute(message, failure);
            case WSAEADDRINUSE, WSAEADDRNOTAVAIL -> SystemExceptions.bind(message, failure);
            case WSAEACCES -> call.equals("bind") ? SystemExceptions.bind(message, failure)
                : SystemExceptions.socket(message, failure);
            case WSAECONNRESET, WSAECONNABORTED, WSAESHUTDOWN -> SystemExceptions.reset(message, failure);
            default -> SystemExceptions.socket(message, failure);
        };
    }

    /**
     * For an error that was pending on a socket: its connection is broken, and no later call succeeds. So it is never
     * an exception of exhausted resources, even if the error is one.
     */
    static IOException pending(String call, String about, int number) {
        ErrorCode code = ErrorCode.of(number);
        if (code == null) {
            return socket(call, about, number);
        }
        return switch (code) {
            case WSAEMFILE, WSAENOBUFS, WSAEWOULDBLOCK, ERROR_NOT_ENOUGH_MEMORY, ERROR_NO_SYSTEM_RESOURCES ->
                SystemExceptions.socket(describe(call, about, number), failure(call, number));
            default -> socket(call, about, number);
        };
    }

    /** For a call that may succeed later, whatever the error. */
    static IOException exhausted(String call, String about, int number) {
        return SystemExceptions.exhausted(describe(call, about, number), failure(call, number));
    }

    /** For a call on any other handle. */
    static IOException io(String call, int number) {
        return io(call, "", number);
    }

    /** For a call on any other handle, with what it concerns. */
    static IOException io(String call, String about, int number) {
        SystemError.Failure failure = failure(call, number);
        String message = describe(call, about, number);
        ErrorCode code = ErrorCode.of(number);
        if (code == null) {
            return SystemExceptions.io(message, failure);
        }
        return switch (code) {
            case WSAEMFILE, WSAENOBUFS, ERROR_TOO_MANY_OPEN_FILES, ERROR_NOT_ENOUGH_MEMORY, ERROR_OUTOFMEMORY,
                ERROR_NO_SYSTEM_RESOURCES, ERROR_NONPAGED_SYSTEM_RESOURCES, ERROR_PAGED_SYSTEM_RESOURCES,
                ERROR_WORKING_SET_QUOTA, ERROR_COMMITMENT_LIMIT, ERROR_NOT_ENOUGH_QUOTA ->
                SystemExceptions.exhausted(message, failure);
            default -> SystemExceptions.io(message, failure);
        };
    }

    /** For a status of ntdll. */
    static IOException status(String call, int status) {
        return io(call, Ntdll.error(status));
    }

    /** For a call that opens a file or a pipe. */
    static IOException open(String call, String file, int number) {
        SystemError.Failure failure = failure(call, number);
        ErrorCode code = ErrorCode.of(number);
        if (code == null) {
            return io(call, file, number);
        }
        return switch (code) {
            case ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND ->
                SystemExceptions.noSuchFile(file, describe(call, "", number), failure);
            case ERROR_ACCESS_DENIED -> SystemExceptions.accessDenied(file, describe(call, "", number), failure);
            default -> io(call, file, number);
        };
    }

    /** For an allocation. */
    static OutOfMemoryError outOfMemory(String call, String about, int number) {
        return SystemExceptions.outOfMemory(describe(call, about, number), failure(call, number));
    }

    private static SystemError.Failure failure(String call, int number) {
        ErrorCode code = ErrorCode.of(number);
        return new SystemError.Failure(call, number, code == null ? "error " + number : code.errno);
    }

    /** Returns the message for the failure of a call. */
    static String describe(String call, String about, int number) {
        String what = about.isEmpty() ? call : call + " " + about;
        ErrorCode code = ErrorCode.of(number);
        if (code == null) {
            return what + ": error " + number;
        }
        String names = code.name().endsWith(code.errno) ? code.name() : code.errno + ", " + code;
        return what + ": " + code.text + " (" + names + " " + number + ")";
    }
}
