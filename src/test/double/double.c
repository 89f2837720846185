/* What all parts of the double use: errors, refusals, the hostile mode, what is known of a descriptor, addresses. */
#include "double.h"

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- errors */

/* errno after a success: whoever reads it unasked gets an error that no system has. */
#define POISON 9999

static int target_errno(int e) {
    switch (e) {
#define E(name) case name: return T_##name;
    E(EPERM) E(ENOENT) E(EINTR) E(EIO) E(ENXIO) E(E2BIG) E(EBADF) E(EDEADLK) E(ENOMEM) E(EACCES) E(EFAULT) E(EBUSY)
    E(EEXIST) E(EXDEV) E(ENODEV) E(ENOTDIR) E(EISDIR) E(EINVAL) E(ENFILE) E(EMFILE) E(ENOTTY) E(ETXTBSY) E(EFBIG)
    E(ENOSPC) E(ESPIPE) E(EROFS) E(EMLINK) E(EPIPE) E(EDOM) E(ERANGE) E(EAGAIN) E(EINPROGRESS) E(EALREADY) E(ENOTSOCK)
    E(EDESTADDRREQ) E(EMSGSIZE) E(EPROTOTYPE) E(ENOPROTOOPT) E(EPROTONOSUPPORT) E(ESOCKTNOSUPPORT) E(EOPNOTSUPP)
    E(EPFNOSUPPORT) E(EAFNOSUPPORT) E(EADDRINUSE) E(EADDRNOTAVAIL) E(ENETDOWN) E(ENETUNREACH) E(ENETRESET)
    E(ECONNABORTED) E(ECONNRESET) E(ENOBUFS) E(EISCONN) E(ENOTCONN) E(ESHUTDOWN) E(ETOOMANYREFS) E(ETIMEDOUT)
    E(ECONNREFUSED) E(ELOOP) E(ENAMETOOLONG) E(EHOSTDOWN) E(EHOSTUNREACH) E(ENOTEMPTY) E(EDQUOT) E(ENOLCK) E(ENOSYS)
    E(EOVERFLOW) E(ECANCELED) E(EILSEQ) E(EPROTO)
#undef E
    case NOT_SUPPORTED: return T_ENOTSUP;
    }
    return e == 0 ? 0 : -1;
}

long done(long r) {
    if (r >= 0) {
        errno = POISON;
        return r;
    }
    int e = target_errno((int) -r);
    if (e < 0) {
        return done_refusing("errno", "Linux's %ld has no number there", -r);
    }
    errno = e;
    return -1;
}

/*
 * Refuses a call: ENOSYS, a line on stderr, and one in the file that $PANAMIO_DOUBLE_LOG names.
 * With $PANAMIO_DOUBLE_ABORT the process ends at once.
 */
long done_refusing(const char *function, const char *format, ...) {
    char line[500];
    int n = snprintf(line, 100, "double of " SYSTEM ": %s: ", function);
    va_list arguments;
    va_start(arguments, format);
    n += vsnprintf(line + n, 350, format, arguments);
    va_end(arguments);
    line[n++] = '\n';
    SYS(write, 2, line, (long) n);
    const char *log = getenv("PANAMIO_DOUBLE_LOG");
    if (log) {
        long fd = SYS(openat, (long) AT_FDCWD, log, (long) (O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC), 0644L);
        SYS(write, fd, line, (long) n);
        SYS(close, fd);
    }
    if (getenv("PANAMIO_DOUBLE_ABORT")) {
        abort();
    }
    errno = T_ENOSYS;
    return -1;
}

/* ---- hostile mode: what a system may do, done at random; $PANAMIO_DOUBLE_SEED is a number */

bool is_hostile;
static uint64_t seed;

__attribute__((constructor)) static void begin(void) {
    const char *value = getenv("PANAMIO_DOUBLE_SEED");
    is_hostile = value && *value;
    seed = is_hostile ? strtoull(value, NULL, 10) : 0;
}

bool hostile(int one_in) {
    if (!is_hostile) {
        return false;
    }
    uint64_t x = __atomic_add_fetch(&seed, 0x9e3779b97f4a7c15, __ATOMIC_RELAXED); /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return (x ^ x >> 31) % (unsigned) one_in == 0;
}

