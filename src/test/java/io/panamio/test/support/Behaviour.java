package io.panamio.test.support;

import static io.panamio.test.support.Behaviour.Kernel.FREEBSD;
import static io.panamio.test.support.Behaviour.Kernel.LINUX;
import static io.panamio.test.support.Behaviour.Kernel.MACOS;
import static io.panamio.test.support.Behaviour.Kernel.WINDOWS;
import static io.panamio.test.support.Behaviour.Kernel.WINE;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Locale;
import java.util.Set;

/**
 * What systems do differently, where no {@link io.panamio.Feature} stands for it: users need not ask, but a test must
 * know which to expect. Each behaviour has the systems that behave so. Those of macOS and FreeBSD are listed in
 * {@code src/test/double/behaviours.txt}, in the section whose number is given here: measured on a kernel of FreeBSD,
 * read in the sources of macOS. Windows behaves as Microsoft documents it, or as Wine's own tests, which pass on
 * Windows, expect it; WINE alone is where Wine 10 was seen to differ from that.
 */
public enum Behaviour {
    // ---- numbers and texts

    /** The numbers of options, control messages, flags and errors are Linux's. */
    NUMBERS_ARE_LINUXS(LINUX),
    /** Errors have Winsock's codes and texts. */
    ERRORS_ARE_WINSOCKS(WINDOWS),
    /** {@code sun_path} has 104 bytes, not 108 (7). */
    UNIX_PATHS_ARE_SHORTER(MACOS, FREEBSD),
    /** The header of a control message has 12 bytes, not 16 (6). */
    CONTROL_HEADERS_ARE_SHORTER(MACOS, FREEBSD),
    /** Control messages are aligned to 4 bytes, not 8 (6). */
    CONTROL_MESSAGES_ARE_PACKED(MACOS),
    /** The system counts its own use of a socket's buffer: twice the size that was set, see socket(7). */
    BUFFERS_HAVE_TWICE_THE_SIZE(LINUX),
    /** A listener queues 128 connections at most by default: {@code kern.ipc.somaxconn} (5). */
    BACKLOGS_ARE_LIMITED_TO_128(MACOS, FREEBSD),
    /** Socket options that Windows has are ENOPROTOOPT. */
    OPTIONS_ARE_UNKNOWN(WINE),
    /** The number of descriptors has no limit. */
    DESCRIPTORS_ARE_UNLIMITED(WINDOWS),
    /** poll(2) takes no more entries than the process may have descriptors; elsewhere at least 1024, in the sources. */
    POLL_HAS_THE_LIMIT_OF_DESCRIPTORS(LINUX),

    // ---- events

