/* Sockets: their life, names and options. */
#include "double.h"
#include <linux/filter.h>

enum { TCP_ESTABLISHED = 1, TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_LISTEN = 10 };

void remember_bound(const struct sockaddr_storage *name, unsigned length);

static long family_to_linux(int family) {
    switch (family) {
    case T_AF_INET: return AF_INET;
    case T_AF_INET6: return AF_INET6;
    case T_AF_UNIX: return AF_UNIX;
    }
    return -1;
}

/* Splits a type into that of Linux, with its flags. */
static long type_to_linux(int type) {
    long flags = 0;
#ifdef T_SOCK_NONBLOCK
    flags |= type & T_SOCK_NONBLOCK ? SOCK_NONBLOCK : 0;
    flags |= type & T_SOCK_CLOEXEC ? SOCK_CLOEXEC : 0;
    type &= ~(T_SOCK_NONBLOCK | T_SOCK_CLOEXEC);
#endif
    switch (type) {
    case T_SOCK_STREAM: return flags | SOCK_STREAM;
    case T_SOCK_DGRAM: return flags | SOCK_DGRAM;
    case T_SOCK_SEQPACKET: return flags | SOCK_SEQPACKET;
    }
    return -1;
}

static void made(long fd) {
    if (fd >= 0) {
        pthread_mutex_lock(&lock);
        object((int) fd);
        pthread_mutex_unlock(&lock);
    }
}

static struct object *locked(int fd) {
    pthread_mutex_lock(&lock);
    return object(fd);
}

static void unlock(void) {
    pthread_mutex_unlock(&lock);
}

API(int, socket, int family, int type, int protocol) {
    long f = family_to_linux(family), t = type_to_linux(type);
    if (f < 0 || t < 0 || (protocol && protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)) {
        return (int) done_refusing("socket", "%d, %#x, %d", family, type, protocol);
    }
#ifdef MACOS
    if (f == AF_UNIX && t == SOCK_SEQPACKET) {
        return (int) done(-EPROTONOSUPPORT);
    }
#endif
    long fd = SYS(socket, f, t, (long) protocol);
#ifdef FREEBSD
    if (fd >= 0 && f == AF_INET6) { /* the default there is 1 */
        set_number((int) fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    }
#endif
    if (fd >= 0 && kind_of((int) fd) == TCP) { /* the default there is 8 */
        set_number((int) fd, IPPROTO_TCP, TCP_KEEPCNT, 8);
        set_number((int) fd, SOL_SOCKET, SO_REUSEADDR, 1); /* see bind_port */
    }
    made(fd);
    return (int) done(fd);
}

API(int, socketpair, int family, int type, int protocol, int *fds) {
    long f = family_to_linux(family), t = type_to_linux(type);
    if (f != AF_UNIX || t < 0 || protocol) {
        return (int) done_refusing("socketpair", "%d, %#x, %d", family, type, protocol);
    }
#ifdef MACOS
    if (t == SOCK_SEQPACKET) {
        return (int) done(-EPROTONOSUPPORT);
    }
#endif
    long r = SYS(socketpair, f, t, (long) protocol, fds);
    if (r >= 0) {
        made(fds[0]);
        made(fds[1]);
    }
    return (int) done(r);
}

/* Whether a socket may share its address and port with others that may. */
static bool may_share(struct object *o, bool multicast) {
    return o->reuse_port || o->shares || (multicast && o->reuse_address);
}

static bool is_any(const void *address, size_t size) {
    static const char zeros[16];
    return !memcmp(address, zeros, size);
}

/*
 * Whether an address is in use by the rules of the BSDs: one that may be used again only by a socket without a
 * connection that has the same address. There is no TIME_WAIT for connections of one host.
 */
static bool in_use(struct object *o, const struct sockaddr_storage *name) {
    bool v6 = name->ss_family == AF_INET6, any = false;
    const void *own = v6 ? (void *) &((struct sockaddr_in6 *) name)->sin6_addr
        : (void *) &((struct sockaddr_in *) name)->sin_addr;
    size_t size = v6 ? 16 : 4;
    bool multicast = v6 ? *(unsigned char *) own == 0xff : (*(unsigned char *) own & 0xf0) == 0xe0;
    bool again = o->reuse_address || o->reuse_port || o->shares;
    for (int six = 0; six < 2; six++) {
        char path[40], line[300], address[40];
        snprintf(path, sizeof path, "/proc/thread-self/net/%s%s", o->kind == TCP ? "tcp" : "udp", six ? "6" : "");
        FILE *file = fopen(path, "r");
        unsigned port, state;
        unsigned long inode;
        while (file && fgets(line, sizeof line, file)) {
            if (sscanf(line, "%*d: %39[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %lu", address, &port, &state,
                    &inode) != 4 || port != ntohs(((struct sockaddr_in *) name)->sin_port)) {
                continue;
            }
            any = true;
            unsigned words[4] = {0};
            sscanf(address, "%8x%8x%8x%8x", &words[0], &words[1], &words[2], &words[3]);
            bool same = six == v6 && !memcmp(words, own, size);
            bool overlaps = same || six != v6 || is_any(words, size) || is_any(own, size);
            struct object *other = by_inode(inode, o->device);
            bool shared = may_share(o, multicast) && (!other || may_share(other, multicast));
            if (state != TCP_TIME_WAIT && (again ? same && state != TCP_ESTABLISHED
                    && (state == TCP_LISTEN || state == TCP_CLOSE) && !shared : overlaps)) {
                fclose(file);
                return true;
            }
        }
        if (file) {
            fclose(file);
        }
    }
    return !any; /* by a socket that is only bound */
}

/* Linux's own flags are off at the first attempt, so that its refusal can be judged, and then let in what follows. */
static long bind_port(int fd, struct object *o, const struct sockaddr_storage *name, long size) {
    bool again = o->reuse_address || o->reuse_port || o->shares;
    set_number(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    set_number(fd, SOL_SOCKET, SO_REUSEPORT, 0);
    long r = SYS(bind, (long) fd, name, size);
    bool allowed = r == -EADDRINUSE && !in_use(o, name);
    set_number(fd, SOL_SOCKET, SO_REUSEADDR, again || o->kind == TCP);
    set_number(fd, SOL_SOCKET, SO_REUSEPORT, o->kind == TCP ? again : o->reuse_port || o->shares);
    return allowed ? SYS(bind, (long) fd, name, size) : r;
}

API(int, bind, int fd, const void *address, unsigned length) {
    struct sockaddr_storage name;
    long size = to_linux(address, length, &name);
    if (size == -EAFNOSUPPORT && length == T_SIZE_sockaddr_in) { /* AF_UNSPEC is the wildcard */
        ((struct sockaddr_in *) &name)->sin_family = AF_INET;
        memcpy(&((struct sockaddr_in *) &name)->sin_port, (const char *) address + 2, 2);
        size = sizeof(struct sockaddr_in);
    }
    if (size < 0) {
        return (int) done(size);
    }
    struct object *o = locked(fd);
    long r;
    if (o && (o->kind == TCP || o->kind == UDP)) {
        r = bind_port(fd, o, &name, size);
    } else {
        r = SYS(bind, (long) fd, &name, size);
    }
    if (r >= 0 && name.ss_family == AF_UNIX) {
        remember_bound(&name, length);
    }
    unlock();
    return (int) done(r);
}

static int tcp_state_of(int fd) {
    struct tcp_info info;
    tcp_state(fd, &info);
    return info.tcpi_state;
}

/* The number of sockets that listen on the port of this one. */
static unsigned listeners(int fd) {
    struct sockaddr_in6 name; /* with the port where sockaddr_in has it */
    socklen_t length = sizeof name;
    unsigned n = 0;
    SYS(getsockname, (long) fd, &name, &length);
    for (int v6 = 0; v6 < 2; v6++) {
        FILE *file = fopen(v6 ? "/proc/thread-self/net/tcp6" : "/proc/thread-self/net/tcp", "r");
        char line[300];
        unsigned port, state;
        while (file && fgets(line, sizeof line, file)) {
            n += sscanf(line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &port, &state) == 2 && state == 10
                && port == ntohs(name.sin6_port);
        }
        if (file) {
            fclose(file);
        }
    }
    return n;
}

/* Of several listeners with SO_REUSEPORT the last gets all connections, where Linux shares them. */
static void take_all(int fd) {
    struct sock_filter last = BPF_STMT(BPF_RET | BPF_K, listeners(fd) - 1);
    struct sock_fprog program = {1, &last};
    SYS(setsockopt, (long) fd, (long) SOL_SOCKET, (long) SO_ATTACH_REUSEPORT_CBPF, &program, (long) sizeof program);
}

API(int, listen, int fd, int backlog) {
    struct object *o = locked(fd);
    if (o && o->kind == TCP && o->used && !o->listening) {
        unlock();
        return (int) done(-EINVAL);
    }
#ifdef FREEBSD
    backlog += backlog / 2; /* one more than that is queued */
#else
    backlog -= backlog > 0;
#endif
    long r = SYS(listen, (long) fd, (long) (backlog < 0 ? 128 : backlog));
    if (r == -EINVAL && o && o->kind == UNIX_STREAM && !o->used) {
        r = -EDESTADDRREQ; /* not bound */
    }
    if (o && r >= 0) {
        if (o->kind == TCP && !o->listening && !o->shares && o->reuse_port) {
            take_all(fd);
        }
        o->listening = true;
    }
    unlock();
    return (int) done(r);
}

/* ---- connecting */

static int keep_init(struct object *o) {
    return o->keep_init ? o->keep_init : 75;
}

/* An address of IPv4 that is written as one of IPv6. */
static bool is_mapped(const struct sockaddr_storage *name) {
    return name->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *) name)->sin6_addr);
}

