package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.panamio.net.NamedPipe;
import io.panamio.sys.Platform;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who may connect to a named pipe, as the system has recorded it. */
@Tag("any-selector")
class OwnerOnlyTest {
    private static final int DACL = 4; // DACL_SECURITY_INFORMATION

    /** Returns the list of a handle in the notation of security descriptors. */
    private static String access(int handle) {
        Dll dll = Dll.load("advapi32");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment descriptor = arena.allocate(1000, 8);
            MemorySegment out = arena.allocate(JAVA_LONG, 2);
            assertEquals(0, Kernel32.bool(dll.function("GetKernelObjectSecurity"), handle, DACL, descriptor.address(),
                1000, out.address(), 0));
            assertEquals(0, Kernel32.bool(dll.function("ConvertSecurityDescriptorToStringSecurityDescriptorW"),
                descriptor.address(), 1, DACL, out.address(), out.address() + 8, 0));
            return MemorySegment.ofAddress(out.get(JAVA_LONG, 0)).reinterpret(1000)
                .getString(0, StandardCharsets.UTF_16LE);
        }
    }

    @Test
    void aPipeIsItsCreatorsAlone() throws IOException {
        assumeTrue(Platform.current() instanceof WindowsPlatform, "this system has no security descriptors");
        String name = "\\\\.\\pipe\\panamio-" + System.nanoTime();
        try (NamedPipe pipe = NamedPipe.create(name, NamedPipe.Mode.BYTES); NamedPipe another = pipe.another()) {
            for (NamedPipe instance : new NamedPipe[] {pipe, another}) {
                String access = access(instance.fd());
                assertTrue(access.matches("D:P\\(A;;FA;;;S-1-5-21-[0-9-]+\\)"), access);
            }
        }
    }
}
