package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.pipeline.FileSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What a loop knows about paths: files that are open, or in memory, what is missing, and what is a folder. It is found
 * by the one way to write what a path means, so that a file is there once, however it is asked for. A file is looked at
 * again, by one stat(2), once its time to be valid is over; everything else is looked for again. What was not asked for
 * longest goes first. All loops together hold a quarter of the process's descriptors open at most, and fewer where
 * there are none left for other things. One for each loop.
 */
final class FileCache implements AutoCloseable {
    /** How many answers are kept that are no files: so that asking for what is missing displaces nothing. */
    private static final int OTHERS = 1024;
    private static final String INDEX = "/index.html";
    /** Why there is nothing to say yet; all others are statuses of HTTP. */
    private static final int IS_FOLDER = 1;
    private static final int NO_INDEX = 2;

    /** Resources in the order of their use. */
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
    private final long mostOpen;
    private final Clock clock;
    private final FileCalls calls = new FileCalls();
    private final TargetPath target = new TargetPath();
    private final Resource[] table = new Resource[1 << 15];
    private final Order open = new Order();
    private final Order small = new Order();
    private final Order others = new Order();
    /** Why {@link #find} has found nothing to say. */
    int status;

    FileCache(Settings settings, Clock clock) throws IOException {
        this.settings = settings;
        this.clock = clock;
        validNanos = settings.validTime.toNanos();
        mostOpen = Math.min(settings.openFiles, FileCalls.descriptorLimit() / 4 / settings.loops);
        root = settings.root.toRealPath();
        rootBytes = rawPath(root);
        requireProc();
    }

    /** The bytes of a path's name, which a URI tells whatever the JVM thinks of their encoding. */
    private static byte[] rawPath(Path path) {
        byte[] raw = path.toUri().getRawPath().getBytes(StandardCharsets.US_ASCII);
        TargetPath read = new TargetPath();
        read.read(MemorySegment.ofArray(raw), 0, raw.length);
        return read.names();
    }

