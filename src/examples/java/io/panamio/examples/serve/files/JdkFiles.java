package io.panamio.examples.serve.files;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.panamio.pipeline.FileSource;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Access to files through {@link java.nio.file}, for systems without an implementation of their own. Allocates on the
 * heap. A path is first resolved and then opened: in between, a user who may write below the root can replace a
 * directory by a link to another one, so use it only if all such users are trusted.
 */
public final class JdkFiles extends FileAccess {
    private static final HexFormat CODED = HexFormat.of().withPrefix("%").withUpperCase();

    /**
     * Creates the access to files below a directory.
     *
     * @param root the directory whose files are opened, as a real path
     */
    public JdkFiles(Path root) {
        super(root);
    }

    @Override
    public Opened open(MemorySegment path) {
        try {
            Path real = path(path).toRealPath();
            BasicFileAttributes status = status(real);
            return new JdkFile(real, status, status.isRegularFile() && real.startsWith(root) ? channel(real) : null);
        } catch (IOException e) {
            failure = failure(e);
            return null;
        }
    }

    private static FileChannel channel(Path real) throws IOException {
        return FileChannel.open(real, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    }

    private static Failure failure(IOException e) {
        String reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : "";
        return e instanceof NoSuchFileException ? Failure.ABSENT
            : e instanceof AccessDeniedException ? Failure.FORBIDDEN
            : reason.contains("Too many open files") ? Failure.OUT_OF_DESCRIPTORS
            : reason.contains("Cannot allocate memory") ? Failure.OUT_OF_MEMORY
            : reason.contains("Input/output error") ? Failure.OTHER
            : e instanceof FileSystemException ? Failure.UNREACHABLE : Failure.OTHER;
    }

    @Override
    public boolean stat(MemorySegment path) {
        try {
            set(Files.readAttributes(path(path), BasicFileAttributes.class));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static BasicFileAttributes status(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private void set(BasicFileAttributes status) {
        Instant modified = status.lastModifiedTime().toInstant();
        isRegular = status.isRegularFile();
        isDirectory = status.isDirectory();
        size = status.size();
        seconds = modified.getEpochSecond();
        nanos = modified.getNano();
        inode = Integer.toUnsignedLong(Objects.hashCode(status.fileKey())); // of device and inode on a Unix
    }

    // ---- paths as bytes, which a URI preserves whatever their charset

    private static Path path(MemorySegment path) throws IOException {
        StringBuilder uri = new StringBuilder("file://");
        byte b;
        byte before = 0;
        for (long at = 0; (b = path.get(JAVA_BYTE, at)) != 0; at++) {
            requireName(b != '\\' && (b != '/' || before != '.'), uri);
            uri.append(b == '/' ? "/" : CODED.formatHex(new byte[] {b}));
            before = b;
        }
        requireName(before != '.', uri);
        try {
            return Path.of(URI.create(uri.toString()));
        } catch (IllegalArgumentException e) { // not a path on this system, such as one with a colon on Windows
            throw new NoSuchFileException(uri.toString());
        }
    }

    /** Throws on Windows, which takes a backslash for a slash, and ignores dots at the end of a name. */
    private static void requireName(boolean isName, CharSequence path) throws NoSuchFileException {
        if (!isName && File.separatorChar == '\\') {
            throw new NoSuchFileException(path.toString());
        }
    }

    private static byte[] name(Path entry) {
        // one character for each byte; on Windows, a URI has letters that it does not encode
        String raw = new String(entry.toUri().getRawPath().getBytes(UTF_8), ISO_8859_1);
        int end = raw.endsWith("/") ? raw.length() - 1 : raw.length();
        ByteArrayOutputStream name = new ByteArrayOutputStream();
        for (int at = raw.lastIndexOf('/', end - 1) + 1; at < end; at++) {
            boolean coded = raw.charAt(at) == '%';
            name.write(coded ? HexFormat.fromHexDigits(raw, at + 1, at + 3) : raw.charAt(at));
            at += coded ? 2 : 0;
        }
        return name.toByteArray();
    }

    // ---- an open file

    private final class JdkFile implements Opened {
        private final Path path;
        private final BasicFileAttributes status;
        private final FileChannel channel;

        JdkFile(Path path, BasicFileAttributes status, FileChannel channel) {
            this.path = path;
            this.status = status;
            this.channel = channel;
        }

        @Override
        public boolean isServed() {
            set(status);
            return path.startsWith(root) && (isRegular || isDirectory);
        }

        @Override
        public boolean read(MemorySegment to, long at, long length) {
            ByteBuffer bytes = to.asSlice(at, length).asByteBuffer();
            try {
                while (bytes.hasRemaining()) {
                    if (channel.read(bytes, bytes.position()) < 0) {
                        return false;
                    }
                }
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public boolean isEmpty() {
            return !read(MemorySegment.ofArray(new byte[1]), 0, 1);
        }

        @Override
        public FileSource toSource() throws IOException {
            return FileSource.open(path);
        }

        @Override
        public Failure list(Entries entries) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(path)) {
                for (Path entry : stream) {
                    if (!entries.add(name(entry), statEntry(entry))) {
                        break;
                    }
                }
                return null;
            } catch (IOException e) {
                return failure(e);
            } catch (DirectoryIteratorException e) {
                return failure(e.getCause());
            }
        }

        private boolean statEntry(Path entry) {
            try {
                BasicFileAttributes found = status(entry);
                if (found.isSymbolicLink()) {
                    Path target = entry.toRealPath();
                    if (!target.startsWith(root)) {
                        return false;
                    }
                    found = status(target);
                }
                set(found);
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        @Override
        public void close() {
            try {
                if (channel != null) {
                    channel.close();
                }
            } catch (IOException e) {
                throw new AssertionError("close of a file that was only read", e);
            }
        }
    }
}
