package io.panamio.test.hosts;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.panamio.IoResult;
import io.panamio.IoSource;
import io.panamio.test.support.Loop;
import io.panamio.test.support.NativeCalls;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A TUN device of the current thread's network: a read returns a packet that the host sends, a write delivers one. */
final class Tun extends IoSource {
    private static final MethodHandle READ = link("read");
    private static final MethodHandle WRITE = link("write");

    private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 16);

    Tun(String name) {
        super(NativeCalls.openTun(name), false);
    }

    private static MethodHandle link(String name) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    }

    /** Returns the next packet, or null if there is none. */
    byte[] read() throws IOException {
        long n = tryIo(Loop.R, fd -> {
            long read = call(READ, fd, buffer.byteSize());
            return read < 0 ? IoResult.WOULD_BLOCK : read;
        });
        return n == IoResult.WOULD_BLOCK ? null : buffer.asSlice(0, n).toArray(JAVA_BYTE);
    }

    void write(byte[] packet) throws IOException {
        MemorySegment.copy(packet, 0, buffer, JAVA_BYTE, 0, packet.length);
        tryIo(Loop.W, fd -> {
            if (call(WRITE, fd, packet.length) != packet.length) {
                throw new IOException("a packet of " + packet.length + " bytes was refused");
            }
            return packet.length;
        });
    }

    private long call(MethodHandle function, int fd, long length) {
        try {
            return (long) function.invokeExact(fd, buffer, length);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
