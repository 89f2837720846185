package io.panamio.sys;

import java.nio.charset.Charset;
import java.nio.file.Path;

/** Paths as the bytes that the system knows them by. */
public final class PathNames {
    /** How the JDK turns paths into bytes. */
    public static final Charset CHARSET = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private PathNames() {
    }

    /**
     * The bytes of a path, without a zero after them.
     *
     * @throws IllegalArgumentException if it is of another file system, or its bytes are no text here
     */
    public static byte[] bytes(Path path) {
        String text = path.toString();
        if (!Path.of(text).equals(path)) { // what is no text becomes a question mark in it
            throw new IllegalArgumentException("not to be told by its text: " + text);
        }
        return text.getBytes(CHARSET);
    }
}
