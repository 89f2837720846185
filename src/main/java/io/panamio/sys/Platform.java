package io.panamio.sys;

import io.panamio.Feature;
import io.panamio.Feature.Support;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The seam between the API and an operating system: each platform's part is in a source set of its own (see {@code
 * src/}
 * beside this one), and reached from here alone. One instance a process, chosen by {@code os.name} at the first use,
 * which
 * the JIT compiler sees as a constant.
 *
 * <p>A platform supplies what is abstract here. The other groups of calls throw an {@link
 * UnsupportedOperationException}
 * that names the system and the feature unless it supplies them; {@link #support} says which they are. The package's
 * documentation goes through them method by method.
 *
 * <p>For tests alone: {@code -Dpanamio.test.platform} names another platform than that of {@code os.name}, and {@code
 * -Dpanamio.test.library} the library in which it looks functions up, and nowhere else.
 */
public abstract class Platform {
    /** A Platform, or a String that says why there is none. */
    private static final Object FOUND =
        find(System.getProperty("panamio.test.platform", nameOf(System.getProperty("os.name", "unknown"))));

    /** For the platforms. */
    protected Platform() {
    }

    /**
     * Returns this machine's platform.
     *
     * @throws UnsupportedOperationException if there is none in this jar
     */
    public static Platform current() {
        if (FOUND instanceof Platform platform) {
            return platform;
        }
        throw new UnsupportedOperationException((String) FOUND);
    }

    // ---- what it is

    /** Returns the name of the system and of the selector, for messages. */
    @Override
    public abstract String toString();

    /** Returns how a feature is supported. */
    public abstract Support support(Feature feature);

    /** Returns what is thrown where a feature is refused. */
    public final UnsupportedOperationException refusal(Feature feature) {
        return new UnsupportedOperationException("Feature." + feature + " is not supported on " + this);
    }

    // ---- selectors

    /** Opens a selector of the kind that {@code -Dpanamio.selector} names, or else of the platform's best. */
    public abstract Selector openSelector() throws IOException;

    /** Allocates memory for {@code capacity} events of that kind of selector. */
    public abstract EventBuffer newEvents(int capacity);

    // ---- groups of calls

    /** Returns the calls that create sockets and get and set what they have. */
    public abstract Sockets sockets();

    /** Returns the calls that move the bytes of stream sockets. */
    public abstract Streams streams();

    /** Returns the calls that move messages. */
    public abstract Messages messages();

    /** Returns the calls on pipes. */
    public Pipes pipes() {
        throw refusal(Feature.PIPES);
    }

    /** Returns the calls that move bytes between descriptors. */
    public Transfers transfers() {
        throw refusal(Feature.SEND_FILE);
    }

    /** Returns the calls that send without copying. */
    public ZeroCopy zeroCopy() {
        throw refusal(Feature.ZERO_COPY);
    }

    // ---- descriptors

    /** {@return whether {@code fd} is in non-blocking mode; true where the system cannot answer that} */
    public abstract boolean isNonBlocking(int fd) throws IOException;

    /**
     * Checks that {@code fd} is in non-blocking mode.
     *
     * @throws IllegalArgumentException if it is not
     */
    public final void requireNonBlocking(int fd) throws IOException {
        if (!isNonBlocking(fd)) {
            throw new IllegalArgumentException(
                "descriptor " + fd + " is in blocking mode; IoSource.makeNonBlocking(fd) changes that");
        }
    }

    /** Sets whether {@code fd}, a socket or a pipe, is in non-blocking mode. */
    public abstract void setNonBlocking(int fd, boolean on) throws IOException;

    /** Closes a socket or a file; errors are ignored, and nothing is retried. */
    public abstract void close(int fd);

    /** Given up where there is no memory, as a call needs some until it is compiled. */
    private static volatile byte[] reserve = new byte[4096];

    /** Closes a descriptor for which nothing could be made, maybe for want of memory. */
    public final void discard(int fd) {
        spendReserve();
        close(fd);
    }

    static void spendReserve() {
        reserve = null;
    }

    /** Makes sure that there is memory for {@link #discard}, if there is any. */
    static void replenish() {
        if (reserve == null) {
            try {
                reserve = new byte[4096];
            } catch (OutOfMemoryError e) {
                return; // whoever needs it finds out
            }
        }
    }

    // ---- memory

    /** Allocates zeroed memory, 16-byte aligned, that stays until {@link #free}. */
    public abstract MemorySegment allocate(long bytes);

    /** Frees what {@link #allocate} returned. */
    public abstract void free(MemorySegment block);

    /** Returns the size of a page of memory. */
    public abstract long pageSize();

    /**
     * Maps zeroed memory of its own pages, that stays until {@link #unmap}. What the kernel still uses then keeps its
     * pages: nobody else gets them before that.
     */
    public abstract MemorySegment map(long size);

    /** Unmaps what {@link #map} returned. */
    public abstract void unmap(MemorySegment mapping);

    /**
     * Maps zeroed memory of {@code size} bytes, whole pages, twice, one mapping behind the other: returns a segment of
     * twice the size, that stays until {@link #unmapTwice}. Returns null where the system refuses, or has so many
     * mappings that it might soon.
     */
    public MemorySegment mapTwice(long size) {
        return null;
    }

    /** Unmaps what {@link #mapTwice} returned. */
    public void unmapTwice(MemorySegment twice) {
        throw refusal(Feature.MIRRORED_MEMORY);
    }

    // ---- finding it

    /** Returns the name of the platform for a system, or that of the system if there is none. */
    private static String nameOf(String os) {
        return switch (os) {
            case "Linux" -> "linux";
            default -> os;
        };
    }

    /** Returns the option of java that lets this library call native functions. */
    private static String nativeAccess() {
        String module = Platform.class.getModule().getName();
        return "--enable-native-access=" + (module == null ? "ALL-UNNAMED" : module);
    }

    private static Object find(String name) {
        String os = System.getProperty("os.name", "unknown");
        // By name, as a jar need not hold every platform, and a ServiceLoader takes a cold start longer.
        // META-INF/services
        // is for tools that leave out what nobody refers to.
        String type = switch (name) {
            case "linux" -> "io.panamio.sys.linux.LinuxPlatform";
            default -> null;
        };
        if (type != null) {
            try {
                return Class.forName(type).getConstructor().newInstance();
            } catch (ClassNotFoundException e) {
                return "Panamio: this jar was built without the back end for " + os;
            } catch (ReflectiveOperationException | LinkageError e) { // the latter from its static initializers
                Throwable cause = e.getCause() == null ? e : e.getCause();
                return "Panamio: the back end for " + os + " cannot be used: " + cause.getMessage()
                    + (cause instanceof IllegalCallerException ? "; start java with " + nativeAccess() : "");
            }
        }
        return "Panamio: no back end for " + os + " (" + System.getProperty("os.arch")
            + "); supported are Linux on x86-64 and aarch64";
    }
}