    /** Waits are epoll_wait(2), and a descriptor that was closed elsewhere cannot be deregistered. */
    SELECTOR_IS_EPOLL(LINUX),
    /** A socket that is not connected yet has no events (1). */
    NO_EVENT_BEFORE_A_CONNECT(MACOS, FREEBSD, WINDOWS),
    /** Nor has it one for a connect that began without the library. */
    NO_EVENT_OF_A_FOREIGN_CONNECT(WINDOWS),
    /** An end is reported in one event with all that follows from it, as an edge would be. */
    ENDS_ARE_REPORTED_AT_ONCE(WINDOWS),
    /** An end is reported only when the bytes before it were read. */
    UNREAD_BYTES_HIDE_AN_END(WINE),
    /** The end of a pipe makes it readable, and a broken pipe writable (8). */
    ENDED_PIPES_ARE_READY(MACOS, FREEBSD, WINDOWS),
    /** An event of urgent data does not report an end or a reset behind it, as the double has it (3). */
    URGENT_DATA_HIDES_AN_END(MACOS),
    /** Pipes are bidirectional: the reading end may be writable (8). */
    PIPES_ARE_BIDIRECTIONAL(MACOS, FREEBSD),
    /** A pipe whose reading end is closed is reported once, also to a level-triggered interest (8). */
    BROKEN_PIPES_ARE_REPORTED_ONCE(FREEBSD),
    /** The error of a datagram socket is no flag of an event: it only makes the socket ready (6). */
    DATAGRAM_ERRORS_ARE_NO_FLAG(MACOS, FREEBSD),
    /** A refusal makes a datagram socket readable. (Wine reports the first one as an error, repeatedly.) */
    REFUSED_DATAGRAMS_ARE_READABLE(WINDOWS),
    /** A connected datagram socket reports the errors of ICMP that ip(7), ipv6(7) and udp(7) name, and no others. */
    ICMP_ERRORS_ARE_LINUXS(LINUX),
    /** A datagram socket is not watched any more once a datagram was refused. */
    REFUSED_DATAGRAMS_END_EVENTS(WINE),
    /** A shutdown of writing is reported to the socket itself, as write-closed (4). */
    OWN_SHUTDOWN_IS_REPORTED(MACOS, FREEBSD),
    /** kqueue(2) reports the end of each direction by itself, while poll(2) reports that of both. */
    ENDS_ARE_REPORTED_BY_DIRECTION(MACOS, FREEBSD),
    /** Without POLLRDHUP, {@code PollSelector} looks from time to time for what no entry of a wait covers (10). */
    POLL_LACKS_THE_END_OF_READING(MACOS),
    /** Each accept that leaves connections in the queue is an event (3). */
    ACCEPTS_ARE_REPORTED(FREEBSD),
    /** A connection that was not accepted before its Unix listener closed ends without an error (7). */
    UNACCEPTED_CONNECTIONS_END_WITHOUT_ERROR(MACOS),

    // ---- connections

    /** Bytes that have arrived are dropped when a reset arrives. */
    RESETS_DISCARD_UNREAD_BYTES(WINDOWS),
    /** A reset that follows the peer's end is thrown by the next send; elsewhere that is EPIPE (3). */
    RESETS_AFTER_AN_END_ARE_THROWN(MACOS, FREEBSD, WINDOWS),
    /** A close with unread bytes is an end for the peer, not a reset (4). */
    UNREAD_INPUT_IS_NO_RESET(FREEBSD),
    /** A shutdown of reading drops the bytes that have arrived (3). */
    SHUTDOWN_DISCARDS_UNREAD_BYTES(MACOS, FREEBSD),
    /** The peer's writes do not fail after a shutdown of reading (7). */
    SHUTDOWN_OF_READING_IS_NOT_NOTICED(MACOS, FREEBSD),
    /** A shutdown in both directions fails the second time (7). */
    SHUTDOWN_CANNOT_BE_REPEATED(MACOS, FREEBSD),
    /** Of a connection that has ended, the system does not know that there was one (3). */
    ENDED_CONNECTIONS_ARE_FORGOTTEN(MACOS, FREEBSD),
    /** A connection that has ended keeps the address of its peer. */
    ENDED_CONNECTIONS_HAVE_A_PEER(WINDOWS),
    /** A read after a connect was refused returns the end of the stream, until a poll has reported the refusal. */
    REFUSED_CONNECTS_READ_AS_ENDS(WINE),
    /** A connect to a broadcast address fails with EACCES, not with ENETUNREACH (5). */
    BROADCAST_CONNECTS_ARE_DENIED(MACOS, FREEBSD),
    /** There is TCP_FASTOPEN_CONNECT. */
    FIRST_WRITES_MAY_CONNECT(LINUX),
    /** An accept that fails for lack of descriptors closes the connection (5). */
    FAILED_ACCEPTS_CLOSE(MACOS),
    /** A connection that was reset before it is accepted is not in the queue any more (5). */
    RESET_CONNECTIONS_ARE_NOT_ACCEPTED(MACOS, FREEBSD),
    /** A listener queues as many connections as its backlog says, not one or more beyond (5, 7). */
    QUEUES_HOLD_THE_BACKLOG(MACOS),
    /** Of several listeners that share a port the one that was bound last gets all connections (5). */
    THE_LAST_LISTENER_GETS_ALL(MACOS),
    /** Ended connections do not occupy the port of a listener: locally they leave none (5), or they never do. */
    ENDED_CONNECTIONS_FREE_THEIR_PORT(MACOS, FREEBSD, WINDOWS),
    /** shutdown(2) of a listener fails (3). */
    LISTENERS_CANNOT_BE_SHUT_DOWN(MACOS, FREEBSD, WINDOWS),
    /** SIO_TCP_INFO is not implemented. */
    TCP_INFO_IS_MISSING(WINE),
    /** struct tcp_info, or TCP_INFO_v0, has fewer counters, and numbers the states otherwise. */
    TCP_INFO_IS_SMALLER(MACOS, FREEBSD, WINDOWS),

