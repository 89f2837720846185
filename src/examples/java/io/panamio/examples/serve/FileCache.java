package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import com.sun.management.UnixOperatingSystemMXBean;
import io.panamio.examples.serve.files.FileAccess;
import io.panamio.examples.serve.files.FileAccess.Failure;
import io.panamio.examples.serve.files.FileAccess.Opened;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Caches the responses for paths: files that are open or in memory, missing files, and directories. The key is the
 * normalized path, so a file is cached once, however it is requested. When its valid time is over, a file is checked by
 * one stat(2), and any other response is determined again. The least recently used entry is evicted first. All loops
 * together keep at most a quarter of the process's descriptors open, fewer when other uses need them. One instance per
 * loop.
 */
final class FileCache implements AutoCloseable {
    /** The maximum number of responses that are not files: requests for missing files evict no files. */
    private static final int OTHERS = 1024;
    private static final String INDEX = "/index.html";
    /** Reasons to continue the search; all other values are HTTP statuses. */
    private static final int IS_FOLDER = 1;
    private static final int NO_INDEX = 2;

    /** Resources, the least recently used first. */
    private static final class Order {
        Resource oldest;
        Resource newest;
        int count;
        long bytes;

        void add(Resource r) {
            r.older = newest;
            r.newer = null;
            if (newest == null) {
                oldest = r;
            } else {
                newest.newer = r;
            }
            newest = r;
            count++;
            bytes += r.memory.byteSize();
        }

        void remove(Resource r) {
            if (r.older == null) {
                oldest = r.newer;
            } else {
                r.older.newer = r.newer;
            }
            if (r.newer == null) {
                newest = r.older;
            } else {
                r.newer.older = r.older;
            }
            count--;
            bytes -= r.memory.byteSize();
        }
    }

    private final Settings settings;
    private final Path root;
    private final byte[] rootBytes;
    private final long validNanos;
    private final long maxOpen;
    private final Clock clock;
    private final FileAccess access;
    private final TargetPath target = new TargetPath();
    private final Resource[] table = new Resource[1 << 15];
    private final Order open = new Order();
    private final Order small = new Order();
    private final Order others = new Order();
    /** The HTTP status to respond with if {@link #find} has returned null. */
    int status;

    FileCache(Settings settings, Clock clock) throws IOException {
        this.settings = settings;
        this.clock = clock;
        validNanos = settings.validTime.toNanos();
        maxOpen = Math.min(settings.openFiles, descriptorLimit() / 4 / settings.loops);
        root = settings.root.toRealPath();
        rootBytes = rawPath(root);
        access = settings.files.apply(root);
        requireAccess();
    }

    /** Returns the bytes of a path, in the charset that they are in: a URI preserves them. On Windows it is UTF-8. */
    private static byte[] rawPath(Path path) {
        byte[] raw = path.toUri().getRawPath().getBytes(StandardCharsets.UTF_8);
        TargetPath read = new TargetPath();
        read.read(MemorySegment.ofArray(raw), 0, raw.length);
        return read.names();
    }

    /** Returns the limit on open descriptors of this process. */
    private static long descriptorLimit() {
        UnixOperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(UnixOperatingSystemMXBean.class);
        long limit = system == null ? 0 : system.getMaxFileDescriptorCount();
        return limit > 0 ? limit : Long.MAX_VALUE; // -1 is unlimited
    }

    /** Throws if no file could be served. */
    private void requireAccess() throws IOException {
        try (Arena arena = Arena.ofConfined(); Opened directory = access.open(path(arena, new byte[0], ""))) {
            if (directory == null) {
                throw new IOException("cannot open " + root + ": " + access.failure);
            }
            directory.isServed();
        }
    }

    /** {@return the number of open files} */
    int openFiles() {
        return open.count;
    }

    // ---- finding