/* ---- descriptors */

int raw_poll(int fd, int events) {
    struct pollfd p = {fd, (short) events, 0};
    struct timespec none = {0, 0};
    return SYS(ppoll, &p, 1L, &none, NULL, 8L) > 0 ? p.revents : 0;
}

int raw_option(int fd, int level, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    long r = SYS(getsockopt, (long) fd, (long) level, (long) name, &value, &length);
    return r < 0 ? (int) r : value;
}

long set_number(int fd, int level, int name, int value) {
    return SYS(setsockopt, (long) fd, (long) level, (long) name, &value, 4L);
}

int bytes_to_read(int fd) {
    int n = 0;
    return SYS(ioctl, (long) fd, (long) FIONREAD, &n) < 0 ? 0 : n;
}

/* FIONREAD of the BSDs, where Linux tells of the first datagram. */
long bytes_in_datagrams(int fd, struct object *o) {
    long n = 0, r = 0;
    for (int i = 0; r >= 0 && i < 1000; i++) { /* an empty one is found once */
        if (set_number(fd, SOL_SOCKET, SO_PEEK_OFF, (int) n) < 0) {
            return bytes_to_read(fd); /* of the first: under qemu */
        }
        r = SYS(recvfrom, (long) fd, NULL, 0L, (long) (MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT), NULL, NULL);
        n += r > 0 ? r : 0;
    }
    set_number(fd, SOL_SOCKET, SO_PEEK_OFF, -1);
    if (r == -ECONNREFUSED) {
        o->error = ECONNREFUSED; /* which was not to be taken */
    }
    return n;
}

static int unix_size = 8192; /* or $PANAMIO_DOUBLE_UNIX, for tests that send more at once */

__attribute__((constructor)) static void find_unix_size(void) {
    const char *value = getenv("PANAMIO_DOUBLE_UNIX");
    unix_size = value ? atoi(value) : unix_size;
}

int size_of(struct object *o, bool send) {
    int set = send ? o->send_size : o->receive_size;
    if (set) {
        return set;
    }
    bool connected = o->used && !o->listening; /* then whole segments, see round_sizes */
    switch (o->kind) {
    case TCP:
        return MACOS_HERE ? send ? connected ? 375912 : 370688 : connected ? 572040 : 556032
            : send ? connected ? 49032 : 32768 : connected ? 81720 : 65536;
    case UDP: return send ? 9216 : 42080;
    case UNIX_DGRAM: return 16384;
    default: return unix_size;
    }
}

bool tcp_state(int fd, struct tcp_info *info) {
    socklen_t length = sizeof *info;
    memset(info, 0, sizeof *info);
    SYS(getsockopt, (long) fd, (long) IPPROTO_TCP, (long) TCP_INFO, info, &length);
    return length > offsetof(struct tcp_info, tcpi_bytes_received);
}

int access_mode(int fd) {
    return (int) SYS(fcntl, (long) fd, (long) F_GETFL) & O_ACCMODE;
}

static enum kind socket_kind(int fd) {
    int domain = raw_option(fd, SOL_SOCKET, SO_DOMAIN);
    int type = raw_option(fd, SOL_SOCKET, SO_TYPE);
    if (domain == AF_UNIX) {
        return type == SOCK_STREAM ? UNIX_STREAM : type == SOCK_DGRAM ? UNIX_DGRAM : UNIX_SEQPACKET;
    }
    int protocol = raw_option(fd, SOL_SOCKET, SO_PROTOCOL);
    return protocol == IPPROTO_TCP ? TCP : protocol == IPPROTO_UDP ? UDP : OTHER_SOCKET;
}

static int stat_of(int fd, struct stat *s) {
    return (int) SYS(fstat, (long) fd, s);
}

static dev_t pipes; /* the device of pipes without a name */