static long connect_tcp(int fd, struct object *o, const struct sockaddr_storage *name, long size) {
    int state = tcp_state_of(fd);
    if (o->listening) {
        return -EOPNOTSUPP;
    }
    if (state == 2) {
        return -EALREADY;
    }
    if (o->used && state == 7) { /* a socket whose connect failed is dead */
        take_error(fd, o);
#ifdef MACOS
        int e = o->error;
        o->error = 0;
        return e ? -e : -EINVAL;
#else
        o->error = 0;
        return -ECONNREFUSED;
#endif
    }
    if (o->used) {
        return -EISCONN;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *) name;
    if (name->ss_family == AF_INET && in->sin_port == 0) {
        return -EADDRNOTAVAIL;
    }
    if (name->ss_family == AF_INET && IN_MULTICAST(ntohl(in->sin_addr.s_addr))) {
        return -EAFNOSUPPORT;
    }
    if (name->ss_family == AF_INET && in->sin_addr.s_addr == INADDR_BROADCAST) {
        return -EACCES;
    }
    set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000 * keep_init(o)); /* Linux gives up later */
    long r = SYS(connect, (long) fd, name, size);
    if (r == -EINPROGRESS || r >= 0) {
        o->used = o->connecting = true;
    } else if (r == -ECONNREFUSED || r == -ETIMEDOUT || r == -ECONNRESET) {
        o->used = true;
    }
    static int later = -1;
    if (later < 0) {
        const char *when = getenv("PANAMIO_DOUBLE_CONNECT");
        later = when && !strcmp(when, "later");
    }
    bool at_once = is_hostile ? !hostile(2) : !later; /* FreeBSD does either, more often at once */
    if (r == -EINPROGRESS && at_once && tcp_state_of(fd) != 2) { /* connected or refused */
        take_error(fd, o);
        r = o->error ? -o->error : 0;
        o->error = 0;
    }
    return r;
}

