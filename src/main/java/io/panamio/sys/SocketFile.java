package io.panamio.sys;

import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/**
 * What is to become of the file that a Unix socket is bound to.
 *
 * @param permissions who may connect, or null for what the process gives new files
 * @param replaceDead whether the file of a socket that is no more may be replaced
 * @param deleteOnClose whether the file goes with the socket
 */
public record SocketFile(Set<PosixFilePermission> permissions, boolean replaceDead, boolean deleteOnClose) {
    /** As bind(2) does without further ado. */
    public static final SocketFile DEFAULT = new SocketFile(null, false, false);
}