__attribute__((constructor)) static void find_pipes(void) {
    int fds[2];
    struct stat s;
    if (SYS(pipe2, fds, (long) O_CLOEXEC) >= 0 && stat_of(fds[0], &s) >= 0) {
        pipes = s.st_dev;
        SYS(close, (long) fds[0]);
        SYS(close, (long) fds[1]);
    }
}

#define BUCKETS 65536
static struct object *objects[BUCKETS];

struct object *object(int fd) {
    struct stat s;
    if (stat_of(fd, &s) < 0) {
        return NULL;
    }
    static struct object none[2]; /* anonymous inodes are shared: nothing is known of those */
    if (is_kqueue(fd)) {
        none[0].kind = KQUEUE;
        return &none[0];
    }
    if ((s.st_mode & S_IFMT) == 0) {
        none[1].kind = OTHER;
        return &none[1];
    }
    struct object **bucket = &objects[(s.st_ino ^ s.st_dev << 8) % BUCKETS];
    for (struct object *o = *bucket; o; o = o->next) {
        if (o->inode == s.st_ino && o->device == s.st_dev && o->type == (s.st_mode & S_IFMT)) {
            return o;
        }
    }
    struct object *o = calloc(1, sizeof *o);
    o->device = s.st_dev;
    o->inode = s.st_ino;
    o->type = s.st_mode & S_IFMT;
    switch (s.st_mode & S_IFMT) {
    case S_IFSOCK: o->kind = socket_kind(fd); break;
    case S_IFIFO: o->kind = PIPE; o->fifo = s.st_dev != pipes; break;
    case S_IFREG: o->kind = REGULAR; break;
    case S_IFDIR: o->kind = DIRECTORY; break;
    case S_IFCHR: o->kind = s.st_rdev == 0x103 || s.st_rdev == 0x105 ? DEVICE : OTHER; break;
    default: o->kind = OTHER;
    }
    if (o->kind == TCP) { /* made elsewhere, perhaps: whether it is fresh shows from its state */
        struct tcp_info info;
        tcp_state(fd, &info);
        o->used = info.tcpi_state != 7 || info.tcpi_bytes_acked || info.tcpi_bytes_received;
        o->listening = info.tcpi_state == 10;
    } else if (o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET) {
        o->listening = raw_option(fd, SOL_SOCKET, SO_ACCEPTCONN) > 0;
    }
    o->next = *bucket;
    *bucket = o;
    return o;
}

/* ---- Unix sockets, as Linux describes them */

static int netlink = -1;
static ino_t network; /* in which it was opened */

static ino_t network_here(void) {
    struct stat s;
    return SYS(newfstatat, (long) AT_FDCWD, "/proc/thread-self/ns/net", &s, 0L) < 0 ? 0 : s.st_ino;
}

static int open_netlink(void) {
    long fd = SYS(socket, (long) AF_NETLINK, (long) (SOCK_RAW | SOCK_CLOEXEC), (long) NETLINK_SOCK_DIAG);
    int high = fd < 0 ? -1 : (int) SYS(fcntl, fd, (long) F_DUPFD_CLOEXEC, 600L);
    SYS(close, fd);
    return high;
}

__attribute__((constructor)) static void open_first_netlink(void) {
    netlink = open_netlink();
    network = network_here();
}

bool unix_state(ino_t inode, ino_t *peer, int *queued) {
    struct {
        struct nlmsghdr header;
        struct unix_diag_req request;
    } ask = {{sizeof ask, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0}, {.sdiag_family = AF_UNIX, .udiag_states = -1U,
        .udiag_ino = (unsigned) inode, .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_RQLEN, .udiag_cookie = {-1U, -1U}}};
    char answer[1024];
    struct nlmsghdr *header = (struct nlmsghdr *) answer;
    bool other = netlink < 0 || network != network_here(); /* this thread has a network of its own */
    long fd = other ? open_netlink() : netlink;
    bool answered = SYS(sendto, fd, &ask, (long) sizeof ask, 0L, NULL, 0L) >= 0
        && SYS(recvfrom, fd, answer, (long) sizeof answer, 0L, NULL, NULL) >= 0
        && header->nlmsg_type == SOCK_DIAG_BY_FAMILY;
    if (other) {
        SYS(close, fd);
    }
    if (!answered) {
        return false;
    }
    *peer = 0;
    *queued = 0;
    struct unix_diag_msg *message = NLMSG_DATA(header);
    unsigned left = header->nlmsg_len - NLMSG_LENGTH(sizeof *message);
    for (struct rtattr *a = (struct rtattr *) (message + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == UNIX_DIAG_PEER) {
            *peer = *(unsigned *) RTA_DATA(a);
        } else if (a->rta_type == UNIX_DIAG_RQLEN) {
            *queued = (int) ((struct unix_diag_rqlen *) RTA_DATA(a))->udiag_rqueue;
        }
    }
    return true;
}

