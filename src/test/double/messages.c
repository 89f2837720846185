/* Bytes: of streams, of datagrams, of pipes and files; control messages. */
#include "double.h"

/* ---- what a transfer finds before and after Linux has done it */

static int flags_to_linux(const char *function, int flags, bool receive) {
    int known = T_MSG_DONTWAIT | T_MSG_PEEK | T_MSG_OOB | (receive ? T_MSG_TRUNC : T_MSG_NOSIGNAL);
#ifdef T_MSG_CMSG_CLOEXEC
    known |= receive ? T_MSG_CMSG_CLOEXEC : 0;
#endif
#ifdef T_MSG_WAITFORONE
    known |= receive ? T_MSG_WAITFORONE : 0;
#endif
    if (flags & ~known) { /* MSG_WAITALL too, which waits on a non-blocking socket */
        done_refusing(function, "flags %#x", flags & ~known);
        return -1;
    }
    int to = receive ? 0 : MSG_NOSIGNAL;
    to |= flags & T_MSG_DONTWAIT ? MSG_DONTWAIT : 0;
    to |= flags & T_MSG_PEEK ? MSG_PEEK : 0;
    to |= flags & T_MSG_OOB ? MSG_OOB : 0;
#ifdef T_MSG_CMSG_CLOEXEC
    to |= flags & T_MSG_CMSG_CLOEXEC ? MSG_CMSG_CLOEXEC : 0;
#endif
    return to;
}

static struct object *object_of(int fd) {
    pthread_mutex_lock(&lock);
    struct object *o = object(fd);
    pthread_mutex_unlock(&lock);
    return o;
}

static bool is_stream(struct object *o) {
    return o->kind == TCP || o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET;
}

static int state_of(int fd) {
    struct tcp_info info;
    tcp_state(fd, &info);
    return info.tcpi_state;
}

/* The pending error, which a call that only looks leaves. */
static long taken_error(struct object *o, bool peek) {
    pthread_mutex_lock(&lock);
    int e = o->error;
    o->error = peek ? e : 0;
    pthread_mutex_unlock(&lock);
    return -e;
}

/* What a receive answers before Linux is asked; 1: nothing. */
static long before_receive(int fd, struct object *o, size_t length, bool peek) {
    if (o->kind > OTHER_SOCKET) {
        return -ENOTSOCK;
    }
    if ((o->kind == UDP || o->kind == UNIX_DGRAM) && o->error) {
        return taken_error(o, peek);
    }
    if ((o->kind == UDP || o->kind == UNIX_DGRAM) && o->shut_read) {
        return 0;
    }
    if (o->kind == TCP && (o->listening || (!o->used && state_of(fd) == 7))) {
        return -ENOTCONN;
    }
    if (o->kind == TCP && o->shut_read) {
        return 0;
    }
    if (length == 0 && is_stream(o)) {
        return 0;
    }
    if (o->kind == TCP && raw_poll(fd, 0) & POLLERR) {
        pthread_mutex_lock(&lock);
        take_error(fd, o);
        pthread_mutex_unlock(&lock);
    }
    if (o->kind == TCP && o->receive_low > 1 && bytes_to_read(fd) < o->receive_low
            && !(raw_poll(fd, POLLRDHUP) & (POLLRDHUP | POLLHUP))) {
        return -EAGAIN;
    }
    return 1;
}

/* The peer of a Unix stream has room again. */
static void unix_moved(struct object *o) {
    pthread_mutex_lock(&lock);
    struct object *peer = unix_peer(o);
    if (peer) {
        activate(peer, T_EVFILT_WRITE);
    }
    pthread_mutex_unlock(&lock);
}

static long after_receive(struct object *o, long r, bool peek) {
    if (r > 0 && !peek && (o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET)) {
        unix_moved(o);
    }
    if (!is_stream(o)) {
        if (r == -ECONNREFUSED && peek) {
            pthread_mutex_lock(&lock);
            o->error = ECONNREFUSED; /* Linux has taken it */
            pthread_mutex_unlock(&lock);
        }
        return r;
    }
    if (r > 0 || !o->used) {
        return r == -EINVAL && o->kind != TCP ? -ENOTCONN : r;
    }
    if (o->kind != TCP && r == -ECONNRESET && (MACOS_HERE || !o->local)) {
        return 0; /* Linux says so where the target has an end */
    }
    if (r == -EAGAIN && o->kind != TCP && o->shut_read) {
        r = 0; /* though what is sent later is received */
    }
    if (r == 0 || r == -EAGAIN) {
        return o->error ? taken_error(o, peek) : r;
    }
    return r == -EPIPE ? -ECONNRESET : r; /* Linux tells a reset after the peer's end apart */
}