    /** SO_REUSEADDR lets no UDP sockets share an address, except a multicast one (6). */
    ADDRESSES_ARE_NOT_SHARED(MACOS, FREEBSD),
    /** There is no SO_REUSEPORT. */
    PORTS_CANNOT_BE_SHARED(WINDOWS),
    /**
     * A read of the JDK that is waiting when a reset arrives may return the end of the stream: Wine's server takes the
     * error of the socket before the reader's recvmsg(2), which then returns 0.
     */
    RESETS_ARRIVE_AS_ENDS(WINE),
    /**
     * A write of the JDK that polls for room, as it does after a read with a timeout, misses a reset and waits for
     * ever, also if the peer is a program of Linux.
     */
    RESETS_MISS_WAITING_WRITES(WINE),
    /**
     * The end of the peer cancels the bytes that a send has accepted and not sent yet: sock_dispatch_asyncs in Wine's
     * server/sock.c wakes such sends as done. By java.net and NIO alone, with the streams and the order of GuidesTest,
     * of 6,291,456 bytes that writes had accepted, 15,872 to 35,287 were lost in each of 5 runs there; none were on
     * Linux, nor on Wine when the end came after the last byte was read.
     */
    ENDS_CANCEL_PENDING_SENDS(WINE),
    /** A reset is not sent before the bytes that wait to be sent. */
    RESETS_WAIT_FOR_UNSENT_BYTES(WINE),

    // ---- Unix sockets

    /** Unix sockets have no urgent data. */
    UNIX_SOCKETS_LACK_URGENT_DATA(MACOS, FREEBSD),
    /** A close with unread bytes is an end for the peer, not a reset (7). */
    UNREAD_BYTES_ARE_NO_RESET(MACOS, FREEBSD),
    /** A connect to a file that is no socket fails with ENOTSOCK (7). */
    FILES_ARE_NO_SOCKETS(MACOS, FREEBSD),
    /** A connect to a listener whose queue is full is refused; elsewhere it fails with EAGAIN (7). */
    FULL_QUEUES_REFUSE(MACOS, FREEBSD),
    /** A read before the connect fails with ENOTCONN, not with EINVAL (7). */
    READS_REQUIRE_A_CONNECTION(MACOS, FREEBSD),
    /** A datagram to a receiver without room is an error, and no event follows when there is room (6). */
    FULL_RECEIVERS_ARE_AN_ERROR(MACOS, FREEBSD),
    /** A datagram to a peer that has closed is a reset, or not connected, but not refused (6). */
    CLOSED_PEERS_DO_NOT_REFUSE(MACOS, FREEBSD),
    /** The file of a socket gets its permissions only after the bind: fchmod(2) refuses a socket. */
    PERMISSIONS_FOLLOW_THE_BIND(MACOS, FREEBSD),
    /** Received descriptors are dropped if there is no room for all (7). */
    DESCRIPTORS_ARRIVE_TOGETHER(MACOS, FREEBSD),

    // ---- datagrams