API(int, connect, int fd, const void *address, unsigned length) {
    struct sockaddr_storage name;
    long size = to_linux(address, length, &name);
    struct object *o = locked(fd);
    long r;
    if (!o) {
        r = -EBADF;
    } else if (size < 0) {
        r = size;
        if (size == -EAFNOSUPPORT && o->kind == UDP) { /* fails, and disconnects */
            struct sockaddr none = {.sa_family = AF_UNSPEC};
            SYS(connect, (long) fd, &none, (long) sizeof none);
        }
    } else if (is_mapped(&name) && raw_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) > 0) {
        r = -EINVAL;
    } else if (o->kind == TCP && raw_option(fd, SOL_SOCKET, SO_DOMAIN) == name.ss_family) {
        if (SYS(fcntl, (long) fd, (long) F_GETFL) & O_NONBLOCK) {
            r = connect_tcp(fd, o, &name, size);
        } else {
            unlock();
            r = SYS(connect, (long) fd, &name, size);
            o = locked(fd);
            o->used = true;
        }
    } else {
        long flags = SYS(fcntl, (long) fd, (long) F_GETFL);
        SYS(fcntl, (long) fd, (long) F_SETFL, flags | O_NONBLOCK); /* never waits */
        r = SYS(connect, (long) fd, &name, size);
        SYS(fcntl, (long) fd, (long) F_SETFL, flags);
        if (o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET) {
            r = r == -EAGAIN ? -ECONNREFUSED : r; /* the listener's queue is full */
            if (r >= 0) {
                o->used = o->local = true;
            }
        }
        o->lost_peer &= r < 0;
        if (name.ss_family == AF_UNIX && r == -ECONNREFUSED) {
            struct stat s;
            if (SYS(newfstatat, (long) AT_FDCWD, ((struct sockaddr_un *) &name)->sun_path, &s, 0L) >= 0
                    && !S_ISSOCK(s.st_mode)) {
                r = -ENOTSOCK;
            }
        }
    }
    if (o && r >= 0) {
        activate(o, T_EVFILT_WRITE);
    }
    unlock();
    return (int) done(r);
}

/* Buffers of a connection hold whole segments, here of the loopback interface. */
static void round_sizes(struct object *o) {
    const int segment = 16344;
    o->send_size = (o->send_size + segment - 1) / segment * segment;
    o->receive_size = (o->receive_size + segment - 1) / segment * segment;
}

static long set_flag(int fd, int level, int name, bool on) {
    return set_number(fd, level, name, on);
}

#ifdef MACOS
/* Closes the first connection in the queue for want of a descriptor: with one above the limit, for a moment. */
static void drop_one(int fd) {
    struct rlimit limit, more;
    SYS(prlimit64, 0L, (long) RLIMIT_NOFILE, NULL, &limit);
    more = limit;
    more.rlim_cur += 1024;
    more.rlim_max = more.rlim_max > more.rlim_cur ? more.rlim_max : more.rlim_cur;
    if (SYS(prlimit64, 0L, (long) RLIMIT_NOFILE, &more, NULL) >= 0) {
        long r = SYS(accept4, (long) fd, NULL, NULL, (long) SOCK_CLOEXEC);
        SYS(prlimit64, 0L, (long) RLIMIT_NOFILE, &limit, NULL);
        SYS(close, r);
    }
}
#endif

static long accept_one(int fd, void *address, unsigned *room, int flags, bool inherits) {
    struct object *listener = locked(fd);
    if (!listener) {
        unlock();
        return -EBADF;
    }
    bool dead = listener->dead_listener, ours = listener->listening;
    unlock();
    if (dead) {
        return -ECONNABORTED;
    }
    if (!ours) {
        return listener->kind <= OTHER_SOCKET ? -EINVAL : -ENOTSOCK;
    }
    if (inherits && SYS(fcntl, (long) fd, (long) F_GETFL) & O_NONBLOCK) {
        flags |= SOCK_NONBLOCK;
    }
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    memset(&name, 0, sizeof name);
    long r = SYS(accept4, (long) fd, &name, &length, (long) flags);
#ifdef MACOS
    if (r == -EMFILE && raw_poll(fd, POLLIN)) {
        drop_one(fd);
    }
#endif
    if (r < 0) {
        return r;
    }
    pthread_mutex_lock(&lock);
    struct object *o = object((int) r);
    o->used = true;
    o->no_sigpipe = listener->no_sigpipe;
    o->send_size = listener->send_size;
    o->receive_size = listener->receive_size;
    o->linger_on = listener->linger_on;
    o->linger = listener->linger;
    o->receive_low = listener->receive_low;
    if (o->kind == TCP) {
        round_sizes(o);
    }
    if (o->kind == TCP && tcp_state_of((int) r) == 7 && raw_poll((int) r, POLLIN) & POLLERR) {
        take_error((int) r, o); /* the connection was reset in the queue */
#ifdef MACOS
        length = 0;
#else
        unlock();
        SYS(close, r);
        return -ECONNABORTED;
#endif
    }
#ifdef FREEBSD
    activate(listener, T_EVFILT_READ); /* an accept that leaves connections is an event */
#endif
    if (address) {
        give_address(&name, length, address, room);
    }
    unlock();
    return r;
}

API(int, accept, int fd, void *address, unsigned *room) {
    return (int) done(accept_one(fd, address, room, 0, true));
}

#ifdef FREEBSD
API(int, accept4, int fd, void *address, unsigned *room, int flags) {
    if (flags & ~(T_SOCK_NONBLOCK | T_SOCK_CLOEXEC)) {
        return (int) done_refusing("accept4", "flags %#x", flags);
    }
    return (int) done(accept_one(fd, address, room, (flags & T_SOCK_NONBLOCK ? SOCK_NONBLOCK : 0)
        | (flags & T_SOCK_CLOEXEC ? SOCK_CLOEXEC : 0), false));
}
#endif

/* ---- connected */

API(int, shutdown, int fd, int how) {
    struct object *o = locked(fd);
    long r = 0;
    if (!o || o->kind > OTHER_SOCKET) {
        r = o ? -ENOTSOCK : -EBADF;
    } else if (how < T_SHUT_RD || how > T_SHUT_RDWR) {
        r = -EINVAL;
    } else {
        struct look l;
        look(fd, o, &l);
        bool reads = how != T_SHUT_WR, writes = how != T_SHUT_RD;
        if (o->listening) {
            r = -ENOTCONN;
#ifdef FREEBSD
            o->dead_listener |= o->kind == TCP;
#endif
        } else if (o->kind == UDP || o->kind == UNIX_DGRAM) {
            r = SYS(shutdown, (long) fd, (long) how);
            if (r >= 0 || FREEBSD_HERE) { /* takes effect there, though it says ENOTCONN */
                o->shut_read |= reads;
                o->shut_write |= writes && r >= 0;
            }
        } else if (!o->used || (l.read_eof && l.write_eof)) {
            r = -ENOTCONN;
        } else {
            o->shut_read |= reads;
            o->shut_write |= writes;
            if (o->kind == TCP && tcp_state_of(fd) == 2) {
                r = 0; /* Linux would end the attempt */
            } else if (o->kind == TCP) {
                r = SYS(shutdown, (long) fd, (long) how);
            } else if (writes) { /* the peer sees no end of its own direction */
                r = SYS(shutdown, (long) fd, (long) SHUT_WR);
            }
        }
        if (reads) {
            activate(o, T_EVFILT_READ);
        }
        if (writes) {
            activate(o, T_EVFILT_WRITE);
        }
    }
    unlock();
    return (int) done(r);
}