/* The largest message, which SO_SNDBUF raises. */
static size_t largest(struct object *o) {
    size_t size = o->send_size > 0 ? (size_t) o->send_size : 0;
    switch (o->kind) {
    case UDP: return size ? size : 9216;
#ifdef MACOS
    case UNIX_DGRAM: return size ? size : 2048;
#else
    case UNIX_DGRAM: case UNIX_SEQPACKET: return size ? size : 8192;
#endif
    default: return SIZE_MAX;
    }
}

static bool waits(int fd) {
    return !(SYS(fcntl, (long) fd, (long) F_GETFL) & O_NONBLOCK);
}

static bool peer_is_gone(int fd, struct object *o) {
    char name[128];
    socklen_t length = sizeof name;
    ino_t peer = 1;
    int queued;
    pthread_mutex_lock(&lock);
    bool known = unix_state(o->inode, &peer, &queued);
    pthread_mutex_unlock(&lock);
    return known && !peer && SYS(getpeername, (long) fd, name, &length) >= 0;
}

static long lose_peer(struct object *o) {
    o->lost_peer = o->used = true;
    return MACOS_HERE ? -ENOTCONN : -ECONNRESET;
}

/* What a send answers before Linux is asked; 1: nothing. */
static long before_send(int fd, struct object *o, size_t length, int flags, bool addressed) {
    if (o->kind > OTHER_SOCKET) {
        return -ENOTSOCK;
    }
    if (length > largest(o)) {
        return -EMSGSIZE;
    }
    if ((o->kind == UDP || o->kind == UNIX_DGRAM) && o->shut_write) {
        sigpipe(o, flags);
        return -EPIPE;
    }
    if (o->kind == UDP && o->error) {
        return taken_error(o, false);
    }
    if (o->kind == UNIX_DGRAM && !addressed && peer_is_gone(fd, o)) { /* Linux would drop what is queued */
        return o->lost_peer ? MACOS_HERE ? -ENOTCONN : -EDESTADDRREQ : lose_peer(o);
    }
    if ((o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET) && !waits(fd)) {
        pthread_mutex_lock(&lock);
        bool full = unix_full(o);
        if (full) {
            sent(fd, o, false);
        }
        pthread_mutex_unlock(&lock);
        if (full) {
            return -EAGAIN;
        }
    }
    if (o->kind == TCP) {
        int state = state_of(fd);
        if (addressed && !o->used) {
            done_refusing("sendto", "connects a TCP socket");
            return -EOPNOTSUPP;
        }
        if (state == 2 || o->listening || (state == 7 && !o->used)) {
            return -ENOTCONN;
        }
        if (o->shut_write || state == 7) {
            pthread_mutex_lock(&lock);
            if (raw_poll(fd, 0) & POLLERR) {
                take_error(fd, o); /* held: a send does not consume it */
            }
            pthread_mutex_unlock(&lock);
            sigpipe(o, flags);
            return -EPIPE;
        }
    }
    return 1;
}

static long after_send(int fd, struct object *o, size_t length, int flags, bool addressed, long r) {
    if (is_stream(o) && (r > 0 || r == -EAGAIN)) {
        pthread_mutex_lock(&lock);
        sent(fd, o, r == (long) length);
        pthread_mutex_unlock(&lock);
    }
    if (o->kind == UNIX_DGRAM && r == -EAGAIN) {
        return -ENOBUFS;
    }
    if (o->kind == UNIX_DGRAM && r == -ENOTCONN) {
        return MACOS_HERE && o->used ? -ENOTCONN : -EDESTADDRREQ;
    }
    if (o->kind == UNIX_DGRAM && r == -ECONNREFUSED && !addressed) {
        return lose_peer(o);
    }
    if (is_stream(o) && (r == -EPIPE || r == -ECONNRESET || r == -ETIMEDOUT || r == -EHOSTUNREACH)) {
        if (r != -EPIPE && o->kind == TCP) {
            pthread_mutex_lock(&lock);
            o->error = (int) -r; /* Linux has consumed it, the target has not */
            pthread_mutex_unlock(&lock);
        }
        if (o->kind != TCP && !o->used) {
            char name[128];
            socklen_t length = sizeof name;
            if (SYS(getpeername, (long) fd, name, &length) < 0) {
                return -ENOTCONN;
            }
        }
        sigpipe(o, flags);
        return -EPIPE;
    }
    return r;
}