    /** A connected socket sends to its peer only (6). */
    CONNECTED_SOCKETS_SEND_ONLY_TO_THEIR_PEER(MACOS, FREEBSD),
    /** A peek leaves the pending error to the next receive, in the sources of FreeBSD. */
    PEEKS_LEAVE_ERRORS(MACOS, FREEBSD),
    /** The buffer limits the length of a datagram (6). */
    BUFFERS_LIMIT_DATAGRAMS(MACOS, FREEBSD),
    /** The length of a truncated datagram is not reported, only that it is truncated (6). */
    TRUNCATION_HIDES_THE_LENGTH(MACOS, FREEBSD, WINDOWS),
    /** A receive does not report that an earlier datagram was refused, without a poll. */
    RECEIVES_REPORT_NO_REFUSAL(WINE),
    /** The source address in a control message is ignored. */
    CHOSEN_SOURCES_ARE_IGNORED(WINE),
    /** The JDK's IP_TOS has no effect. */
    TRAFFIC_CLASS_OF_THE_JDK_IS_IGNORED(WINDOWS),
    /** To leave a group twice is EINVAL, not EADDRNOTAVAIL. */
    LEAVING_TWICE_IS_INVALID(WINE),
    /** The members of struct ip_mreq_source are taken in another order. */
    SOURCE_MEMBERSHIP_IS_SWAPPED(WINE),

    // ---- files and programs

    /** The programs that tests start do not exist. */
    PROGRAMS_ARE_OTHERS(WINDOWS),
    /** The example {@code serve} opens and lists files by code of its own, which allocates nothing. */
    SERVE_OPENS_FILES_ITSELF(LINUX),
    /** There are timerfd, inotify, pidfd and signalfd, which the example {@code watch} needs. */
    TIMERS_HAVE_DESCRIPTORS(LINUX),
    /** Large transfers take minutes. */
    TRANSFERS_ARE_SLOW(WINE),
    /** A file that is mapped cannot be deleted. */
    MAPPED_FILES_CANNOT_BE_DELETED(WINDOWS),
    /** There is no signal SIGPIPE. */
    SIGPIPE_IS_MISSING(WINDOWS),
    /** sendfile(2) sends to sockets only (9). */
    SENDFILE_REQUIRES_A_SOCKET(MACOS, FREEBSD),
    /** A file that is mapped cannot be truncated. */
    MAPPED_FILES_CANNOT_BE_TRUNCATED(WINDOWS),
    /** FIFOs and devices are files of a folder. */
    FIFOS_ARE_FILES(LINUX, MACOS, FREEBSD),
    /** A file that is deleted can still be opened by its name while another descriptor of it is open. */
    DELETED_FILES_STAY_WHILE_OPEN(WINE),
    /** A name of a file contains no control character and none of {@code <>:"|?*\}. */
    NAMES_ARE_RESTRICTED(WINDOWS),
    /** The creation of a symbolic link succeeds, but there is none. */
    SYMBOLIC_LINKS_ARE_MISSING(WINE),
    /** A name of 300 characters is one of no file, or is invalid; elsewhere it is ENAMETOOLONG. */
    LONG_NAMES_ARE_NOT_FOUND(WINDOWS),
    /** A mapping of 2^60 bytes is an invalid argument; elsewhere there is no memory for it. */
    HUGE_MAPPINGS_ARE_INVALID(WINDOWS);

    /** The systems; Wine has what Windows has, and more. */
    enum Kernel {
        LINUX, MACOS, FREEBSD, WINDOWS, WINE
    }

    private final Set<Kernel> where;

    Behaviour(Kernel... where) {
        this.where = Set.of(where);
    }

    /** {@return whether the system in use behaves so} */
    public boolean isHere() {
        return where.contains(Systems.Kernel.HERE) || Systems.Kernel.HERE == WINE && where.contains(WINDOWS);
    }

    private String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Skips the running test, or the rest of it, where the system behaves so. */
    public void skip() {
        assumeFalse(isHere(), () -> "on this system " + words());
    }

    /** Skips the running test, or the rest of it, where the system does not behave so. */
    public void require() {
        assumeTrue(isHere(), () -> "only on other systems " + words());
    }
}
