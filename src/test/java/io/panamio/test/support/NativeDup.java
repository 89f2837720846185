package io.panamio.test.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assumptions.abort;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls by which tests manipulate descriptors without the library. They return the results of the C functions. */
public final class NativeDup {
    private static final MethodHandle DUP = link("dup", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE = link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = link("write",
        FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle SIGNAL = link("signal", FunctionDescriptor.of(ADDRESS, JAVA_INT, ADDRESS));

    private static final int SIGPIPE = 13;

    private NativeDup() {
    }

    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.defaultLookup().find(name).map(function -> linker.downcallHandle(function, descriptor))
            .orElse(null);
    }

    /** Skips the running test where the system has no such function. */
    private static void require(MethodHandle function) {
        if (function == null || WindowsHandles.HERE) { // a child without JUnit comes here as well
            abort("this system lacks a function that the test needs");
        }
    }

    /** dup(2). */
    public static int dup(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.dup(fd);
        }
        require(DUP);
        try {
            return (int) DUP.invokeExact(fd);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** close(2). */
    public static int close(int fd) {
        if (WindowsHandles.HERE) {
            return WindowsHandles.close(fd);
        }
        require(CLOSE);
        try {
            return (int) CLOSE.invokeExact(fd);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** write(2) of one byte, which raises SIGPIPE if the peer is closed. */
    public static long writeByte(int fd) {
        require(WRITE);
        try (Arena arena = Arena.ofConfined()) {
            return (long) WRITE.invokeExact(fd, arena.allocate(1), 1L);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Removes the JVM's handler of SIGPIPE: from now on that signal ends the process. */
    public static void restoreDefaultSigpipe() {
        require(SIGNAL);
        try {
            MemorySegment previous = (MemorySegment) SIGNAL.invokeExact(SIGPIPE, MemorySegment.NULL);
            if (previous.address() == -1) {
                throw new AssertionError("signal(SIGPIPE, SIG_DFL) failed");
            }
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