/* A send may take less than there is room for; a receive takes what there is. */
static size_t shorter(struct object *o, size_t length) {
    if (o->kind == UNIX_STREAM && length > (size_t) size_of(o, true)) {
        length = (size_t) size_of(o, true); /* at once, whatever is left at the peer */
    }
    return length > 1 && is_stream(o) && o->kind != UNIX_SEQPACKET && hostile(8) ? length / 2 + 1 : length;
}

#define MAX_TRANSFER 0x7fffffffUL

static bool too_long(size_t length) {
#ifdef MACOS
    return length > MAX_TRANSFER;
#else
    return length > 0x7fffffffffffffffUL;
#endif
}

/* Whether the hostile mode interrupts this call: only one that could wait, as all of them could. */
static bool interrupted(void) {
    return hostile(200);
}

/* ---- recv and send */

static long receive(const char *function, int fd, void *to, size_t length, int flags, void *address, unsigned *room) {
    struct object *o = object_of(fd);
    if (!o) {
        return -EBADF;
    }
    int linux_flags = flags_to_linux(function, flags, true);
    if (linux_flags < 0) {
        return -EINVAL;
    }
    if (interrupted()) {
        return -EINTR;
    }
    bool peek = flags & T_MSG_PEEK;
    long r = before_receive(fd, o, length, peek);
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    if (r == 1) {
        memset(&name, 0, sizeof name);
        r = after_receive(o, SYS(recvfrom, (long) fd, to, length, (long) linux_flags,
            address ? &name : NULL, address ? &size : NULL), peek);
        if (r == -EOPNOTSUPP && flags & T_MSG_OOB) {
            r = -EINVAL;
        }
        if (r > 0 && !peek) {
            o->urgent = flags & T_MSG_OOB;
        }
        if (r >= 0 && address) {
            pthread_mutex_lock(&lock);
            give_address(&name, is_stream(o) ? 0 : size, address, room);
            pthread_mutex_unlock(&lock);
        }
    }
    return r;
}

API(long, recv, int fd, void *to, size_t length, int flags) {
    return done(too_long(length) ? -EINVAL : receive("recv", fd, to, length, flags, NULL, NULL));
}

API(long, recvfrom, int fd, void *to, size_t length, int flags, void *address, unsigned *room) {
    return done(too_long(length) ? -EINVAL : receive("recvfrom", fd, to, length, flags, address, room));
}

static long transmit(const char *function, int fd, const void *from, size_t length, int flags, const void *address,
        unsigned size) {
    struct object *o = object_of(fd);
    if (!o) {
        return -EBADF;
    }
    int linux_flags = flags_to_linux(function, flags, false);
    if (linux_flags < 0) {
        return -EINVAL;
    }
    if (interrupted()) {
        return -EINTR;
    }
    struct sockaddr_storage name;
    long name_size = 0;
    if (address && (name_size = to_linux(address, size, &name)) < 0) {
        return name_size;
    }
    long r = before_send(fd, o, length, flags, address);
    if (r != 1) {
        return r;
    }
    if (address && o->kind == UDP) {
        char peer[128];
        socklen_t peer_size = sizeof peer;
        if (SYS(getpeername, (long) fd, peer, &peer_size) >= 0) {
            return -EISCONN;
        }
        if (name.ss_family == AF_INET && ((struct sockaddr_in *) &name)->sin_port == 0) {
            return (long) length; /* sent to nobody */
        }
    }
    linux_flags |= o->kind == UNIX_DGRAM ? MSG_DONTWAIT : 0;
    size_t all = shorter(o, length);
    r = SYS(sendto, (long) fd, from, all, (long) linux_flags, address ? &name : NULL, name_size);
    for (long more = r; o->kind == TCP && more > 0 && (size_t) r < all; r += more > 0 ? more : 0) {
        more = SYS(sendto, (long) fd, (const char *) from + r, all - (size_t) r,
            (long) (linux_flags | MSG_DONTWAIT), NULL, 0L); /* until it is full */
    }
    return after_send(fd, o, length, flags, address, r);
}

