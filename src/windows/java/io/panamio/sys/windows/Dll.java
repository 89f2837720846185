package io.panamio.sys.windows;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/**
 * Links the functions of the system's libraries. Each function is looked up in its own library, which stays loaded, as
 * a lookup in the process finds only those of the C runtime.
 *
 * <h2>Two shapes</h2>
 * FFM generates code for each shape of call, that is for each list of types: 5 to 10 ms on a cold JVM. So the functions
 * of a library have one of two shapes: six longs or eleven, for integers and addresses alike. In the calling
 * conventions of Windows for x86-64 and aarch64 a function reads only the lower half of an int's register or stack
 * slot, and no more arguments than it has, which the caller removes. The upper half of a result is undefined where the
 * function returns less than 64 bits, such as an int, a BOOL or an NTSTATUS: whoever invokes a handle casts its result
 * to that width.
 *
 * <p>FFM does not know that such a long is an address, so callers keep the memory reachable until the call returns.
 */
final class Dll {
    private static final Linker LINKER = Linker.nativeLinker();

    private final String name;
    private final SymbolLookup lookup;

    private Dll(String name, SymbolLookup lookup) {
        this.name = name;
        this.lookup = lookup;
    }

    /** Loads a library, or, if a test sets {@code panamio.test.library}, only that one in its place. */
    @SuppressWarnings("restricted")
    static Dll load(String name) {
        String file = System.getProperty("panamio.test.library", name + ".dll");
        return new Dll(name, SymbolLookup.libraryLookup(file, Arena.global()));
    }

    MemorySegment function(String function) {
        MemorySegment address = functionOrNull(function);
        if (address == null) {
            throw new UnsatisfiedLinkError(name + ".dll has no " + function);
        }
        return address;
    }

    MemorySegment functionOrNull(String function) {
        return lookup.find(function).orElse(null);
    }

    /** Returns a handle of functions of so many longs, which takes the address before them. */
    static MethodHandle link(int arguments, Linker.Option... options) {
        MemoryLayout[] layouts = new MemoryLayout[arguments];
        Arrays.fill(layouts, JAVA_LONG);
        return link(layouts, options);
    }

    /**
     * Returns a handle of functions that move bytes to or from a segment of a user, which FFM keeps open during the
     * call: with the parameters of sendto.
     */
    static MethodHandle linkTransfer(Linker.Option... options) {
        return link(new MemoryLayout[] {JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG}, options);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(MemoryLayout[] arguments, Linker.Option... options) {
        return LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, arguments), options);
    }

    /** Throws what {@code invokeExact} threw if it is a check of FFM's; everything else is a mistake here. */
    static AssertionError unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            throw e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        throw new AssertionError(t);
    }
}