    /** Where /proc is hidden nothing could be served, as it is not known then where links lead. */
    private void requireProc() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int fd = calls.open(path(arena, new byte[0], ""));
            if (fd < 0) {
                throw new IOException("cannot open " + root + ": errno " + -fd);
            }
            try {
                FileCalls.target(fd);
            } catch (IOException e) {
                throw new IOException("no /proc/self/fd here, which tells whether a file is in the folder", e);
            } finally {
                calls.close(fd);
            }
        }
    }

    /** How many files it holds open. */
    int openFiles() {
        return open.count;
    }

    // ---- finding

    /** Returns what there is to say about the path of a request, or null: then {@link #status} says why not. */
    Resource find(Request q) {
        Resource r = known(q.memory, q.path, q.pathLength, q.pathHash); // most are written as the key is
        if (r == null) {
            if (!target.read(q.memory, q.path, q.pathLength)) {
                return failed(400);
            }
            r = known(target.key(), 0, target.keyLength(), hash(target));
        }
        if (r != null) {
            if (clock.nanos - r.checked < validNanos || isStillTrue(r)) {
                use(r);
                return r;
            }
            remove(r);
            target.read(q.memory, q.path, q.pathLength);
        }
        r = look();
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
        Resource r = table[place(hash)];
        while (r != null && !(r.hash == hash && r.hasKey(m, at, length))) {
            r = r.chain;
        }
        return r;
    }

    private int place(int hash) {
        return (hash ^ hash >>> 15) & table.length - 1;
    }

    private boolean isStillTrue(Resource r) {
        if (r.path == null || !calls.stat(r.path) || !r.isSame(calls)) {
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
        int place = place(r.hash);
        r.chain = table[place];
        table[place] = r;
        r.cached = true;
        r.checked = clock.nanos;
        order(r).add(r);
        trim(open, r, mostOpen, Long.MAX_VALUE);
        trim(small, r, Long.MAX_VALUE, settings.cacheBytes);
        trim(others, r, OTHERS, settings.cacheBytes / 4); // lists may be long
        return r;
    }

    /** Removes what is too much, but for one resource. */
    private void trim(Order order, Resource but, long count, long bytes) {
        while ((order.count > count || order.bytes > bytes) && order.oldest != but) {
            remove(order.oldest);
        }
    }

    /** Closes the file that was not asked for longest and is not being sent; false if there is none. */
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
        int place = place(r.hash);
        if (table[place] == r) {
            table[place] = r.chain;
        } else {
            Resource before = table[place];
            while (before.chain != r) {
                before = before.chain;
            }
            before.chain = r.chain;
        }
        order(r).remove(r);
        r.cached = false;
        r.endIfUnused();
    }

    /** Says that nobody sends a resource any more, or one less does. */
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

    // ---- looking

    /** Looks for the target; null if that fails, and may succeed the next time. */
    private Resource look() {
        Resource.Parts parts = new Resource.Parts();
        parts.hash = hash(target);
        parts.key = target.key().asSlice(0, target.keyLength()).toArray(JAVA_BYTE);
        byte[] names = target.names();
        Resource r = file(parts, names, "");
        if (r == null && status == IS_FOLDER) {
            r = target.isDirectory() ? file(parts, names, INDEX)
                : Answers.redirect(parts, "/" + TargetPath.encoded(names) + "/");
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

    /** The file at a path, or what is said instead. */
    private Resource file(Resource.Parts parts, byte[] names, String more) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment path = path(arena, names, more);
            int fd = open(path);
            if (fd < 0) {
                return fd == -FileCalls.ENOENT && more.equals(INDEX) ? failed(NO_INDEX) : refused(parts, -fd);
            }
            Resource r = null;
            try {
                if (!isServed(fd)) {
                    r = Answers.error(parts, 403);
                } else if (calls.isRegular()) {
                    r = more.isEmpty() && target.isDirectory() ? Answers.error(parts, 404)
                        : calls.size == 0 && !calls.isEmpty(fd) ? Answers.error(parts, 403) // how long is it?
                        : file(parts, fd, path, more.isEmpty() ? names : more.getBytes(StandardCharsets.US_ASCII));
                } else {
                    r = more.isEmpty() ? failed(IS_FOLDER) : Answers.error(parts, 403);
                }
            } catch (IOException e) {
                return failed(503);
            } finally {
                if (r == null || r.file == null) {
                    calls.close(fd);
                }
            }
            return r;
        }
    }

    /** The list of a folder. */
    private Resource list(Resource.Parts parts, byte[] names) {
        int fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = open(path(arena, names, ""));
        }
        if (fd < 0) {
            return refused(parts, -fd);
        }
        try {
            if (!isServed(fd) || !calls.isDirectory()) {
                return Answers.error(parts, 403);
            }
            Listing listing = new Listing(calls, root, fd);
            int errno = calls.list(fd, listing);
            return errno == 0 ? listing.page(parts, names) : refused(parts, errno);
        } catch (IOException e) {
            return failed(503);
        } finally {
            calls.close(fd);
        }
    }

    /** Opens; where there are no descriptors left, files are closed for it that nobody is being sent. */
    private int open(MemorySegment path) {
        int fd = calls.open(path);
        while ((fd == -FileCalls.EMFILE || fd == -FileCalls.ENFILE) && evict()) {
            fd = calls.open(path);
        }
        return fd;
    }

    /** What is said about what cannot be opened. */
    private Resource refused(Resource.Parts parts, int errno) {
        return switch (errno) {
            case FileCalls.ENOENT, FileCalls.ENOTDIR, FileCalls.ENAMETOOLONG, FileCalls.ELOOP ->
                Answers.error(parts, 404);
            case FileCalls.EACCES, FileCalls.EPERM, FileCalls.ENXIO -> Answers.error(parts, 403);
            case FileCalls.EMFILE, FileCalls.ENFILE, FileCalls.ENOMEM -> failed(503);
            default -> failed(500);
        };
    }

    /**
     * Whether what was opened is a file or a folder below the root, and puts its status into the calls: asked of what
     * is open, so that there is no moment to exchange it.
     */
    private boolean isServed(int fd) throws IOException {
        return FileCalls.target(fd).startsWith(root) && calls.stat(fd) && (calls.isRegular() || calls.isDirectory());
    }

    /** A file that is open, and whose status was just asked for; it takes the descriptor if it is a large one. */
    private Resource file(Resource.Parts parts, int fd, MemorySegment path, byte[] name) throws IOException {
        parts.size = calls.size;
        parts.inMemory = calls.size <= settings.smallFile;
        parts.path = path.asSlice(0, path.byteSize() - 1).toArray(JAVA_BYTE);
        Answers.describe(parts, calls, name);
        Resource r = new Resource(parts);
        r.identify(calls);
        try {
            if (!r.inMemory) {
                r.file = FileSource.fromFd(fd);
            } else if (!calls.read(fd, r.memory, r.headLength, r.size)) {
                throw new IOException("it was cut meanwhile, or cannot be read");
            }
            r.cached = true; // and is put there now
            return r;
        } finally {
            r.endIfUnused();
        }
    }
}