API(long, send, int fd, const void *from, size_t length, int flags) {
    return done(too_long(length) ? -EINVAL : transmit("send", fd, from, length, flags, NULL, 0));
}

API(long, sendto, int fd, const void *from, size_t length, int flags, const void *address, unsigned size) {
    return done(too_long(length) ? -EINVAL : transmit("sendto", fd, from, length, flags, address, size));
}

/* ---- read and write */

/* Something was read from or written to a pipe. */
static void pipe_moved(struct object *o) {
    pthread_mutex_lock(&lock);
    activate(o, T_EVFILT_READ);
    activate(o, T_EVFILT_WRITE);
    pthread_mutex_unlock(&lock);
}

static long after_pipe(int fd, struct object *o, long r, bool read) {
    if (o->kind == PIPE && r > 0) {
        pipe_moved(o);
    }
    if (o->kind == PIPE && read && r == 0 && !(raw_poll(fd, POLLIN) & POLLHUP)) {
        return -EAGAIN; /* a FIFO without a writer yet */
    }
    return o->kind == KQUEUE ? -EOPNOTSUPP : r;
}

API(long, read, int fd, void *to, size_t length) {
    struct object *o = object_of(fd);
    if (!o || too_long(length)) {
        return done(o ? -EINVAL : -EBADF);
    }
    if (o->kind <= OTHER_SOCKET) {
        return done(receive("read", fd, to, length, 0, NULL, NULL));
    }
    if (interrupted()) {
        return done(-EINTR);
    }
    size_t n = o->kind == PIPE && length > 1 && hostile(8) ? length / 2 + 1 : length;
    return done(after_pipe(fd, o, SYS(read, (long) fd, to, n), length != 0));
}

API(long, write, int fd, const void *from, size_t length) {
    struct object *o = object_of(fd);
    if (!o || too_long(length)) {
        return done(o ? -EINVAL : -EBADF);
    }
    if (o->kind <= OTHER_SOCKET) {
        return done(transmit("write", fd, from, length, 0, NULL, 0));
    }
    if (interrupted()) {
        return done(-EINTR);
    }
    if (FREEBSD_HERE && o->kind == PIPE && length > PIPE_SIZE && bytes_to_read(fd) == 0) {
        SYS(fcntl, (long) fd, (long) F_SETPIPE_SZ, (long) (2 * PIPE_SIZE));
    }
    size_t n = o->kind == PIPE && length > 512 && hostile(8) ? length / 2 + 1 : length;
    return done(after_pipe(fd, o, SYS(write, (long) fd, from, n), false));
}

static size_t total(const struct iovec *vectors, int count) {
    size_t n = 0;
    for (int i = 0; i < count; i++) {
        n += vectors[i].iov_len;
    }
    return n;
}

/* The vectors of at most so many bytes. */
static int trim(struct iovec *to, const struct iovec *from, int count, size_t most) {
    int n = 0;
    for (; n < count && most > 0; n++) {
        to[n] = from[n];
        to[n].iov_len = to[n].iov_len < most ? to[n].iov_len : most;
        most -= to[n].iov_len;
    }
    return n;
}