API(int, getsockname, int fd, void *address, unsigned *room) {
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    long r = SYS(getsockname, (long) fd, &name, &length);
    if (r >= 0) {
        pthread_mutex_lock(&lock);
        give_address(&name, length, address, room);
        unlock();
    }
    return (int) done(r);
}

API(int, getpeername, int fd, void *address, unsigned *room) {
    struct object *o = locked(fd);
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    long r = o ? SYS(getpeername, (long) fd, &name, &length) : -EBADF;
    if (o && (o->kind == TCP || o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET)) {
        struct look l;
        look(fd, o, &l);
        if (o->kind == TCP && tcp_state_of(fd) == 2) {
            r = -ENOTCONN;
        } else if (o->used && l.read_eof && l.write_eof) {
#ifdef MACOS
            r = o->kind == TCP ? -EINVAL : -ENOTCONN;
#else
            r = -ENOTCONN;
#endif
        }
    }
    if (r >= 0) {
        give_address(&name, length, address, room);
    }
    unlock();
    return (int) done(r);
}

/* ---- options */

enum option_kind { FLAG, NUMBER, OCTET_OR_INT, ADDRESS };

static const struct option {
    int level, name, linux_level, linux_name;
    enum option_kind kind;
    int bit; /* what a set flag reads as */
} options[] = {
    {T_SOL_SOCKET, T_SO_KEEPALIVE, SOL_SOCKET, SO_KEEPALIVE, FLAG, T_SO_KEEPALIVE},
    {T_SOL_SOCKET, T_SO_BROADCAST, SOL_SOCKET, SO_BROADCAST, FLAG, T_SO_BROADCAST},
    {T_SOL_SOCKET, T_SO_OOBINLINE, SOL_SOCKET, SO_OOBINLINE, FLAG, T_SO_OOBINLINE},
    {T_SOL_SOCKET, T_SO_ACCEPTCONN, SOL_SOCKET, SO_ACCEPTCONN, FLAG, T_SO_ACCEPTCONN},
    {T_IPPROTO_TCP, T_TCP_NODELAY, IPPROTO_TCP, TCP_NODELAY, FLAG, 4},
    {T_IPPROTO_TCP, T_TCP_NOPUSH, IPPROTO_TCP, TCP_CORK, FLAG, 4096},
#ifdef T_TCP_KEEPIDLE
    {T_IPPROTO_TCP, T_TCP_KEEPIDLE, IPPROTO_TCP, TCP_KEEPIDLE, NUMBER, 0},
#else
    {T_IPPROTO_TCP, T_TCP_KEEPALIVE, IPPROTO_TCP, TCP_KEEPIDLE, NUMBER, 0},
#endif
    {T_IPPROTO_TCP, T_TCP_KEEPINTVL, IPPROTO_TCP, TCP_KEEPINTVL, NUMBER, 0},
    {T_IPPROTO_TCP, T_TCP_KEEPCNT, IPPROTO_TCP, TCP_KEEPCNT, NUMBER, 0},
    {T_IPPROTO_TCP, T_TCP_MAXSEG, IPPROTO_TCP, TCP_MAXSEG, NUMBER, 0},
    {T_IPPROTO_TCP, T_TCP_FASTOPEN, IPPROTO_TCP, TCP_FASTOPEN, NUMBER, 0},
#ifdef T_TCP_NOTSENT_LOWAT
    {T_IPPROTO_TCP, T_TCP_NOTSENT_LOWAT, IPPROTO_TCP, TCP_NOTSENT_LOWAT, NUMBER, 0},
#endif
    {T_IPPROTO_IP, T_IP_TOS, IPPROTO_IP, IP_TOS, NUMBER, 0},
    {T_IPPROTO_IP, T_IP_TTL, IPPROTO_IP, IP_TTL, NUMBER, 0},
    {T_IPPROTO_IP, T_IP_RECVTTL, IPPROTO_IP, IP_RECVTTL, FLAG, 1},
    {T_IPPROTO_IP, T_IP_RECVTOS, IPPROTO_IP, IP_RECVTOS, FLAG, 1},
    {T_IPPROTO_IP, T_IP_MULTICAST_TTL, IPPROTO_IP, IP_MULTICAST_TTL, OCTET_OR_INT, 0},
    {T_IPPROTO_IP, T_IP_MULTICAST_LOOP, IPPROTO_IP, IP_MULTICAST_LOOP, OCTET_OR_INT, 0},
    {T_IPPROTO_IP, T_IP_MULTICAST_IF, IPPROTO_IP, IP_MULTICAST_IF, ADDRESS, 0},
    {T_IPPROTO_IPV6, T_IPV6_UNICAST_HOPS, IPPROTO_IPV6, IPV6_UNICAST_HOPS, NUMBER, 0},
    {T_IPPROTO_IPV6, T_IPV6_TCLASS, IPPROTO_IPV6, IPV6_TCLASS, NUMBER, 0},
    {T_IPPROTO_IPV6, T_IPV6_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY, FLAG, 1},
    {T_IPPROTO_IPV6, T_IPV6_MULTICAST_IF, IPPROTO_IPV6, IPV6_MULTICAST_IF, NUMBER, 0},
    {T_IPPROTO_IPV6, T_IPV6_MULTICAST_HOPS, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, NUMBER, 0},
    {T_IPPROTO_IPV6, T_IPV6_MULTICAST_LOOP, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, NUMBER, 0},
    {T_IPPROTO_IPV6, T_IPV6_RECVPKTINFO, IPPROTO_IPV6, IPV6_RECVPKTINFO, FLAG, 1},
    {T_IPPROTO_IPV6, T_IPV6_RECVHOPLIMIT, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, FLAG, 1},
    {T_IPPROTO_IPV6, T_IPV6_RECVTCLASS, IPPROTO_IPV6, IPV6_RECVTCLASS, FLAG, 1},
};

