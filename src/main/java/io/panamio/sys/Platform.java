package io.panamio.sys;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * The seam between the API and an operating system: what differs between platforms is reached from here, and each
 * platform's part stands in a source set of its own (see {@code src/} beside this one). One instance a process, chosen
 * by {@code os.name} at the first use, which the JIT compiler sees as a constant.
 */
public abstract class Platform {
    /** A Platform, or a String that tells why there is none. */
    private static final Object FOUND = find(System.getProperty("os.name", "unknown"));

    /** For the platforms. */
    protected Platform() {
    }

    /**
     * This machine's platform.
     *
     * @throws UnsupportedOperationException if there is none in this jar
     */
    public static Platform current() {
        if (FOUND instanceof Platform platform) {
            return platform;
        }
        throw new UnsupportedOperationException((String) FOUND);
    }

    /** Opens a selector of the kind that {@code -Dpanamio.selector} names, or else of the platform's best. */
    public abstract Selector openSelector() throws IOException;

    /** Memory for {@code capacity} events of that kind of selector. */
    public abstract EventBuffer newEvents(int capacity);

    /** The calls that make, ask and tell sockets. */
    public abstract Sockets sockets();

    /** The calls that move the bytes of stream sockets. */
    public abstract Streams streams();

    /** The calls that move the bytes of pipes. */
    public abstract Streams pipes();

    /** The calls that move messages. */
    public abstract Messages messages();

    /** The calls that move bytes between descriptors. */
    public abstract Transfers transfers();

    /** The calls that send without copying. */
    public abstract ZeroCopy zeroCopy();

    /** The two ends of a non-blocking pipe: the one to read from, and the one to write to. */
    public abstract int[] openPipe() throws IOException;

    /** Checks that {@code fd} can be written to, or read from. */
    public abstract void requireEnd(int fd, boolean writer) throws IOException;

    /** Checks that {@code fd} is in non-blocking mode, or puts it into that mode where asked to. */
    public abstract void requireNonBlocking(int fd, boolean makeNonBlocking) throws IOException;

    /** Sets or clears O_NONBLOCK. */
    public abstract void setNonBlocking(int fd, boolean on) throws IOException;

    /** Closes a descriptor; what goes wrong is ignored, and nothing is retried. */
    public abstract void close(int fd);

    /** Given up where there is no memory, as a call needs some until it is compiled. */
    private static volatile byte[] reserve = new byte[4096];

    /** Closes a descriptor for which nothing could be made, maybe for want of memory. */
    public final void discard(int fd) {
        reserve = null;
        close(fd);
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

    /** Zeroed memory, 16-byte aligned, that stays until {@link #free}. */
    public abstract MemorySegment allocate(long bytes);

    /** Gives back what {@link #allocate} returned. */
    public abstract void free(MemorySegment block);

    /** The size of a page of memory. */
    public abstract long pageSize();

    /**
     * Zeroed memory of its own pages, that stays until {@link #unmap}. What the kernel still uses then keeps its pages:
     * nobody else gets them before that.
     */
    public abstract MemorySegment map(long size);

    /**
     * Memory of {@code size} bytes, whole pages, that is mapped twice, one mapping behind the other: a segment of twice
     * the size, zeroed, that stays until {@link #unmapTwice}. Null where the system refuses, or has so many mappings
     * that it might soon.
     */
    public abstract MemorySegment mapTwice(long size);

    /** Gives back what {@link #mapTwice} returned. */
    public abstract void unmapTwice(MemorySegment twice);

    /** Gives back what {@link #map} returned. */
    public abstract void unmap(MemorySegment mapping);

    /** The option of java that lets this library call native functions. */
    private static String nativeAccess() {
        String module = Platform.class.getModule().getName();
        return "--enable-native-access=" + (module == null ? "ALL-UNNAMED" : module);
    }

    private static Object find(String os) {
        // By name, as a jar need not hold every platform, and a ServiceLoader takes a cold start longer.
        // META-INF/services says it for tools that leave out what nobody refers to.
        String name = os.equals("Linux") ? "io.panamio.sys.linux.LinuxPlatform" : null;
        if (name != null) {
            try {
                return Class.forName(name).getConstructor().newInstance();
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