static long vectored(int fd, const struct iovec *vectors, int count, bool read) {
    struct object *o = object_of(fd);
    if (!o) {
        return -EBADF;
    }
    if (count < 0 || count > T_IOV_MAX_OR_1024) {
        return -EINVAL;
    }
    if (count == 0) {
#ifdef MACOS
        return -EINVAL;
#else
        return 0;
#endif
    }
    size_t length = total(vectors, count);
    if (too_long(length)) {
        return -EINVAL;
    }
    if (interrupted()) {
        return -EINTR;
    }
    if (!read && count > 1 && hostile(8)) {
        count = count / 2;
        length = total(vectors, count);
    }
    if (o->kind > OTHER_SOCKET) {
        long r = read ? SYS(readv, (long) fd, vectors, (long) count) : SYS(writev, (long) fd, vectors, (long) count);
        return after_pipe(fd, o, r, read && length != 0);
    }
    struct iovec fewer[T_IOV_MAX_OR_1024];
    if (!read && o->kind == UNIX_STREAM && length > (size_t) size_of(o, true)) {
        count = trim(fewer, vectors, count, (size_t) size_of(o, true));
        vectors = fewer;
        length = total(vectors, count);
    }
    struct msghdr m = {.msg_iov = (struct iovec *) vectors, .msg_iovlen = (size_t) count};
    long r = read ? before_receive(fd, o, length, false) : before_send(fd, o, length, 0, false);
    if (r != 1) {
        return r;
    }
    return read ? after_receive(o, SYS(recvmsg, (long) fd, &m, 0L), false)
        : after_send(fd, o, length, 0, false, SYS(sendmsg, (long) fd, &m, (long) MSG_NOSIGNAL));
}

API(long, readv, int fd, const struct iovec *vectors, int count) {
    return done(vectored(fd, vectors, count, true));
}

API(long, writev, int fd, const struct iovec *vectors, int count) {
    return done(vectored(fd, vectors, count, false));
}

/* ---- control messages to the target */

struct writer {
    unsigned char *to;
    unsigned room, used;
    bool truncated;
    int interface; /* to follow the TTL; 0: none */
};

#define ALIGNED(n) (((n) + T_CMSG_ALIGN - 1) / T_CMSG_ALIGN * T_CMSG_ALIGN)

/* Appends a message, if there is room for all of it. */
static bool put(struct writer *w, int level, int type, const void *data, unsigned size) {
    unsigned length = T_CMSG_DATA + size;
    if (w->truncated || w->used + length > w->room) { /* what follows is not given either */
        w->truncated = true;
        return false;
    }
    struct t_cmsghdr header = {length, level, type};
    memset(w->to + w->used, 0xa5, length);
    memcpy(w->to + w->used, &header, sizeof header);
    memcpy(w->to + w->used + T_CMSG_DATA, data, size);
    w->used += ALIGNED(length) > w->room - w->used ? w->room - w->used : ALIGNED(length);
    return true;
}

static void put_rights(struct writer *w, const void *data, unsigned size) {
    int fds[512];
    memcpy(fds, data, size);
    if (!put(w, T_SOL_SOCKET, T_SCM_RIGHTS, fds, size)) { /* none of them is delivered */
        for (unsigned i = 0; i < size / sizeof fds[0]; i++) {
            SYS(close, (long) fds[i]);
        }
    }
}

static void put_interface(struct writer *w) {
    int index = w->interface;
    w->interface = 0;
    if (index == 0) {
        return;
    }
    unsigned char link[56]; /* as the kernel fills it, which is longer than its type */
    memset(link, 0, sizeof link);
    link[0] = sizeof link;
    link[1] = 18; /* AF_LINK */
    link[2] = (unsigned char) index;
    link[3] = (unsigned char) (index >> 8);
    put(w, T_IPPROTO_IP, T_IP_RECVIF, link, sizeof link);
}

static void put_message(struct writer *w, struct object *o, struct cmsghdr *c) {
    unsigned char *data = CMSG_DATA(c);
    unsigned size = (unsigned) (c->cmsg_len - CMSG_LEN(0));
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        put_rights(w, data, size);
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
        struct timespec time;
        memcpy(&time, data, sizeof time);
#ifdef T_SCM_REALTIME
        if (o->real_time) {
            put(w, T_SOL_SOCKET, T_SCM_REALTIME, &time, sizeof time);
            return;
        }
#endif
        struct timeval value = {time.tv_sec, time.tv_nsec / 1000};
        put(w, T_SOL_SOCKET, T_SCM_TIMESTAMP, &value, T_SIZE_timeval);
#ifdef T_LOCAL_CREDS_PERSISTENT
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
        struct ucred cred;
        unsigned char out[T_SIZE_sockcred2];
        memcpy(&cred, data, sizeof cred);
        int groups = 1;
        memset(out, 0, sizeof out);
        memcpy(out + T_OFF_sockcred2_sc_pid, &cred.pid, 4);
        memcpy(out + T_OFF_sockcred2_sc_uid, &cred.uid, 4);
        memcpy(out + T_OFF_sockcred2_sc_euid, &cred.uid, 4);
        memcpy(out + T_OFF_sockcred2_sc_gid, &cred.gid, 4);
        memcpy(out + T_OFF_sockcred2_sc_egid, &cred.gid, 4);
        memcpy(out + T_OFF_sockcred2_sc_ngroups, &groups, 4);
        memcpy(out + T_OFF_sockcred2_sc_groups, &cred.gid, 4);
        put(w, T_SOL_SOCKET, 8, out, sizeof out); /* SCM_CREDS2 */
#endif
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, data, sizeof info);
#ifdef T_IP_PKTINFO
        if (o->pkt_info) {
            put(w, T_IPPROTO_IP, T_IP_PKTINFO, &info, T_SIZE_in_pktinfo);
        }
