package io.panamio.jmh;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The contender {@code c}: plain.c, compiled by the system's compiler and called through FFM, with many operations in
 * each call so that the cost of the call itself is negligible. It runs in the JVM's process deliberately: in a process
 * with many threads every system call on a descriptor costs more (the kernel counts references to the open file, which
 * it omits for a single thread), so the figures of a separate C program would be out of reach of any JVM.
 *
 * <p>Without a compiler the {@code c} benchmarks fail, with a message, and the others run.
 */
@State(Scope.Thread)
public class Plain {
    /** The number of operations of one call of {@link #run}. */
    static final int OPERATIONS = 200;

    private MethodHandle operation;

    /** Looks up the function named like the benchmark: {@code Udp} for {@code Udp.c}, {@code UdpBatch} for cBatch. */
    @Setup
    @SuppressWarnings("restricted")
    public void open(BenchmarkParams benchmark) throws Throwable {
        String[] name = benchmark.getBenchmark().split("\\."); // package.Class.method
        String ready = benchmark.getParam("ready");
        SymbolLookup library = SymbolLookup.libraryLookup(compile(), Arena.global());
        operation = link(library, name[name.length - 2] + name[name.length - 1].substring(1), JAVA_LONG);
        check((long) link(library, "setup", JAVA_LONG).invokeExact(ready == null ? 0 : Long.parseLong(ready)));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle link(SymbolLookup library, String function, MemoryLayout... arguments) {
        return Linker.nativeLinker().downcallHandle(library.find(function).orElseThrow(),
            FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    private static Path compile() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("panamio-jmh");
        Path source = directory.resolve("plain.c");
        Path library = directory.resolve("plain.so");
        for (Path path : new Path[] {directory, source, library}) { // deleted in the opposite order
            path.toFile().deleteOnExit();
        }
        try (InputStream in = Plain.class.getResourceAsStream("/plain.c")) {
            Files.copy(in, source);
        }
        Process compiler;
        try {
            compiler = new ProcessBuilder("cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-pthread",
                "-o", library.toString(), source.toString()).inheritIO().start();
        } catch (IOException e) {
            throw new IllegalStateException("no C compiler (cc) is installed: cannot compare with plain C", e);
        }
        if (compiler.waitFor() != 0) {
            throw new IllegalStateException("cc could not compile plain.c: cannot compare with plain C");
        }
        return library;
    }

    /** Performs {@link #OPERATIONS} operations. */
    void run() throws Throwable {
        check((long) operation.invokeExact((long) OPERATIONS));
    }

    private static void check(long result) {
        if (result != 0) {
            throw new AssertionError("plain.c failed: errno " + -result);
        }
    }
}