struct object *by_inode(ino_t inode, dev_t device) {
    struct object *o = objects[(inode ^ device << 8) % BUCKETS];
    while (o && (o->inode != inode || o->device != device)) {
        o = o->next;
    }
    return o;
}

int unread_by_peer(struct object *o) {
    ino_t peer, own;
    int queued;
    return unix_state(o->inode, &peer, &queued) && peer && unix_state(peer, &own, &queued) ? queued : 0;
}

bool unix_full(struct object *o) {
    return unread_by_peer(o) >= size_of(o, true);
}

struct object *unix_peer(struct object *o) {
    ino_t inode;
    int queued;
    if (!unix_state(o->inode, &inode, &queued) || !inode) {
        return NULL;
    }
    return by_inode(inode, o->device);
}

void pass(int fd) {
    pthread_mutex_lock(&lock);
    struct object *o = object(fd);
    if (o) {
        o->passed = true;
    }
    pthread_mutex_unlock(&lock);
}

enum kind kind_of(int fd) {
    pthread_mutex_lock(&lock);
    struct object *o = object(fd);
    enum kind kind = o ? o->kind : OTHER;
    pthread_mutex_unlock(&lock);
    return kind;
}

/* Takes SO_ERROR of Linux and holds it, as the target does until a call takes it. */
void take_error(int fd, struct object *o) {
    int e = raw_option(fd, SOL_SOCKET, SO_ERROR);
    if (e <= 0) {
        return;
    }
    o->used = true;
    bool unix_peer_gone = o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET || o->kind == UNIX_DGRAM;
    if (unix_peer_gone && (MACOS_HERE || !o->local)) {
        return; /* Linux says ECONNRESET where the target has an end without an error */
    }
    o->error = e == EPIPE ? ECONNRESET : e; /* Linux tells a reset after the peer's end apart */
}

bool sigpipe(struct object *o, int flags) {
    if (flags & T_MSG_NOSIGNAL || (o && o->no_sigpipe)) {
        return false;
    }
    done_refusing("SIGPIPE", "sent to the process by a write to a socket without MSG_NOSIGNAL or SO_NOSIGPIPE");
    return true;
}

/* ---- addresses */

long to_linux(const void *address, unsigned length, struct sockaddr_storage *to) {
    const unsigned char *from = address;
    memset(to, 0, sizeof *to);
    if (length < 2) {
        return -EINVAL;
    }
    if (length > 255) {
        return -ENAMETOOLONG;
    }
    switch (from[1]) {
    case T_AF_INET: {
        if (length != T_SIZE_sockaddr_in) {
            return -EINVAL;
        }
        struct sockaddr_in *in = (struct sockaddr_in *) to;
        in->sin_family = AF_INET;
        memcpy(&in->sin_port, from + T_OFF_sockaddr_in_sin_port, 2);
        memcpy(&in->sin_addr, from + T_OFF_sockaddr_in_sin_addr, 4);
        return sizeof *in;
    }
    case T_AF_INET6: {
        if (length != T_SIZE_sockaddr_in6) {
            return -EINVAL;
        }
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *) to;
        in6->sin6_family = AF_INET6;
        memcpy(&in6->sin6_port, from + T_OFF_sockaddr_in6_sin6_port, 2);
        memcpy(&in6->sin6_flowinfo, from + T_OFF_sockaddr_in6_sin6_flowinfo, 4);
        memcpy(&in6->sin6_addr, from + T_OFF_sockaddr_in6_sin6_addr, 16);
        memcpy(&in6->sin6_scope_id, from + T_OFF_sockaddr_in6_sin6_scope_id, 4);
        return sizeof *in6;
    }
    case T_AF_UNIX: {
        if (length > T_SIZE_sockaddr_un) {
            return -EINVAL;
        }
        unsigned n = length - T_OFF_sockaddr_un_sun_path;
        const char *path = (const char *) from + T_OFF_sockaddr_un_sun_path;
        if (n == 0) {
            return -EINVAL;
        }
        if (!path[0]) {
            return -ENOENT;
        }
        struct sockaddr_un *un = (struct sockaddr_un *) to;
        un->sun_family = AF_UNIX;
        n = (unsigned) strnlen(path, n);
        memcpy(un->sun_path, path, n);
        return offsetof(struct sockaddr_un, sun_path) + n + 1;
    }
    case T_AF_UNSPEC:
        return -EAFNOSUPPORT;
    }
    done_refusing("sockaddr", "family %d, length %u", from[1], length);
    return -EAFNOSUPPORT;
}