#define NO_OPTION 9999 /* no system has it, and tests ask for it */

static const struct option *option_of(int level, int name) {
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].level == level && options[i].name == name) {
            return &options[i];
        }
    }
    return NULL;
}

/* IP_DONTFRAG, IPV6_DONTFRAG: 2 is IP_PMTUDISC_DO. */
static int discovery(int level, int name) {
    return level == T_IPPROTO_IP && name == T_IP_DONTFRAG ? IP_MTU_DISCOVER
        : level == T_IPPROTO_IPV6 && name == T_IPV6_DONTFRAG ? IPV6_MTU_DISCOVER : 0;
}

/* Hides that a TCP socket is dead: what its options answer then. */
static long dead_error(int fd, struct object *o, int level) {
    if (o->kind != TCP || !o->used || o->listening || tcp_state_of(fd) != 7) {
        return 0;
    }
#ifdef MACOS
    (void) level;
    return -EINVAL;
#else
    return level == T_IPPROTO_TCP ? -ECONNRESET : 0;
#endif
}

static long set_group(int fd, int level, int name, const void *value, unsigned length);

static long set_size(int fd, struct object *o, int name, int value) {
    bool send = name == T_SO_SNDBUF;
    if (value <= 0) {
        return -EINVAL;
    }
#ifdef FREEBSD
    if (value > 2000000) {
        return -ENOBUFS;
    }
#else
    if (value > 8000000) {
        value = 8000000;
    }
#endif
    *(send ? &o->send_size : &o->receive_size) = value;
    return SYS(setsockopt, (long) fd, (long) SOL_SOCKET, (long) (send ? SO_SNDBUF : SO_RCVBUF), &value, 4L);
}

static long set_linger(int fd, struct object *o, int name, const void *value, unsigned length) {
    if (length != T_SIZE_linger) {
        return -EINVAL;
    }
    struct linger l;
    memcpy(&l, value, sizeof l);
    o->linger_on = l.l_onoff != 0;
    o->linger = l.l_linger;
#ifdef MACOS
    if (name == T_SO_LINGER) { /* ticks, 100 a second */
        if (l.l_onoff && l.l_linger) {
            done_refusing("setsockopt", "SO_LINGER %d: it counts ticks, SO_LINGER_SEC seconds", l.l_linger);
        }
        o->linger = l.l_linger;
        l.l_linger = (l.l_linger + 99) / 100;
    } else {
        o->linger = l.l_linger * 100;
    }
#else
    (void) name;
#endif
    return SYS(setsockopt, (long) fd, (long) SOL_SOCKET, (long) SO_LINGER, &l, (long) sizeof l);
}

/* Options whose numbers alone are not enough; 1: not one of them. */
static long set_special(int fd, struct object *o, int level, int name, const void *value, unsigned length) {
    int number = 0;
    if (length >= 4) {
        memcpy(&number, value, 4);
    }
    if (level == T_SOL_SOCKET) {
        switch (name) {
        case T_SO_NOSIGPIPE: o->no_sigpipe = number != 0; return 0;
        case T_SO_SNDBUF: case T_SO_RCVBUF: return length < 4 ? -EINVAL : set_size(fd, o, name, number);
        case T_SO_LINGER:
#ifdef T_SO_LINGER_SEC
        case T_SO_LINGER_SEC:
#endif
            return set_linger(fd, o, name, value, length);
#ifdef T_SO_REUSEPORT_LB
        case T_SO_REUSEPORT_LB: o->shares = number != 0; return 0;
#endif
        case T_SO_REUSEADDR: o->reuse_address = number != 0; return 0;
        case T_SO_REUSEPORT: o->reuse_port = number != 0; return 0;
        case T_SO_RCVLOWAT: o->receive_low = number; return 0;
        case T_SO_SNDLOWAT: o->send_low = number; return 0;
        case T_SO_TIMESTAMP: o->timestamp = number != 0; return set_flag(fd, SOL_SOCKET, SO_TIMESTAMPNS, number);
#ifdef T_SO_TS_CLOCK
        case T_SO_TS_CLOCK:
            if (number != T_SO_TS_REALTIME && number != T_SO_TS_REALTIME_MICRO) {
                done_refusing("setsockopt", "SO_TS_CLOCK %d", number);
                return -EINVAL;
            }
            o->real_time = number == T_SO_TS_REALTIME;
            return 0;
#endif
        case T_SO_RCVTIMEO: case T_SO_SNDTIMEO:
            return SYS(setsockopt, (long) fd, (long) SOL_SOCKET, (long) (name == T_SO_RCVTIMEO ? SO_RCVTIMEO_OLD
                : SO_SNDTIMEO_OLD), value, (long) length);
        }
    }
    if (level == T_IPPROTO_IP) {
        switch (name) {
        case T_IP_RECVDSTADDR: o->dst_addr = number != 0; break;
        case T_IP_RECVIF: o->recv_if = number != 0; break;
#ifdef T_IP_PKTINFO
        case T_IP_PKTINFO: o->pkt_info = number != 0; break;
#endif
        default: goto others;
        }
        return set_flag(fd, IPPROTO_IP, IP_PKTINFO, o->dst_addr || o->recv_if || o->pkt_info);
    }
others:
#ifdef T_LOCAL_CREDS_PERSISTENT
    if (level == T_SOL_LOCAL && name == T_LOCAL_CREDS_PERSISTENT
            && (o->kind == UNIX_STREAM || o->kind == UNIX_DGRAM || o->kind == UNIX_SEQPACKET)) {
        o->creds = number != 0;
        return set_flag(fd, SOL_SOCKET, SO_PASSCRED, number);
    }
#endif
    if (level == T_IPPROTO_TCP && name == T_TCP_KEEPINIT) {
        o->keep_init = number;
        return 0;
    }
    if (discovery(level, name)) {
        int v = number ? 2 : 0;
        return SYS(setsockopt, (long) fd, (long) level, (long) discovery(level, name), &v, 4L);
    }
    if (level == T_IPPROTO_TCP && name == T_TCP_CONGESTION_OR_NONE) {
        return SYS(setsockopt, (long) fd, (long) IPPROTO_TCP, (long) TCP_CONGESTION, value, (long) length);
    }
    return set_group(fd, level, name, value, length);
}