#endif
        if (o->dst_addr) {
            put(w, T_IPPROTO_IP, T_IP_RECVDSTADDR, &info.ipi_addr, 4);
        }
        if (o->recv_if) {
            w->interface = info.ipi_ifindex;
        }
    } else if (c->cmsg_level == IPPROTO_IP && (c->cmsg_type == IP_TTL || c->cmsg_type == IP_TOS)) {
        if (c->cmsg_type == IP_TOS) {
            put_interface(w);
        }
        put(w, T_IPPROTO_IP, c->cmsg_type == IP_TTL ? T_IP_RECVTTL : T_IP_RECVTOS, data, 1);
    } else if (c->cmsg_level == IPPROTO_IPV6) {
        switch (c->cmsg_type) {
        case IPV6_PKTINFO: put(w, T_IPPROTO_IPV6, T_IPV6_PKTINFO, data, T_SIZE_in6_pktinfo); break;
        case IPV6_HOPLIMIT: put(w, T_IPPROTO_IPV6, T_IPV6_HOPLIMIT, data, 4); break;
        case IPV6_TCLASS: put(w, T_IPPROTO_IPV6, T_IPV6_TCLASS, data, 4); break;
        }
    }
}

/* ---- control messages from the target */

static bool add(struct msghdr *m, int level, int type, const void *data, size_t size) {
    struct cmsghdr *c = (struct cmsghdr *) ((char *) m->msg_control + m->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), data, size);
    m->msg_controllen += CMSG_SPACE(size);
    return true;
}

