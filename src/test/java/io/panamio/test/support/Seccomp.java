package io.panamio.test.support;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.List;

/** Makes a system call fail for the rest of the current thread's life, by a filter of seccomp(2). */
public final class Seccomp {
    /** The calls that wait for events. */
    public static final List<SystemCall> WAITS = List.of(SystemCall.EPOLL_WAIT, SystemCall.EPOLL_PWAIT,
        SystemCall.EPOLL_PWAIT2, SystemCall.POLL, SystemCall.PPOLL);

    private static final int PR_SET_SECCOMP = 22;
    private static final int PR_SET_NO_NEW_PRIVS = 38;
    private static final long SECCOMP_MODE_FILTER = 2;
    private static final int SECCOMP_RET_ERRNO = 0x00050000;
    private static final int SECCOMP_RET_ALLOW = 0x7fff0000;
    private static final int LOAD_WORD = 0x20; // BPF_LD | BPF_W | BPF_ABS
    private static final int JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
    private static final int JUMP_IF_SET = 0x45; // BPF_JMP | BPF_JSET | BPF_K
    /** The lower half of the first of seccomp_data.args, of 64 bits each. */
    private static final int ARGUMENTS = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? 16 : 20;
    private static final int RETURN = 0x06; // BPF_RET | BPF_K

    private static final MethodHandle PRCTL = Linker.nativeLinker().defaultLookup().find("prctl")
        .map(function -> Linker.nativeLinker().downcallHandle(function,
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1)))
        .orElse(null);

    private static final int NO_CALL = 9999;

    private Seccomp() {
    }

    /** Skips a test that starts a program with a filter if filters are not supported, as under qemu. */
    public static void require() throws Exception {
        assumeTrue(Background.result(Background.start(() -> refuse(NO_CALL, 0, 0, 1))),
            "no filters of seccomp(2) here");
    }

    /** Makes a system call fail. Returns false if filters are not supported, as under qemu. */
    public static boolean refuse(SystemCall systemCall, int errno) {
        return refuse(systemCall, 0, 0, errno);
    }

    /** Makes a system call fail if an argument contains some of the bits, or always if {@code bits} is 0. */
    public static boolean refuse(SystemCall systemCall, int argument, int bits, int errno) {
        return refuse(systemCall.number, argument, bits, errno);
    }

    private static boolean refuse(int systemCall, int argument, int bits, int errno) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = arena.allocate(6 * 8, 8); // struct sock_filter: code, two jumps, constant
            instruction(filter, 0, LOAD_WORD, 0, 0); // seccomp_data.nr
            instruction(filter, 1, JUMP_IF_EQUAL, 3, systemCall); // otherwise skip three
            instruction(filter, 2, LOAD_WORD, 0, bits == 0 ? 0 : ARGUMENTS + 8 * argument);
            instruction(filter, 3, JUMP_IF_SET, 1, bits == 0 ? -1 : bits); // no call is number 0
            instruction(filter, 4, RETURN, 0, SECCOMP_RET_ERRNO | errno);
            instruction(filter, 5, RETURN, 0, SECCOMP_RET_ALLOW);
            MemorySegment program = arena.allocate(16, 8); // struct sock_fprog: length, filter
            program.set(JAVA_SHORT, 0, (short) 6);
            program.set(ADDRESS, 8, filter);
            return PRCTL != null && prctl(PR_SET_NO_NEW_PRIVS, 1, MemorySegment.NULL) == 0
                && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) == 0;
        }
    }

    private static void instruction(MemorySegment filter, int i, int code, int skipUnless, int constant) {
        filter.set(JAVA_SHORT, 8L * i, (short) code);
        filter.set(JAVA_BYTE, 8L * i + 3, (byte) skipUnless);
        filter.set(JAVA_INT, 8L * i + 4, constant);
    }

    private static int prctl(int option, long number, MemorySegment program) {
        try {
            return (int) PRCTL.invokeExact(option, number, program, 0L, 0L);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
