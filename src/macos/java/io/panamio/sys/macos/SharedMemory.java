package io.panamio.sys.macos;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.panamio.bindings.macos.Macos;
import io.panamio.sys.unix.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.concurrent.ThreadLocalRandom;

/** Shared memory objects, which have names on macOS: that of one is removed as soon as it is open. */
final class SharedMemory {
    /** How often another name is tried. */
    private static final int TRIES = 8;

    private SharedMemory() {
    }

    private static final class ShmOpen {
        static MethodHandle call = Libc.link("shm_open",
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    }

    private static int shm_open(MemorySegment name, int flags, int mode) {
        return Libc.invoke(capture -> (int) ShmOpen.call.invokeExact(capture, name, flags, mode));
    }

    private static final MemorySegment SHM_UNLINK = Libc.function("shm_unlink");

    private static int shm_unlink(MemorySegment name) {
        int r = Libc.call(SHM_UNLINK, name.address(), 0, 0, 0, 0);
        Reference.reachabilityFence(name);
        return r;
    }

    /** Opens a new object; returns a negated errno if that is refused. It is close-on-exec. */
    static int open() {
        int r = 0;
        for (int i = 0; i < TRIES; i++) {
            try (Arena arena = Arena.ofConfined()) {
                // of at most 31 characters
                MemorySegment name = arena.allocateFrom("/panamio-"
                    + Long.toHexString(ThreadLocalRandom.current().nextLong()));
                r = shm_open(name, Macos.O_RDWR | Macos.O_CREAT | Macos.O_EXCL, 0600);
                if (r >= 0) {
                    shm_unlink(name);
                    return r;
                }
            }
            if (r != -Macos.EEXIST && r != -Macos.EINTR) {
                return r;
            }
        }
        return r;
    }
}
