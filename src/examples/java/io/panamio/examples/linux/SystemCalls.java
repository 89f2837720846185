package io.panamio.examples.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Calls functions of the C library that report errors in errno. */
final class SystemCalls {
    static final int EINTR = 4;
    static final int EAGAIN = 11;

    private static final HexFormat CODED = HexFormat.of().withPrefix("%").withUpperCase();
    private static final Linker LINKER = Linker.nativeLinker();
    /** The C library, or what tests put in its place; not that of another system, which has none of these calls. */
    private static final SymbolLookup LIBRARY = Optional.ofNullable(System.getProperty("panamio.test.library"))
        .filter(file -> System.getProperty("os.name").equals("Linux"))
        .map(file -> SymbolLookup.libraryLookup(Path.of(file), Arena.global()).or(LINKER.defaultLookup()))
        .orElse(LINKER.defaultLookup());
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private SystemCalls() {
    }

    /** Links a function; the first argument of the handle is a segment of {@link #errnoIn}, which receives errno. */
    static MethodHandle link(String function, MemoryLayout result, MemoryLayout... arguments) {
        return LINKER.downcallHandle(LIBRARY.find(function).orElseThrow(),
            FunctionDescriptor.of(result, arguments), Linker.Option.captureCallState("errno"));
    }

    /** Allocates a segment that receives errno. */
    static MemorySegment errnoIn(Arena arena) {
        return arena.allocate(STATE);
    }

    static int errno(MemorySegment captured) {
        return captured.get(JAVA_INT, ERRNO);
    }

    /**
     * Returns the bytes of a path, taken from its URI: only that preserves bytes that are not text in the charset of the
     * JVM. A URI is absolute, and ends with a slash if the path is a directory.
     */
    static byte[] bytes(Path path) {
        if (path.toString().isEmpty()) {
            return new byte[0];
        }
        String raw = Path.of("/").resolve(path).toUri().getRawPath();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        int end = raw.length() > 1 && raw.endsWith("/") ? raw.length() - 1 : raw.length();
        for (int at = path.isAbsolute() ? 0 : 1; at < end; at++) {
            boolean coded = raw.charAt(at) == '%';
            bytes.write(coded ? HexFormat.fromHexDigits(raw, at + 1, at + 3) : raw.charAt(at));
            at += coded ? 2 : 0;
        }
        return bytes.toByteArray();
    }

    /** Returns the path of a file name given in bytes. */
    static Path path(byte[] name) {
        return name.length == 0 ? Path.of("") : Path.of(URI.create("file:///" + CODED.formatHex(name))).getFileName();
    }

    /**
     * Calls a function that returns an int, -1 on failure. Slow, because it links the function each time: not for an
     * event loop.
     *
     * @param arguments ints, longs, segments, and arrays for strings
     */
    static int call(String function, Object... arguments) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment errno = errnoIn(arena);
            List<MemoryLayout> layouts = new ArrayList<>();
            List<Object> values = new ArrayList<>(List.of(errno));
            for (Object a : arguments) {
                layouts.add(a instanceof Integer ? JAVA_INT : a instanceof Long ? JAVA_LONG : ADDRESS);
                values.add(a instanceof byte[] s ? string(arena, s) : a);
            }
            int result = (int) link(function, JAVA_INT, layouts.toArray(MemoryLayout[]::new))
                .invokeWithArguments(values);
            if (result == -1) {
                throw failure(function, errno(errno));
            }
            return result;
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static MemorySegment string(Arena arena, byte[] bytes) {
        MemorySegment string = arena.allocate(bytes.length + 1L);
        return string.copyFrom(MemorySegment.ofArray(bytes)); // NUL-terminated
    }

    static IOException failure(String function, int errno) {
        try {
            MemorySegment text = (MemorySegment) link("strerror", ADDRESS, JAVA_INT)
                .invokeExact(errnoIn(Arena.ofAuto()), errno);
            return new IOException(function + ": " + text.reinterpret(Long.MAX_VALUE).getString(0)
                + " (errno " + errno + ")");
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    /** Returns an IOException for the caller to throw; throws anything else. */
    static IOException unexpected(Throwable t) {
        if (t instanceof IOException e) {
            return e;
        }
        throw t instanceof Error e ? e : new AssertionError(t);
    }
}