    /** Returns the response for the path of a request, or null: then {@link #status} is the status. */
    Resource find(Request q) {
        Resource r = known(q.memory, q.path, q.pathLength, q.pathHash); // most are normalized already
        if (r == null) {
            if (!target.read(q.memory, q.path, q.pathLength)) {
                return failed(400);
            }
            r = known(target.key(), 0, target.keyLength(), hash(target));
        }
        if (r != null) {
            if (clock.nanos - r.checked < validNanos || isValid(r)) {
                use(r);
                return r;
            }
            remove(r);
            target.read(q.memory, q.path, q.pathLength);
        }
        r = load();
        return r == null ? null : add(r);
    }

    private Resource failed(int why) {
        status = why;
        return null;
    }

    private static int hash(TargetPath path) {
        return Request.hash(path.key(), 0, path.keyLength());
    }

    private Resource known(MemorySegment m, long at, int length, int hash) {
        Resource r = table[slot(hash)];
        while (r != null && !(r.hash == hash && r.hasKey(m, at, length))) {
            r = r.chain;
        }
        return r;
    }

    private int slot(int hash) {
        return (hash ^ hash >>> 15) & table.length - 1;
    }

    private boolean isValid(Resource r) {
        if (r.path == null || !access.stat(r.path) || !r.isSame(access)) {
            return false;
        }
        r.checked = clock.nanos;
        return true;
    }

    private Order order(Resource r) {
        return r.file != null ? open : r.isFile() ? small : others;
    }

    private void use(Resource r) {
        Order order = order(r);
        if (r != order.newest) {
            order.remove(r);
            order.add(r);
        }
    }

    private Resource add(Resource r) {
        int slot = slot(r.hash);
        r.chain = table[slot];
        table[slot] = r;
        r.cached = true;
        r.checked = clock.nanos;
        order(r).add(r);
        trim(open, r, maxOpen, Long.MAX_VALUE);
        trim(small, r, Long.MAX_VALUE, settings.cacheBytes);
        trim(others, r, OTHERS, settings.cacheBytes / 4); // listings may be long
        return r;
    }

    /** Evicts entries beyond the limits, but not the given one. */
    private void trim(Order order, Resource but, long count, long bytes) {
        while ((order.count > count || order.bytes > bytes) && order.oldest != but) {
            remove(order.oldest);
        }
    }

    /** Closes the least recently used file that is not being sent. Returns false if there is none. */
    boolean evict() {
        for (Resource r = open.oldest; r != null; r = r.newer) {
            if (r.users == 0) {
                remove(r);
                return true;
            }
        }
        return false;
    }

    private void remove(Resource r) {
        int slot = slot(r.hash);
        if (table[slot] == r) {
            table[slot] = r.chain;
        } else {
            Resource before = table[slot];
            while (before.chain != r) {
                before = before.chain;
            }
            before.chain = r.chain;
        }
        order(r).remove(r);
        r.cached = false;
        r.endIfUnused();
    }

    /** Releases one use of a resource. */
    static void release(Resource r) {
        r.users--;
        r.endIfUnused();
    }

    @Override
    public void close() {
        for (Order order : new Order[] {open, small, others}) {
            while (order.oldest != null) {
                remove(order.oldest);
            }
        }
    }

    // ---- loading

    /** Loads the target. Returns null on a failure that is not cached. */
    private Resource load() {
        Resource.Parts parts = new Resource.Parts();
        parts.hash = hash(target);
        parts.key = target.key().asSlice(0, target.keyLength()).toArray(JAVA_BYTE);
        byte[] names = target.names();
        Resource r = file(parts, names, "");
        if (r == null && status == IS_FOLDER) {
            r = target.isDirectory() ? file(parts, names, INDEX)
                : Responses.redirect(parts, "/" + TargetPath.encoded(names) + "/");
        }
        return r == null && status == NO_INDEX ? list(parts, names) : r;
    }

