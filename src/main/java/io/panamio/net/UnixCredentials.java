package io.panamio.net;

/**
 * The credentials of a process at the other end of a Unix socket, as the kernel vouches for them: struct ucred of
 * unix(7).
 *
 * @param pid the process id, in the pid namespace of this process
 * @param uid the user id
 * @param gid the group id
 */
public record UnixCredentials(int pid, int uid, int gid) {
}
