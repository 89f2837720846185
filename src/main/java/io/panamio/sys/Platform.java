package io.panamio.sys;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The seam between the API and an operating system. Each platform is in a source set of its own, below {@code src/},
 * and is reached through this class only. There is one instance per process, chosen by {@code os.name} on first use,
 * and a constant to the JIT compiler.
 *
 * <p>A platform implements the abstract methods. A group of calls that it does not override throws {@link
 * UnsupportedOperationException}, which names the system and the feature; {@link #support} must report that. The
 * package documentation describes what a platform supplies, method by method.
 *
 * <p>For tests only: {@code -Dpanamio.test.platform} selects another platform than that of {@code os.name}, by its name
 * or its class, and {@code -Dpanamio.test.library} the only library that functions are looked up in.
 */
public abstract class Platform {
    /** The platform, or a String that states why there is none. */
    private static final Object FOUND =
        find(System.getProperty("panamio.test.platform", nameOf(System.getProperty("os.name", "unknown"))));

    /** For subclasses, which are in the platforms. */
    protected Platform() {
    }

    /**
     * {@return the platform of this process}
     *
     * @throws UnsupportedOperationException if this jar has no usable platform for the system
     */
    public static Platform current() {
        if (FOUND instanceof Platform platform) {
            return platform;
        }
        throw new UnsupportedOperationException((String) FOUND);
    }

    // ---- properties

    /** {@return the name of the system and of the selector, for messages} */
    @Override
    public abstract String toString();

    /** {@return how a feature is supported, always the same} */
    public abstract Support support(Feature feature);

    /** {@return the exception for a feature that is refused} */
    public final UnsupportedOperationException refusal(Feature feature) {
        return new UnsupportedOperationException("Feature." + feature + " is not supported on " + this);
    }

    /** {@return the exception for a feature that is refused, with a reason or with what to use instead} */
    public final UnsupportedOperationException refusal(Feature feature, String why) {
        return new UnsupportedOperationException(refusal(feature).getMessage() + ": " + why);
    }

    /** Returns the processor, by its name in the bindings; throws unless it is one of those given. */
    protected static String processor(String... supported) {
        String name = System.getProperty("os.arch").replace("amd64", "x86_64");
        if (!Arrays.asList(supported).contains(name)) {
            throw new UnsupportedOperationException(
                "the processor " + name + " is not supported; " + String.join(", ", supported) + " are");
        }
        return name;
    }

    // ---- selectors

    /** Opens a selector: of the kind that {@code -Dpanamio.selector} names, otherwise the best of the platform. */
    public abstract Selector openSelector() throws IOException;

    /** {@return a buffer for {@code capacity} events of that kind of selector} */
    public abstract EventBuffer newEvents(int capacity);

    // ---- groups of calls

    /** {@return the calls that create and configure sockets} */
    public abstract Sockets sockets();

    /** {@return the calls that read and write stream sockets} */
    public abstract Streams streams();

    /** {@return the calls that send and receive messages} */
    public abstract Messages messages();

    /**
     * {@return the calls on pipes}
     *
     * @throws UnsupportedOperationException if {@link Feature#PIPES} is refused
     */
    public Pipes pipes() {
        throw refusal(Feature.PIPES);
    }

    /**
     * {@return the calls that read files and move bytes between descriptors}
     *
     * @throws UnsupportedOperationException if {@link Feature#SEND_FILE} and {@link Feature#SPLICE} are refused
     */
    public Transfers transfers() {
        throw refusal(Feature.SEND_FILE);
    }

    /**
     * {@return the calls that send without copying}
     *
     * @throws UnsupportedOperationException if {@link Feature#ZERO_COPY} is refused
     */
    public ZeroCopy zeroCopy() {
        throw refusal(Feature.ZERO_COPY);
    }

    // ---- descriptors

    /** {@return whether {@code fd} is in non-blocking mode; true where the system cannot report it} */
    public abstract boolean isNonBlocking(int fd) throws IOException;

    /**
     * Throws unless {@code fd} is in non-blocking mode.
     *
     * @throws IllegalArgumentException if {@code fd} is in blocking mode
     */
    public final void requireNonBlocking(int fd) throws IOException {
        if (!isNonBlocking(fd)) {
            throw new IllegalArgumentException(
                "descriptor " + fd + " is in blocking mode; IoSource.makeNonBlocking(fd) changes that");
        }
    }

    /** Sets whether {@code fd}, a socket or a pipe, is in non-blocking mode. */
    public abstract void setNonBlocking(int fd, boolean on) throws IOException;

    /** Closes a socket, or the descriptor of a user-defined source, ignoring errors. The call is not retried. */
    public abstract void close(int fd);

    /** Heap memory that is given up when none is left, since a downcall allocates until it is compiled. */
    private static volatile byte[] reserve = new byte[4096];

    /** Closes a descriptor of which no object could be made, possibly for lack of memory. */
    public final void discard(int fd) {
        spendReserve();
        close(fd);
    }

    static void spendReserve() {
        reserve = null;
    }

    /** Allocates the reserve of {@link #discard} again, if possible. */
    static void replenish() {
        if (reserve == null) {
            try {
                reserve = new byte[4096];
            } catch (OutOfMemoryError e) {
                return; // a later allocation reports it
            }
        }
    }

    // ---- memory

    /** {@return new zeroed memory, 16-byte aligned, valid until {@link #free}} */
    public abstract MemorySegment allocate(long bytes);

    /** Frees memory of {@link #allocate}. */
    public abstract void free(MemorySegment block);

    /** {@return the size of a page in bytes} */
    public abstract long pageSize();

    /**
     * {@return new zeroed memory in pages of its own, valid until {@link #unmap}; pages that the kernel still uses then
     * are not reused before it is done with them}
     */
    public abstract MemorySegment map(long size);

    /** Unmaps memory of {@link #map}. */
    public abstract void unmap(MemorySegment mapping);

    /**
     * Maps new zeroed memory twice, at adjacent addresses, valid until {@link #unmapTwice}.
     *
     * @param size the size in bytes, a multiple of {@link #pageSize}
     * @return a segment of twice the size; null if the system refuses, or the process has almost as many mappings as it
     *     may
     */
    public MemorySegment mapTwice(long size) {
        return null;
    }

    /** Unmaps memory of {@link #mapTwice}. */
    public void unmapTwice(MemorySegment twice) {
        throw refusal(Feature.MIRRORED_MEMORY);
    }

    // ---- lookup

    /** {@return the name of the platform for a system, or that of the system if there is none} */
    private static String nameOf(String os) {
        return switch (os) {
            case "Linux" -> "linux";
            case "Mac OS X" -> "macos";
            case "FreeBSD" -> "freebsd";
            default -> os.startsWith("Windows") ? "windows" : os;
        };
    }

    /** {@return the option of java that permits this library to call native functions} */
    private static String nativeAccess() {
        String module = Platform.class.getModule().getName();
        return "--enable-native-access=" + (module == null ? "ALL-UNNAMED" : module);
    }

    private static Object find(String name) {
        String os = System.getProperty("os.name", "unknown");
        String type = typeOf(name);
        if (type != null) {
            try {
                return Class.forName(type).getConstructor().newInstance();
            } catch (ClassNotFoundException e) {
                return "this jar of Panamio does not contain the code for " + os + ", but that for " + contained();
            } catch (ReflectiveOperationException | LinkageError e) { // the latter from its static initializers
                Throwable cause = e.getCause() == null ? e : e.getCause();
                return "Panamio cannot be used on " + os + ": " + cause.getMessage()
                    + (cause instanceof IllegalCallerException ? "; start java with " + nativeAccess() : "");
            }
        }
        return "Panamio does not support " + name + " (" + System.getProperty("os.arch")
            + "); it supports Linux, macOS, FreeBSD and Windows, on x86-64 and aarch64, and Linux also on riscv64,"
            + " s390x, ppc64le and loongarch64";
    }

    /**
     * Returns the class of a platform by its name, or null: a jar need not contain every one, and a ServiceLoader
     * delays a cold start. META-INF/services is for tools that remove unreferenced classes.
     */
    private static String typeOf(String name) {
        return switch (name) {
            case "linux" -> "io.panamio.sys.linux.LinuxPlatform";
            case "macos" -> "io.panamio.sys.macos.MacosPlatform";
            case "freebsd" -> "io.panamio.sys.freebsd.FreebsdPlatform";
            case "windows" -> "io.panamio.sys.windows.WindowsPlatform";
            default -> name.indexOf('.') > 0 ? name : null; // a class of a test
        };
    }

    /** Returns the names of the platforms whose code is there. */
    private static String contained() {
        StringBuilder all = new StringBuilder();
        for (String name : new String[] {"linux", "macos", "freebsd", "windows"}) {
            if (Platform.class.getResource("/" + typeOf(name).replace('.', '/') + ".class") != null) {
                all.append(all.isEmpty() ? "" : ", ").append(name);
            }
        }
        return all.isEmpty() ? "no system" : all.toString();
    }
}