/* What bind(2) was given for a path: names of sockets are returned with that length. */
static struct bound { char path[108]; unsigned length; struct bound *next; } *bounds;

void remember_bound(const struct sockaddr_storage *name, unsigned length) {
    struct bound *b = calloc(1, sizeof *b);
    strcpy(b->path, ((const struct sockaddr_un *) name)->sun_path);
    b->length = length;
    b->next = bounds;
    bounds = b;
}

static unsigned bound_length(const char *path, size_t n) {
    unsigned length = T_OFF_sockaddr_un_sun_path + (unsigned) n;
    for (struct bound *b = bounds; b; b = b->next) {
        if (!strcmp(b->path, path)) {
            return b->length;
        }
    }
    return length;
}

unsigned to_target(const struct sockaddr_storage *from, unsigned length, void *to) {
    unsigned char *out = to;
    memset(out, 0, 128);
    switch (from->ss_family) {
    case AF_INET: {
        const struct sockaddr_in *in = (const struct sockaddr_in *) from;
        out[0] = T_SIZE_sockaddr_in;
        out[1] = T_AF_INET;
        memcpy(out + T_OFF_sockaddr_in_sin_port, &in->sin_port, 2);
        memcpy(out + T_OFF_sockaddr_in_sin_addr, &in->sin_addr, 4);
        return out[0];
    }
    case AF_INET6: {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) from;
        out[0] = T_SIZE_sockaddr_in6;
        out[1] = T_AF_INET6;
        memcpy(out + T_OFF_sockaddr_in6_sin6_port, &in6->sin6_port, 2);
        memcpy(out + T_OFF_sockaddr_in6_sin6_flowinfo, &in6->sin6_flowinfo, 4);
        memcpy(out + T_OFF_sockaddr_in6_sin6_addr, &in6->sin6_addr, 16);
        memcpy(out + T_OFF_sockaddr_in6_sin6_scope_id, &in6->sin6_scope_id, 4);
        return out[0];
    }
    case AF_UNIX: {
        const struct sockaddr_un *un = (const struct sockaddr_un *) from;
        size_t n = length > offsetof(struct sockaddr_un, sun_path)
            ? strnlen(un->sun_path, length - offsetof(struct sockaddr_un, sun_path)) : 0;
        unsigned size = n == 0 ? 16 : bound_length(un->sun_path, n); /* an unnamed one has a length of 16 */
        out[0] = (unsigned char) size;
        out[1] = T_AF_UNIX;
        memcpy(out + T_OFF_sockaddr_un_sun_path, un->sun_path, n > 104 ? 104 : n);
        return size;
    }
    }
    out[0] = 16; /* of a socket that was made elsewhere */
    out[1] = 255;
    return out[0];
}

void give_address(const struct sockaddr_storage *from, unsigned length, void *address, unsigned *room) {
    unsigned char out[128];
    unsigned size = length == 0 ? 0 : to_target(from, length, out);
    memcpy(address, out, size < *room ? size : *room);
    *room = size;
}