static long add_message(struct msghdr *m, int level, int type, const unsigned char *data, unsigned size) {
    int number = 0;
    if (level == T_SOL_SOCKET && type == T_SCM_RIGHTS) {
        for (unsigned i = 0; i < size / 4; i++) {
            int fd;
            memcpy(&fd, data + 4 * i, 4);
            if (is_kqueue(fd)) {
                return -EOPNOTSUPP;
            }
            pass(fd);
        }
        return add(m, SOL_SOCKET, SCM_RIGHTS, data, size);
    }
    if (level == T_IPPROTO_IP) {
#ifdef T_IP_SENDSRCADDR
        if (type == T_IP_SENDSRCADDR && size == 4) {
            struct in_pktinfo info;
            memset(&info, 0, sizeof info);
            memcpy(&info.ipi_spec_dst, data, 4);
            return add(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        }
#endif
#ifdef T_IP_PKTINFO
        if (type == T_IP_PKTINFO && size == T_SIZE_in_pktinfo) {
            struct in_pktinfo info;
            memcpy(&info, data, sizeof info);
            return add(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
        }
#endif
        if (type == T_IP_TOS && (size == 1 || size == 4)) {
            memcpy(&number, data, size);
            return add(m, IPPROTO_IP, IP_TOS, &number, 4);
        }
#ifdef MACOS
        if (type == T_IP_TTL && size == 4) {
            return add(m, IPPROTO_IP, IP_TTL, data, 4);
        }
#endif
    }
    if (level == T_IPPROTO_IPV6) {
        if (type == T_IPV6_PKTINFO && size == T_SIZE_in6_pktinfo) {
            return add(m, IPPROTO_IPV6, IPV6_PKTINFO, data, size);
        }
        if ((type == T_IPV6_HOPLIMIT || type == T_IPV6_TCLASS) && size == 4) {
            return add(m, IPPROTO_IPV6, type == T_IPV6_TCLASS ? IPV6_TCLASS : IPV6_HOPLIMIT, data, 4);
        }
    }
    done_refusing("sendmsg", "control message of level %d, type %d, %u bytes of data", level, type, size);
    return -EINVAL;
}

static long control_to_linux(struct msghdr *m, const unsigned char *from, unsigned length, unsigned room) {
    m->msg_controllen = 0;
    for (unsigned at = 0; at < length;) {
        struct t_cmsghdr header;
        if (length - at < T_CMSG_DATA) {
            done_refusing("sendmsg", "%u bytes are left for a control message", length - at);
            return -EINVAL;
        }
        memcpy(&header, from + at, sizeof header);
        if (header.len < T_CMSG_DATA || header.len > length - at || m->msg_controllen + header.len + 64 > room) {
            done_refusing("sendmsg", "cmsg_len %u of %u", header.len, length - at);
            return -EINVAL;
        }
        long r = add_message(m, header.level, header.type, from + at + T_CMSG_DATA, header.len - T_CMSG_DATA);
        if (r < 0) {
            return r;
        }
        at += ALIGNED(header.len);
    }
    return 0;
}

/* ---- recvmsg and sendmsg */

#define CONTROL 4096

static long receive_message(int fd, struct t_msghdr *m, int flags) {
    struct object *o = object_of(fd);
    int linux_flags = o ? flags_to_linux("recvmsg", flags, true) : 0;
    if (!o || linux_flags < 0) {
        return o ? -EINVAL : -EBADF;
    }
    if (m->iovlen < 0 || m->iovlen > T_IOV_MAX_OR_1024) {
        return -EMSGSIZE;
    }
    if (interrupted()) {
        return -EINTR;
    }
    struct sockaddr_storage name;
    char control[CONTROL] __attribute__((aligned(16)));
    struct msghdr l = {.msg_name = m->name ? &name : NULL, .msg_namelen = sizeof name, .msg_iov = m->iov,
        .msg_iovlen = (size_t) m->iovlen, .msg_control = control, .msg_controllen = sizeof control};
    memset(&name, 0, sizeof name);
    bool zero = total(m->iov, m->iovlen) == 0 && is_stream(o);
    bool peek = flags & T_MSG_PEEK;
    bool ended = raw_poll(fd, POLLRDHUP) & (POLLRDHUP | POLLHUP); /* an empty record is one before the end */
#ifdef FREEBSD
    linux_flags |= o->kind == UDP && flags & T_MSG_TRUNC ? MSG_TRUNC : 0; /* the length of the datagram, since 14 */
#endif
    long r = zero ? 1 : before_receive(fd, o, 1, peek);
    if (r == 1) {
        r = after_receive(o, SYS(recvmsg, (long) fd, &l, (long) (linux_flags | MSG_CMSG_CLOEXEC)), peek);
    } else {
        l.msg_controllen = 0;
        l.msg_namelen = 0;
        l.msg_flags = 0;
    }
    if (r < 0) {
        return r;
    }
    bool cloexec = linux_flags & MSG_CMSG_CLOEXEC;
    struct writer w = {m->control, m->control ? m->controllen : 0, 0, false, 0};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&l); c; c = CMSG_NXTHDR(&l, c)) {
        if (!cloexec && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            int fd_of;
            for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / 4; i++) {
                memcpy(&fd_of, CMSG_DATA(c) + 4 * i, 4);
                SYS(fcntl, (long) fd_of, (long) F_SETFD, 0L);
            }
        }
        put_message(&w, o, c);
    }
    put_interface(&w);
    m->flags = 0;
    m->flags |= l.msg_flags & MSG_TRUNC ? T_MSG_TRUNC : 0;
    m->flags |= l.msg_flags & MSG_OOB ? T_MSG_OOB : 0;
    if ((w.truncated && w.room) || l.msg_flags & MSG_CTRUNC) {
        m->flags |= T_MSG_CTRUNC;
    }
#ifdef T_MSG_CMSG_CLOEXEC
    m->flags |= flags & T_MSG_CMSG_CLOEXEC;
