package io.panamio.sys;

import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/**
 * How to treat the file that a Unix socket is bound to.
 *
 * @param permissions the permissions of the file, or null for those that the umask gives
 * @param replaceDead whether bind replaces the file of a socket that no longer exists
 * @param deleteOnClose whether closing the socket deletes the file
 */
public record SocketFile(Set<PosixFilePermission> permissions, boolean replaceDead, boolean deleteOnClose) {
    /** The behaviour of bind(2). */
    public static final SocketFile DEFAULT = new SocketFile(null, false, false);

    /**
     * Returns whether this is the behaviour of bind(2). The equals of a record, which is linked at run time, would keep
     * the class loader of the library alive (seen on JDK 25).
     */
    public boolean isDefault() {
        return permissions == null && !replaceDead && !deleteOnClose;
    }
}