API(int, setsockopt, int fd, int level, int name, const void *value, unsigned length) {
    struct object *o = locked(fd);
    long r;
    if (!o || o->kind > OTHER_SOCKET) {
        r = o ? -ENOTSOCK : -EBADF;
    } else if ((r = dead_error(fd, o, level)) == 0
            && (r = set_special(fd, o, level, name, value, length)) == 1) {
        const struct option *option = option_of(level, name);
        bool octet = option && option->kind == OCTET_OR_INT && length == 1;
        bool interface = option && option->kind == ADDRESS && (length == 4 || length == T_SIZE_ip_mreqn);
        if (level == T_SOL_SOCKET && name == NO_OPTION) {
            r = -ENOPROTOOPT;
        } else if (!option) {
            done_refusing("setsockopt", "level %#x, name %#x", level, name);
            r = -ENOPROTOOPT;
        } else if (length < 4 && !octet) {
            r = -EINVAL;
        } else if (length != 4 && !octet && !interface) {
            done_refusing("setsockopt", "level %#x, name %#x: length %u", level, name, length);
            r = -EINVAL;
        } else {
            int linux_level = option->linux_level;
            r = SYS(setsockopt, (long) fd, (long) linux_level, (long) option->linux_name, value, (long) length);
        }
    }
    unlock();
    return (int) done(r);
}

/* Copies out what an option's value is, as much as there is room for. */
static long give(const void *from, unsigned size, void *value, unsigned *room) {
    unsigned n = size < *room ? size : *room;
    memcpy(value, from, n);
    *room = n;
    return 0;
}

static long peer_credentials(int fd, struct object *o, void *value, unsigned *room) {
    if (o->listening || !(o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET)) {
        return o->listening ? -ENOTCONN : -EINVAL;
    }
    struct ucred cred;
    socklen_t length = sizeof cred;
    long r = SYS(getsockopt, (long) fd, (long) SOL_SOCKET, (long) SO_PEERCRED, &cred, &length);
    if (r < 0 || cred.uid == (uid_t) -1) {
        return r < 0 ? r : -ENOTCONN;
    }
    unsigned char xucred[T_SIZE_xucred];
    memset(xucred, 0xa5, sizeof xucred);
    unsigned version = T_XUCRED_VERSION;
    short groups = 1;
    memcpy(xucred + T_OFF_xucred_cr_version, &version, 4);
    memcpy(xucred + T_OFF_xucred_cr_uid, &cred.uid, 4);
    memcpy(xucred + T_OFF_xucred_cr_ngroups, &groups, 2);
    memcpy(xucred + T_OFF_xucred_cr_groups, &cred.gid, 4);
#ifdef T_OFF_xucred_cr_pid
    memcpy(xucred + T_OFF_xucred_cr_pid, &cred.pid, 4);
#endif
    return give(xucred, sizeof xucred, value, room);
}

#ifdef T_TCP_CONNECTION_INFO
#define TCP_INFO_NAME T_TCP_CONNECTION_INFO
#define TCP_INFO_SIZE T_SIZE_tcp_connection_info
#else
#define TCP_INFO_NAME T_TCP_INFO
#define TCP_INFO_SIZE T_SIZE_tcp_info
#endif

/* TCP's states as the BSDs number them, by Linux's. */
static const unsigned char states[] = {0, 4, 2, 3, 6, 9, 10, 0, 5, 8, 1, 7, 3};

static long tcp_information(int fd, void *value, unsigned *room) {
    struct tcp_info info;
    unsigned char out[TCP_INFO_SIZE];
    tcp_state(fd, &info);
    memset(out, 0, sizeof out);
#define PUT(field, size, from) do { uint64_t v_ = (from); memcpy(out + field, &v_, size); } while (0)
#ifdef T_TCP_CONNECTION_INFO
    PUT(T_OFF_tcp_connection_info_tcpi_state, 1, states[info.tcpi_state]);
    PUT(T_OFF_tcp_connection_info_tcpi_options, 4, info.tcpi_options & 7);
    PUT(T_OFF_tcp_connection_info_tcpi_rto, 4, info.tcpi_rto / 1000);
    PUT(T_OFF_tcp_connection_info_tcpi_maxseg, 4, info.tcpi_snd_mss);
    PUT(T_OFF_tcp_connection_info_tcpi_snd_ssthresh, 4, info.tcpi_snd_ssthresh);
    PUT(T_OFF_tcp_connection_info_tcpi_snd_cwnd, 4, (uint64_t) info.tcpi_snd_cwnd * info.tcpi_snd_mss);
    PUT(T_OFF_tcp_connection_info_tcpi_snd_wnd, 4, info.tcpi_snd_wnd);
    PUT(T_OFF_tcp_connection_info_tcpi_snd_sbbytes, 4, 0);
    PUT(T_OFF_tcp_connection_info_tcpi_rcv_wnd, 4, info.tcpi_rcv_space);
    PUT(T_OFF_tcp_connection_info_tcpi_rttcur, 4, (info.tcpi_rtt + 999) / 1000);
    PUT(T_OFF_tcp_connection_info_tcpi_srtt, 4, (info.tcpi_rtt + 999) / 1000);
    PUT(T_OFF_tcp_connection_info_tcpi_rttvar, 4, (info.tcpi_rttvar + 999) / 1000);
    PUT(T_OFF_tcp_connection_info_tcpi_txpackets, 8, info.tcpi_segs_out);
    PUT(T_OFF_tcp_connection_info_tcpi_txbytes, 8, info.tcpi_bytes_sent);
    PUT(T_OFF_tcp_connection_info_tcpi_txretransmitbytes, 8, info.tcpi_bytes_retrans);
    PUT(T_OFF_tcp_connection_info_tcpi_rxpackets, 8, info.tcpi_segs_in);
    PUT(T_OFF_tcp_connection_info_tcpi_rxbytes, 8, info.tcpi_bytes_received);
    PUT(T_OFF_tcp_connection_info_tcpi_txretransmitpackets, 8, info.tcpi_total_retrans);
#else
    PUT(T_OFF_tcp_info_tcpi_state, 1, states[info.tcpi_state]);
    PUT(T_OFF_tcp_info_tcpi_options, 1, info.tcpi_options & 7);
    PUT(T_OFF_tcp_info_tcpi_rto, 4, info.tcpi_rto);
    PUT(T_OFF_tcp_info_tcpi_snd_mss, 4, info.tcpi_snd_mss);
    PUT(T_OFF_tcp_info_tcpi_rcv_mss, 4, info.tcpi_rcv_mss);
    PUT(T_OFF_tcp_info_tcpi_rtt, 4, info.tcpi_rtt);
    PUT(T_OFF_tcp_info_tcpi_rttvar, 4, info.tcpi_rttvar);
    PUT(T_OFF_tcp_info_tcpi_snd_ssthresh, 4, info.tcpi_snd_ssthresh);
    PUT(T_OFF_tcp_info_tcpi_snd_cwnd, 4, (uint64_t) info.tcpi_snd_cwnd * info.tcpi_snd_mss);
    PUT(T_OFF_tcp_info_tcpi_rcv_space, 4, info.tcpi_rcv_space);
    PUT(T_OFF_tcp_info_tcpi_snd_wnd, 4, info.tcpi_snd_wnd);
    PUT(T_OFF_tcp_info_tcpi_snd_rexmitpack, 4, info.tcpi_total_retrans);
#endif
    return give(out, sizeof out, value, room);
}

