package io.panamio.net;

/**
 * The credentials of the process at the other end of a Unix socket, verified by the kernel: only a privileged process
 * can send credentials other than its own. They are {@code struct ucred} of unix(7), and are returned by {@link
 * SystemSocketOptions#SO_PEERCRED} and {@link ControlMessages#credentials}.
 *
 * @param pid the process id, in the pid namespace of this process; 0 if the process is not visible in it
 * @param uid the user id, in the user namespace of this process
 * @param gid the group id, in the user namespace of this process
 */
public record UnixCredentials(int pid, int uid, int gid) {
}
