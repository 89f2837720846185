package io.panamio.sys;

import java.nio.charset.Charset;
import java.nio.file.Path;

/** Converts paths to bytes in the system's encoding of file names. */
public final class PathNames {
    /** The charset by which the JDK encodes paths. */
    public static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private PathNames() {
    }

    /**
     * Returns the encoded path, without a terminating zero byte.
     *
     * @throws IllegalArgumentException if the path belongs to another file system provider, or cannot be encoded
     */
    public static byte[] bytes(Path path) {
        String text = path.toString();
        if (!Path.of(text).equals(path)) { // bytes that do not decode became question marks
            throw new IllegalArgumentException("cannot be encoded from its text: " + text);
        }
        return text.getBytes(CHARSET);
    }
}