static long get_special(int fd, struct object *o, int level, int name, void *value, unsigned *room) {
    int number;
    if (level == T_SOL_SOCKET) {
        switch (name) {
        case T_SO_ERROR:
            if (raw_poll(fd, 0) & POLLERR || o->kind == UNIX_DGRAM || o->kind == UDP) {
                take_error(fd, o);
            }
            done(-o->error);
            number = o->error ? errno : 0;
            o->error = 0;
            break;
        case T_SO_TYPE:
            number = raw_option(fd, SOL_SOCKET, SO_TYPE);
            break;
#ifdef T_SO_DOMAIN
        case T_SO_DOMAIN:
            number = raw_option(fd, SOL_SOCKET, SO_DOMAIN);
            number = number == AF_INET6 ? T_AF_INET6 : number;
            break;
#endif
#ifdef T_SO_PROTOCOL
        case T_SO_PROTOCOL: number = raw_option(fd, SOL_SOCKET, SO_PROTOCOL); break;
#endif
        case T_SO_NOSIGPIPE: number = o->no_sigpipe ? T_SO_NOSIGPIPE & 0xfff : 0; break;
        case T_SO_REUSEADDR: number = o->reuse_address ? T_SO_REUSEADDR : 0; break;
        case T_SO_REUSEPORT: number = o->reuse_port ? T_SO_REUSEPORT : 0; break;
#ifdef T_SO_REUSEPORT_LB
        case T_SO_REUSEPORT_LB: number = o->shares ? T_SO_REUSEPORT_LB : 0; break;
#endif
        case T_SO_RCVLOWAT: number = o->receive_low > 0 ? o->receive_low : 1; break;
        case T_SO_SNDLOWAT: number = o->send_low > 0 ? o->send_low : 2048; break;
        case T_SO_TIMESTAMP: number = o->timestamp ? T_SO_TIMESTAMP : 0; break;
        case T_SO_SNDBUF: case T_SO_RCVBUF: number = size_of(o, name == T_SO_SNDBUF); break;
        case T_SO_LINGER:
#ifdef T_SO_LINGER_SEC
        case T_SO_LINGER_SEC:
#endif
        {
            struct linger l = {o->linger_on ? T_SO_LINGER : 0, o->linger};
#ifdef T_SO_LINGER_SEC
            l.l_linger = name == T_SO_LINGER_SEC ? o->linger / 100 : o->linger;
#endif
            return *room < T_SIZE_linger ? -EINVAL : give(&l, sizeof l, value, room);
        }
        case T_SO_RCVTIMEO: case T_SO_SNDTIMEO:
            return SYS(getsockopt, (long) fd, (long) SOL_SOCKET, (long) (name == T_SO_RCVTIMEO ? SO_RCVTIMEO_OLD
                : SO_SNDTIMEO_OLD), value, room);
        default: return 1;
        }
        return *room < 4 ? -EINVAL : give(&number, 4, value, room);
    }
    if (level == T_IPPROTO_IP && (name == T_IP_RECVDSTADDR || name == T_IP_RECVIF || name == T_IP_PKTINFO_OR_NONE)) {
        number = name == T_IP_RECVDSTADDR ? o->dst_addr : name == T_IP_RECVIF ? o->recv_if : o->pkt_info;
        return give(&number, 4, value, room);
    }
    if (level == T_SOL_LOCAL && name == T_LOCAL_PEERCRED && o->kind != TCP && o->kind != UDP) {
        return peer_credentials(fd, o, value, room);
    }
#ifdef T_LOCAL_PEERPID
    if (level == T_SOL_LOCAL && name == T_LOCAL_PEERPID && o->kind != TCP && o->kind != UDP) {
        struct ucred cred;
        socklen_t length = sizeof cred;
        long r = o->listening ? -ENOTCONN
            : SYS(getsockopt, (long) fd, (long) SOL_SOCKET, (long) SO_PEERCRED, &cred, &length);
        return r < 0 ? r : give(&cred.pid, 4, value, room);
    }
#endif
#ifdef T_LOCAL_CREDS_PERSISTENT
    if (level == T_SOL_LOCAL && name == T_LOCAL_CREDS_PERSISTENT && o->kind != TCP && o->kind != UDP) {
        number = o->creds;
        return give(&number, 4, value, room);
    }
#endif
    if (level == T_IPPROTO_TCP && name == TCP_INFO_NAME) {
#ifdef MACOS
        if (*room < TCP_INFO_SIZE) {
            return -EINVAL;
        }
#endif
        return o->kind == TCP ? tcp_information(fd, value, room) : -ENOPROTOOPT;
    }
    if (level == T_IPPROTO_TCP && name == T_TCP_KEEPINIT) {
        number = keep_init(o);
        return give(&number, 4, value, room);
    }
    if (level == T_IPPROTO_TCP && name == T_TCP_CONGESTION_OR_NONE) {
        return SYS(getsockopt, (long) fd, (long) IPPROTO_TCP, (long) TCP_CONGESTION, value, room);
    }
    if (discovery(level, name)) {
        number = raw_option(fd, level, discovery(level, name));
        number = number < 0 ? number : number == 2;
        return number < 0 ? number : give(&number, 4, value, room);
    }
    return 1;
}