    private MemorySegment path(Arena arena, byte[] names, String more) {
        byte[] end = more.getBytes(StandardCharsets.US_ASCII);
        MemorySegment path = arena.allocate(rootBytes.length + names.length + end.length + 3L);
        MemorySegment.copy(MemorySegment.ofArray(rootBytes), 0, path, 1, rootBytes.length);
        path.set(JAVA_BYTE, 0, (byte) '/');
        path.set(JAVA_BYTE, rootBytes.length + 1L, (byte) '/');
        MemorySegment.copy(MemorySegment.ofArray(names), 0, path, rootBytes.length + 2L, names.length);
        MemorySegment.copy(MemorySegment.ofArray(end), 0, path, rootBytes.length + 2L + names.length, end.length);
        return path;
    }

    /** Returns the response for the file at a path, or null: then {@link #status} is the reason. */
    private Resource file(Resource.Parts parts, byte[] names, String suffix) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = path(arena, names, suffix);
            try (Opened opened = open(path)) {
                if (opened == null) {
                    return access.failure == Failure.ABSENT && suffix.equals(INDEX) ? failed(NO_INDEX)
                        : refused(parts, access.failure);
                }
                if (!opened.isServed()) {
                    return Responses.error(parts, 403);
                }
                if (access.isDirectory) {
                    return suffix.isEmpty() ? failed(IS_FOLDER) : Responses.error(parts, 403);
                }
                return suffix.isEmpty() && target.isDirectory() ? Responses.error(parts, 404)
                    : access.size == 0 && !opened.isEmpty() ? Responses.error(parts, 403) // its length is unknown
                    : file(parts, opened, path, suffix.isEmpty() ? names : suffix.getBytes(StandardCharsets.US_ASCII));
            } catch (IOException e) {
                return failed(503);
            }
        }
    }

    /** Returns the listing of a directory. */
    private Resource list(Resource.Parts parts, byte[] names) {
        try (Arena arena = Arena.ofConfined(); Opened directory = open(path(arena, names, ""))) {
            if (directory == null) {
                return refused(parts, access.failure);
            }
            if (!directory.isServed() || !access.isDirectory) {
                return Responses.error(parts, 403);
            }
            Listing listing = new Listing(access);
            Failure failure = directory.list(listing);
            return failure == null ? listing.page(parts, names) : refused(parts, failure);
        } catch (IOException e) {
            return failed(503);
        }
    }

    /** Opens a file; at the limit on descriptors, closes cached files that are not being sent. */
    private Opened open(MemorySegment path) {
        Opened opened = access.open(path);
        while (opened == null && access.failure == Failure.OUT_OF_DESCRIPTORS && evict()) {
            opened = access.open(path);
        }
        return opened;
    }

    /** Returns the response for a file that cannot be opened. */
    private Resource refused(Resource.Parts parts, Failure failure) {
        return switch (failure) {
            case ABSENT, UNREACHABLE -> Responses.error(parts, 404);
            case FORBIDDEN -> Responses.error(parts, 403);
            case OUT_OF_DESCRIPTORS, OUT_OF_MEMORY -> failed(503);
            case OTHER -> failed(500);
        };
    }

    /** Returns the response for an open file, whose status was just read; a large one stays open in it. */
    private Resource file(Resource.Parts parts, Opened opened, MemorySegment path, byte[] name) throws IOException {
        parts.size = access.size;
        parts.inMemory = access.size <= settings.smallFile;
        parts.path = path.asSlice(0, path.byteSize() - 1).toArray(JAVA_BYTE);
        Responses.describe(parts, access, name);
        Resource r = new Resource(parts);
        r.identify(access);
        try {
            if (!r.inMemory) {
                r.file = opened.toSource();
            } else if (!opened.read(r.memory, r.headLength, r.size)) {
                throw new IOException("the file was truncated meanwhile, or cannot be read");
            }
            r.cached = true; // the caller adds it to the cache
            return r;
        } finally {
            r.endIfUnused();
        }
    }
}
