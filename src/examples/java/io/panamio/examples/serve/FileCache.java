package io.panamio.examples.serve;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.panamio.pipeline.FileSource;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a loop knows about paths: files that are open, or in memory, what is missing, and what is a folder. It is found
 * by the bytes of the path as they were sent. A file is looked at again, by one stat(2), once its time to be valid is
 * over; everything else is looked for again. What was not asked for longest goes first. One for each loop.
 */
final class FileCache implements AutoCloseable {
    /** How many answers are kept that are no files: so that asking for what is missing displaces nothing. */
    private static final int OTHERS = 1024;
    private static final String INDEX = "/index.html";

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
    private final Clock clock;
    private final FileCalls calls = new FileCalls();
    private final Resource[] table = new Resource[1 << 15];
    private final Order files = new Order();
    private final Order others = new Order();
    private int open;

    FileCache(Settings settings, Clock clock) throws IOException {
        this.settings = settings;
        this.clock = clock;
        validNanos = settings.validTime.toNanos();
        root = settings.root.toRealPath();
        rootBytes = rawPath(root);
    }

    /** The bytes of a path's name, which a URI tells whatever the JVM thinks of their encoding. */
    private static byte[] rawPath(Path path) {
        String raw = path.toUri().getRawPath();
        MemorySegment text = Arena.ofAuto().allocateFrom(raw);
        return TargetPath.of(text, 0, raw.length()).bytes();
    }

    /** How many files it holds open. */
    int openFiles() {
        return open;
    }

    // ---- finding

    /** What there is to say about the path of a request. */
    Resource find(Request q) {
        int place = place(q.pathHash);
        Resource r = table[place];
        while (r != null && !(r.hash == q.pathHash && r.hasKey(q.memory, q.path, q.pathLength))) {
            r = r.chain;
        }
        if (r != null) {
            if (clock.nanos - r.checked < validNanos || isStillTrue(r)) {
                use(r);
                return r;
            }
            remove(r);
        }
        return add(look(q));
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
        return r.isFile() ? files : others;
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
        open += r.file == null ? 0 : 1;
        while (files.oldest != r && files.oldest != null
                && (files.bytes > settings.cacheBytes || open > settings.openFiles)) {
            remove(files.oldest);
        }
        while (others.oldest != r && others.oldest != null
                && (others.count > OTHERS || others.bytes > settings.cacheBytes / 4)) { // lists may be long
            remove(others.oldest);
        }
        return r;
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
        open -= r.file == null ? 0 : 1;
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
        for (Order order : new Order[] {files, others}) {
            while (order.oldest != null) {
                remove(order.oldest);
            }
        }
    }

    // ---- looking

    private Resource look(Request q) {
        Resource.Parts parts = new Resource.Parts();
        parts.hash = q.pathHash;
        parts.key = new byte[q.pathLength];
        MemorySegment.copy(q.memory, q.path, MemorySegment.ofArray(parts.key), 0, q.pathLength);
        TargetPath target = TargetPath.of(q.memory, q.path, q.pathLength);
        if (target == null) {
            return Answers.error(parts, 400);
        }
        try (Arena arena = Arena.ofConfined()) {
            return look(parts, target, path(arena, target.bytes(), ""));
        }
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

    private Resource look(Resource.Parts parts, TargetPath target, MemorySegment path) {
        int fd = open(path);
        if (fd < 0) {
            return failed(parts, -fd);
        }
        if (leadsOut(fd) || !calls.stat(fd) || !calls.isRegular() && !calls.isDirectory()) {
            calls.close(fd);
            return Answers.error(parts, 403);
        }
        if (calls.isRegular()) {
            if (target.isDirectory()) {
                calls.close(fd);
                return Answers.error(parts, 404);
            }
            return file(parts, fd, path, target.bytes());
        }
        if (!target.isDirectory()) {
            calls.close(fd);
            return Answers.redirect(parts, "/" + TargetPath.encoded(target.bytes()) + "/");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment index = path(arena, target.bytes(), INDEX);
            int indexFd = open(index);
            if (indexFd == -FileCalls.ENOENT) {
                return Listing.of(parts, target.bytes(), Path.of("/proc/self/fd/" + fd));
            }
            if (indexFd < 0) {
                return failed(parts, -indexFd);
            }
            if (leadsOut(indexFd) || !calls.stat(indexFd) || !calls.isRegular()) {
                calls.close(indexFd);
                return Answers.error(parts, 403);
            }
            return file(parts, indexFd, index, INDEX.getBytes(StandardCharsets.US_ASCII));
        } finally {
            calls.close(fd);
        }
    }

    /** Opens; where there are no descriptors left, what is open longest without use is closed for it. */
    private int open(MemorySegment path) {
        int fd = calls.open(path);
        while ((fd == -FileCalls.EMFILE || fd == -FileCalls.ENFILE) && files.oldest != null) {
            remove(files.oldest);
            fd = calls.open(path);
        }
        return fd;
    }

    private static Resource failed(Resource.Parts parts, int errno) {
        return Answers.error(parts, switch (errno) {
            case FileCalls.ENOENT, FileCalls.ENOTDIR, FileCalls.ENAMETOOLONG, FileCalls.ELOOP -> 404;
            case FileCalls.EACCES, FileCalls.EPERM, FileCalls.ENXIO -> 403;
            case FileCalls.EMFILE, FileCalls.ENFILE -> 503;
            default -> 500;
        });
    }

    /** Whether what was opened is not in the folder: asked of what is open, so there is no moment to exchange it. */
    private boolean leadsOut(int fd) {
        try {
            return !Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).startsWith(root);
        } catch (IOException e) {
            return true;
        }
    }

    /** A file whose status was just asked for. */
    private Resource file(Resource.Parts parts, int fd, MemorySegment path, byte[] name) {
        parts.size = calls.size;
        parts.inMemory = calls.size <= settings.smallFile;
        parts.path = path.asSlice(0, path.byteSize() - 1).toArray(JAVA_BYTE);
        Answers.describe(parts, calls, name);
        Resource r = new Resource(parts);
        r.identify(calls);
        try {
            if (!r.inMemory) {
                r.file = FileSource.fromFd(fd);
                return r;
            }
            boolean whole = calls.read(fd, r.memory, r.headLength, r.size);
            calls.close(fd);
            if (whole) {
                return r;
            }
        } catch (IOException e) {
            calls.close(fd);
        }
        r.endIfUnused();
        return Answers.error(parts, 503); // it was cut meanwhile, or cannot be read: maybe not so the next time
    }
}