API(int, getsockopt, int fd, int level, int name, void *value, unsigned *room) {
    struct object *o = locked(fd);
    long r;
    if (!o || o->kind > OTHER_SOCKET) {
        r = o ? -ENOTSOCK : -EBADF;
    } else if ((r = level == T_SOL_SOCKET ? 0 : dead_error(fd, o, level)) == 0
            && (r = get_special(fd, o, level, name, value, room)) == 1) {
        const struct option *option = option_of(level, name);
        if (level == T_SOL_SOCKET && name == NO_OPTION) {
            r = -ENOPROTOOPT;
        } else if (!option) {
            done_refusing("getsockopt", "level %#x, name %#x", level, name);
            r = -ENOPROTOOPT;
        } else if (option->kind == ADDRESS) {
            struct in_addr address;
            socklen_t length = sizeof address;
            r = SYS(getsockopt, (long) fd, (long) option->linux_level, (long) option->linux_name, &address, &length);
            r = r < 0 ? r : give(&address, 4, value, room);
        } else {
            int number = 0;
            socklen_t length = 4;
            r = SYS(getsockopt, (long) fd, (long) option->linux_level, (long) option->linux_name, &number, &length);
            if (r >= 0 && option->kind == FLAG) {
                number = number ? option->bit : 0;
            }
            if (r >= 0 && option->kind == OCTET_OR_INT && *room == 1) {
                unsigned char octet = (unsigned char) number;
                r = give(&octet, 1, value, room);
            } else if (r >= 0) {
                r = *room < 4 ? -EINVAL : give(&number, 4, value, room);
            }
        }
    }
    unlock();
    return (int) done(r);
}

/* ---- groups */

static long source_request(const unsigned char *from, unsigned length, bool source, struct group_source_req *to) {
    memset(to, 0, sizeof *to);
    if (length != (source ? T_SIZE_group_source_req : T_OFF_group_source_req_gsr_source)) {
        return -EINVAL;
    }
    memcpy(&to->gsr_interface, from + T_OFF_group_source_req_gsr_interface, 4);
    const unsigned char *group = from + T_OFF_group_source_req_gsr_group;
    unsigned size = group[1] == T_AF_INET ? T_SIZE_sockaddr_in : T_SIZE_sockaddr_in6;
    if (group[0] != size) {
        done_refusing("setsockopt", "a group's sa_len is %d", group[0]);
        return -EINVAL;
    }
    long r = to_linux(group, size, &to->gsr_group);
    if (r >= 0 && source) {
        const unsigned char *of = from + T_OFF_group_source_req_gsr_source;
        if (of[0] != size) {
            done_refusing("setsockopt", "a source's sa_len is %d", of[0]);
            return -EINVAL;
        }
        r = to_linux(of, size, &to->gsr_source);
    }
    return r;
}

static long set_group(int fd, int level, int name, const void *value, unsigned length) {
    if (level == T_IPPROTO_IP || level == T_IPPROTO_IPV6) {
        int linux_name = 0;
        switch (name) {
        case T_MCAST_JOIN_SOURCE_GROUP: linux_name = MCAST_JOIN_SOURCE_GROUP; break;
        case T_MCAST_LEAVE_SOURCE_GROUP: linux_name = MCAST_LEAVE_SOURCE_GROUP; break;
        case T_MCAST_BLOCK_SOURCE: linux_name = MCAST_BLOCK_SOURCE; break;
        case T_MCAST_UNBLOCK_SOURCE: linux_name = MCAST_UNBLOCK_SOURCE; break;
        case T_MCAST_JOIN_GROUP: linux_name = MCAST_JOIN_GROUP; break;
        case T_MCAST_LEAVE_GROUP: linux_name = MCAST_LEAVE_GROUP; break;
        }
        if (linux_name) {
            bool source = linux_name != MCAST_JOIN_GROUP && linux_name != MCAST_LEAVE_GROUP;
            struct group_source_req request;
            long r = source_request(value, length, source, &request);
            return r < 0 ? r : SYS(setsockopt, (long) fd, (long) level, (long) linux_name, &request,
                (long) (source ? sizeof request : offsetof(struct group_source_req, gsr_source)));
        }
    }
    if (level == T_IPPROTO_IP) {
        switch (name) {
        case T_IP_ADD_MEMBERSHIP: case T_IP_DROP_MEMBERSHIP:
            if (length != T_SIZE_ip_mreq && length != T_SIZE_ip_mreqn) {
                return -EINVAL;
            }
            return SYS(setsockopt, (long) fd, (long) IPPROTO_IP, (long) (name == T_IP_ADD_MEMBERSHIP
                ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP), value, (long) length);
        }
    }
    if (level == T_IPPROTO_IPV6 && (name == T_IPV6_JOIN_GROUP || name == T_IPV6_LEAVE_GROUP)) {
        return length != T_SIZE_ipv6_mreq ? -EINVAL : SYS(setsockopt, (long) fd, (long) IPPROTO_IPV6,
            (long) (name == T_IPV6_JOIN_GROUP ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP), value, (long) length);
    }
    return 1;
}

API(int, getpeereid, int fd, unsigned *uid, unsigned *gid) {
    struct object *o = locked(fd);
    struct ucred cred;
    socklen_t length = sizeof cred;
    long r = !o ? -EBADF : o->listening ? -ENOTCONN
        : SYS(getsockopt, (long) fd, (long) SOL_SOCKET, (long) SO_PEERCRED, &cred, &length);
    unlock();
    if (r >= 0) {
        *uid = cred.uid;
        *gid = cred.gid;
    }
    return (int) done(r);
}
