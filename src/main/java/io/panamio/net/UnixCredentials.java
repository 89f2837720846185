package io.panamio.net;

/**
 * Who is at the other end of a Unix socket: struct ucred of unix(7), as the kernel vouches for it.
 *
 * @param pid the process, as this process's pid namespace numbers it
 * @param uid the user
 * @param gid the group
 */
public record UnixCredentials(int pid, int uid, int gid) {
}