#endif
#ifdef FREEBSD
    m->flags |= o->kind == UDP ? flags & (T_MSG_PEEK | T_MSG_TRUNC) : 0;
#endif
    m->controllen = w.used;
    if (m->name) {
        pthread_mutex_lock(&lock);
        if (o->kind == UNIX_SEQPACKET) {
            name.ss_family = AF_UNIX;
        }
        bool record = o->kind == UNIX_SEQPACKET && (r > 0 || !ended);
        give_address(&name, !is_stream(o) ? l.msg_namelen : record ? 2 : 0, m->name, &m->namelen);
        pthread_mutex_unlock(&lock);
    }
    return r;
}

API(long, recvmsg, int fd, struct t_msghdr *m, int flags) {
    return done(receive_message(fd, m, flags));
}

static long send_message(int fd, const struct t_msghdr *m, int flags) {
    struct object *o = object_of(fd);
    int linux_flags = o ? flags_to_linux("sendmsg", flags, false) : 0;
    if (!o || linux_flags < 0) {
        return o ? -EINVAL : -EBADF;
    }
    if (m->iovlen < 0 || m->iovlen > T_IOV_MAX_OR_1024) {
        return -EMSGSIZE;
    }
    if (interrupted()) {
        return -EINTR;
    }
    struct sockaddr_storage name;
    char control[CONTROL] __attribute__((aligned(16)));
    struct msghdr l = {.msg_iov = m->iov, .msg_iovlen = (size_t) m->iovlen};
    memset(control, 0, sizeof control);
    if (m->name) {
        long size = to_linux(m->name, m->namelen, &name);
        if (size < 0) {
            return size;
        }
        l.msg_name = &name;
        l.msg_namelen = (socklen_t) size;
    }
    if (m->control && m->controllen) {
        l.msg_control = control;
        long r = control_to_linux(&l, m->control, m->controllen, sizeof control);
        if (r < 0) {
            return r;
        }
    }
    size_t length = total(m->iov, m->iovlen);
    long r = before_send(fd, o, length, flags, m->name);
    if (r != 1) {
        return r;
    }
    if (m->name && o->kind == UDP) {
        char peer[128];
        socklen_t size = sizeof peer;
        if (SYS(getpeername, (long) fd, peer, &size) >= 0) {
            return -EISCONN;
        }
    }
    struct iovec fewer[T_IOV_MAX_OR_1024];
    if (o->kind == UNIX_STREAM && length > (size_t) size_of(o, true)) {
        l.msg_iovlen = (size_t) trim(fewer, m->iov, m->iovlen, (size_t) size_of(o, true));
        l.msg_iov = fewer;
    }
    linux_flags |= o->kind == UNIX_DGRAM ? MSG_DONTWAIT : 0;
    return after_send(fd, o, length, flags, m->name, SYS(sendmsg, (long) fd, &l, (long) linux_flags));
}

API(long, sendmsg, int fd, const struct t_msghdr *m, int flags) {
    return done(send_message(fd, m, flags));
}

#ifdef T_SIZE_mmsghdr
struct t_mmsghdr {
    struct t_msghdr header;
    long length;
};
CHECK(sizeof(struct t_mmsghdr) == T_SIZE_mmsghdr && offsetof(struct t_mmsghdr, length) == T_OFF_mmsghdr_msg_len);

API(long, recvmmsg, int fd, struct t_mmsghdr *messages, size_t count, int flags, const struct timespec *timeout) {
    if (timeout) {
        return done_refusing("recvmmsg", "with a time-out");
    }
    size_t n = 0;
    while (n < count) {
        long r = receive_message(fd, &messages[n].header, flags);
        if (r < 0) {
            return n > 0 ? done((long) n) : done(r);
        }
        messages[n++].length = r;
        if (flags & T_MSG_WAITFORONE) {
            flags |= T_MSG_DONTWAIT;
        }
    }
    return done((long) n);
}

API(long, sendmmsg, int fd, struct t_mmsghdr *messages, size_t count, int flags) {
    size_t n = 0;
    while (n < count) {
        long r = send_message(fd, &messages[n].header, flags);
        if (r < 0) {
            return n > 0 ? done((long) n) : done(r);
        }
        messages[n++].length = r;
    }
    return done((long) n);
}
#endif
