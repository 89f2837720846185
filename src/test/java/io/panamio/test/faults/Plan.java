package io.panamio.test.faults;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** The plan of the library that {@code src/test/faults/build} compiles: a struct of longs, see {@code faults.c}. */
final class Plan {
    static final int FORWARD = 0;
    static final int SINGLE = 1;
    static final int CUT = 3;

    private static final int MODE = 0;
    private static final int FUNCTION = 1;
    private static final int COUNTDOWN = 2;
    private static final int ERROR = 3;
    private static final int INJECTED = 4;
    private static final int MAPPED = 5;
    private static final int ALLOCATED = 6;
    private static final int CALLS = 8;
    /** The size of a file for a plan: more than enough. */
    private static final long SHARED = 4096;
    private static final VarHandle LONG = JAVA_LONG.varHandle();

    private final MemorySegment plan;
    /** The names of the functions, by their indexes. */
    final List<String> functions;

    private Plan(MemorySegment plan, List<String> functions) {
        this.plan = plan;
        this.functions = functions;
    }

    /** The plan of the library that Panamio uses in this JVM. */
    static Plan own() {
        return of(Path.of(System.getProperty("panamio.test.library")), null);
    }

    /** A plan that other processes share, which have the file as PANAMIO_FAULTS in their environment. */
    static Plan shared(Path library, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            return of(library, channel.map(FileChannel.MapMode.READ_WRITE, 0, SHARED, Arena.ofAuto()));
        }
    }

    private static Plan of(Path file, MemorySegment shared) {
        SymbolLookup library = SymbolLookup.libraryLookup(file, Arena.global());
        Linker linker = Linker.nativeLinker();
        try {
            MemorySegment plan = shared != null ? shared : (MemorySegment) linker.downcallHandle(
                library.find("faults_plan").orElseThrow(), FunctionDescriptor.of(ADDRESS)).invokeExact();
            List<String> names = new ArrayList<>();
            for (String name; !(name = name(linker, library, names.size())).isEmpty();) {
                names.add(name);
            }
            return new Plan(shared != null ? plan : plan.reinterpret((CALLS + names.size()) * 8L), List.copyOf(names));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static String name(Linker linker, SymbolLookup library, long i) throws Throwable {
        MemorySegment name = (MemorySegment) linker.downcallHandle(library.find("faults_name").orElseThrow(),
            FunctionDescriptor.of(ADDRESS, JAVA_LONG)).invokeExact(i);
        return name.reinterpret(100).getString(0);
    }

    private long get(int field) {
        return (long) LONG.getVolatile(plan, field * 8L);
    }

    private void set(int field, long value) {
        LONG.setVolatile(plan, field * 8L, value);
    }

    /** Lets the nth call from now of a function fail. */
    void fail(int function, long nth, int error) {
        set(FUNCTION, function);
        set(ERROR, error);
        set(COUNTDOWN, nth);
        set(INJECTED, 0);
        set(MODE, SINGLE);
    }

    /** Forgets everything, before a process that shares this plan starts. */
    void clear() {
        plan.fill((byte) 0);
    }

    /** {@return whether transfers are cut} */
    boolean cuts() {
        return get(MODE) == CUT;
    }

    /** Injects no more faults. */
    void stop() {
        set(MODE, FORWARD);
    }

    long injected() {
        return get(INJECTED);
    }

    long mapped() {
        return get(MAPPED);
    }

    long allocated() {
        return get(ALLOCATED);
    }

    /** {@return the number of calls of each function so far} */
    long[] calls() {
        long[] calls = new long[functions.size()];
        for (int i = 0; i < calls.length; i++) {
            calls[i] = get(CALLS + i);
        }
        return calls;
    }
}
