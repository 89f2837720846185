/* Descriptors of all kinds, pipes, files and memory. */
#include "double.h"

#ifdef FREEBSD
/* Whether this process has one descriptor of an object. */
static bool is_last(struct object *o) {
    int n = 0;
    struct stat s;
    for (int fd = 0; fd < 1024; fd++) {
        n += SYS(fstat, (long) fd, &s) >= 0 && s.st_ino == o->inode && s.st_dev == o->device;
    }
    return n == 1;
}
#endif

/* The end of a TCP connection is no reset there if bytes are unread; without that, Linux would send one. */
static void end(int fd) {
#ifdef FREEBSD
    int unread = bytes_to_read(fd);
    pthread_mutex_lock(&lock);
    struct object *o = unread > 0 ? object(fd) : NULL;
    bool last = o && o->kind == TCP && !o->passed && !o->listening && !(o->linger_on && o->linger == 0) && is_last(o);
    pthread_mutex_unlock(&lock);
    char bytes[4096];
    while (last && SYS(recvfrom, (long) fd, bytes, sizeof bytes, (long) MSG_DONTWAIT, NULL, NULL) > 0) {
    }
#else
    (void) fd;
#endif
}

API(int, close, int fd) {
    end(fd);
    forget(fd);
    return (int) done(SYS(close, (long) fd));
}

static long flags_from_linux(long flags) {
    return (flags & O_ACCMODE) | (flags & O_NONBLOCK ? T_O_NONBLOCK : 0) | (flags & O_APPEND ? T_O_APPEND : 0);
}

API(int, fcntl, int fd, int command, VARIABLE) {
    FIRST(int, value, command);
    switch (command) {
    case T_F_GETFD:
        return (int) done(SYS(fcntl, (long) fd, (long) F_GETFD));
    case T_F_SETFD:
        if (value & ~T_FD_CLOEXEC) {
            return (int) done_refusing("fcntl", "F_SETFD %#x", value);
        }
        return (int) done(SYS(fcntl, (long) fd, (long) F_SETFD, (long) value));
    case T_F_GETFL: {
        long flags = SYS(fcntl, (long) fd, (long) F_GETFL);
        return (int) done(flags < 0 ? flags : flags_from_linux(flags));
    }
    case T_F_SETFL: {
        if (is_kqueue(fd)) {
            return (int) done(-ENOTTY);
        }
        if (value & ~(T_O_ACCMODE | T_O_NONBLOCK | T_O_APPEND)) {
            return (int) done_refusing("fcntl", "F_SETFL %#x", value);
        }
        return (int) done(SYS(fcntl, (long) fd, (long) F_SETFL, (long) ((value & T_O_NONBLOCK ? O_NONBLOCK : 0)
            | (value & T_O_APPEND ? O_APPEND : 0))));
    }
    case T_F_DUPFD:
        return (int) done(SYS(fcntl, (long) fd, (long) F_DUPFD, (long) value));
    case T_F_DUPFD_CLOEXEC:
        return (int) done(SYS(fcntl, (long) fd, (long) F_DUPFD_CLOEXEC, (long) value));
#ifdef T_F_SETNOSIGPIPE
    case T_F_SETNOSIGPIPE: {
        pthread_mutex_lock(&lock);
        struct object *o = object(fd);
        if (o) {
            o->no_sigpipe = value != 0;
        }
        pthread_mutex_unlock(&lock);
        return (int) done(o ? 0 : -EBADF);
    }
#endif
    }
    return (int) done_refusing("fcntl", "command %d", command);
}

API(int, ioctl, int fd, unsigned long request, VARIABLE) {
    FIRST(int *, value, request);
    switch (request) {
    case T_FIONREAD: {
        long r = is_kqueue(fd) ? -ENOTTY : SYS(ioctl, (long) fd, (long) FIONREAD, value);
        pthread_mutex_lock(&lock);
        struct object *o = r < 0 ? NULL : object(fd);
        if (o && (o->kind == UDP || o->kind == UNIX_DGRAM)) {
            *value = (int) bytes_in_datagrams(fd, o);
        }
        pthread_mutex_unlock(&lock);
        return (int) done(r);
    }
    case T_FIONBIO:
        return (int) done(SYS(ioctl, (long) fd, (long) FIONBIO, value));
    case T_SIOCATMARK:
        return (int) done(SYS(ioctl, (long) fd, (long) SIOCATMARK, value));
    case 0x40047477: /* FIONWRITE of FreeBSD */
        return (int) done(SYS(ioctl, (long) fd, (long) SIOCOUTQ, value));
    case 0x40047476: { /* FIONSPACE */
        int queued = 0;
        long r = SYS(ioctl, (long) fd, (long) SIOCOUTQ, &queued);
        pthread_mutex_lock(&lock);
        *value = r < 0 ? 0 : size_of(object(fd), true) - queued;
        pthread_mutex_unlock(&lock);
        return (int) done(r);
    }
    }
    return (int) done_refusing("ioctl", "request %#lx", request);
}

static long pipe_with(int *fds, int flags) {
    long r = SYS(pipe2, fds, (long) flags);
#ifdef FREEBSD
    if (r >= 0) {
        SYS(fcntl, (long) fds[1], (long) F_SETPIPE_SZ, (long) PIPE_SIZE);
    }
#endif
    return r;
}

API(int, pipe, int *fds) {
    return (int) done(pipe_with(fds, 0));
}

#ifdef FREEBSD
API(int, pipe2, int *fds, int flags) {
    if (flags & ~(T_O_NONBLOCK | T_O_CLOEXEC)) {
        return (int) done_refusing("pipe2", "flags %#x", flags);
    }
    return (int) done(pipe_with(fds, (flags & T_O_NONBLOCK ? O_NONBLOCK : 0) | (flags & T_O_CLOEXEC ? O_CLOEXEC : 0)));
}
#endif

API(int, dup, int fd) {
    return (int) done(SYS(dup, (long) fd));
}

API(int, dup2, int from, int to) {
    if (from != to) {
        end(to);
        forget(to);
    }
    return (int) done(from == to ? SYS(fcntl, (long) from, (long) F_GETFD) < 0 ? -EBADF : to
        : SYS(dup3, (long) from, (long) to, 0L));
}

/* ---- files */

API(int, open, const char *path, int flags, VARIABLE) {
    FIRST(int, mode, flags);
    static const int bits[][2] = {{T_O_NONBLOCK, O_NONBLOCK}, {T_O_APPEND, O_APPEND}, {T_O_CREAT, O_CREAT},
        {T_O_TRUNC, O_TRUNC}, {T_O_EXCL, O_EXCL}, {T_O_CLOEXEC, O_CLOEXEC}, {T_O_DIRECTORY, O_DIRECTORY},
        {T_O_NOFOLLOW, O_NOFOLLOW}};
    int to = flags & T_O_ACCMODE;
    int left = flags & ~T_O_ACCMODE;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (left & bits[i][0]) {
            to |= bits[i][1];
            left &= ~bits[i][0];
        }
    }
    if (left) {
        return (int) done_refusing("open", "flags %#x", left);
    }
    long r = SYS(openat, (long) AT_FDCWD, path, (long) to, (long) mode);
    return (int) done(r == -ENXIO && !(to & O_NONBLOCK) ? -EOPNOTSUPP : r);
}

API(long, pread, int fd, void *to, size_t length, long offset) {
    return done(length > 0x7fffffff ? -EINVAL : hostile(200) ? -EINTR : SYS(pread64, (long) fd, to, length, offset));
}

API(long, lseek, int fd, long offset, int whence) {
    return done(SYS(lseek, (long) fd, offset, (long) whence));
}

static int stat_to_target(int fd, void *to) {
    struct stat s;
    long r = SYS(fstat, (long) fd, &s);
    if (r >= 0) {
        unsigned char *out = to;
        memset(out, 0xa5, T_SIZE_stat);
        unsigned short mode = (unsigned short) s.st_mode;
        memcpy(out + T_OFF_stat_st_mode, &mode, 2);
        memcpy(out + T_OFF_stat_st_size, &s.st_size, 8);
        memcpy(out + T_OFF_stat_st_ino, &s.st_ino, 8);
        memcpy(out + T_OFF_stat_st_dev, &s.st_dev, sizeof(int));
    }
    return (int) done(r);
}

#if defined FREEBSD || defined __aarch64__ /* on macOS's x86-64 the plain name is an older layout's */
API(int, fstat, int fd, void *to) {
    return stat_to_target(fd, to);
}
#else
__attribute__((visibility("default"))) int d_fstat(int fd, void *to) __asm__("fstat$INODE64");
int d_fstat(int fd, void *to) {
    return stat_to_target(fd, to);
}
#endif

API(int, ftruncate, int fd, long length) {
    return (int) done(SYS(ftruncate, (long) fd, length));
}

API(int, fchmod, int fd, unsigned mode) {
    return (int) done(kind_of(fd) <= OTHER_SOCKET ? -EINVAL : SYS(fchmod, (long) fd, (long) mode));
}

API(int, fchmodat, int directory, const char *path, unsigned mode, int flags) {
    if (directory != T_AT_FDCWD || flags & ~T_AT_SYMLINK_NOFOLLOW) {
        return (int) done_refusing("fchmodat", "%d, flags %#x", directory, flags);
    }
    struct stat s;
    if (flags && SYS(newfstatat, (long) AT_FDCWD, path, &s, (long) AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(s.st_mode)) {
        return (int) done(0); /* a link has a mode of its own there */
    }
    return (int) done(SYS(fchmodat, (long) AT_FDCWD, path, (long) mode));
}

API(int, flock, int fd, int operation) {
    return (int) done(SYS(flock, (long) fd, (long) operation));
}

API(int, unlink, const char *path) {
    return (int) done(SYS(unlinkat, (long) AT_FDCWD, path, 0L));
}

/* ---- sendfile */

static long copy_of_header(int fd, const struct iovec *vectors, int count, long *bytes) {
    for (int i = 0; i < count; i++) {
        long r = SYS(sendto, (long) fd, vectors[i].iov_base, vectors[i].iov_len, (long) MSG_NOSIGNAL, NULL, 0L);
        if (r < 0) {
            return r;
        }
        *bytes += r;
    }
    return 0;
}

struct headers {
    struct iovec *headers;
    int header_count;
    struct iovec *trailers;
    int trailer_count;
};

/* Sends a part of a file until all is sent, the file ends, or the socket is full; length 0: to the end. */
static long send_file(int file, int fd, long offset, unsigned long length, const struct headers *h, long *bytes) {
    *bytes = 0;
    enum kind from = kind_of(file);
    enum kind to = kind_of(fd);
    struct stat s;
    long r = SYS(fstat, (long) file, &s);
    if (r < 0 || (r = SYS(fcntl, (long) fd, (long) F_GETFL)) < 0) {
        return r;
    }
    bool waits = !(r & O_NONBLOCK);
    if (to > OTHER_SOCKET) {
        return -ENOTSOCK;
    }
    if (to != TCP && to != UNIX_STREAM) {
        return -EINVAL;
    }
    if (from != REGULAR) {
#ifdef MACOS
        return -NOT_SUPPORTED;
#else
        return -EINVAL;
#endif
    }
    if (offset < 0) {
        return -EINVAL;
    }
    pthread_mutex_lock(&lock);
    struct object *o = object(fd);
    struct look l;
    look(fd, o, &l);
    bool used = o->used, ended = l.write_eof;
    pthread_mutex_unlock(&lock);
    if (!used || (to == TCP && !l.write && !ended && o->connecting)) {
        return -ENOTCONN;
    }
    if (ended) {
        return -EPIPE; /* without a signal, in FreeBSD's source */
    }
    if (hostile(50)) {
        return -EINTR;
    }
    if (h && (r = copy_of_header(fd, h->headers, h->header_count, bytes)) < 0) {
        return r;
    }
    unsigned long left = length ? length : (unsigned long) s.st_size;
    r = 0;
    while (left > 0 && offset < s.st_size) {
        unsigned long part = left;
        if (to == UNIX_STREAM && !waits) {
            pthread_mutex_lock(&lock);
            bool full = unix_full(o);
            pthread_mutex_unlock(&lock);
            if (full) {
                r = -EAGAIN;
                break;
            }
            part = part < (unsigned long) size_of(o, true) ? part : (unsigned long) size_of(o, true);
        }
        if (hostile(4) && part > 1000) {
            part = part / 2; /* and then EAGAIN, as if the socket were full */
        }
        loff_t at = offset;
        r = SYS(sendfile, (long) fd, (long) file, &at, part > 0x7ffff000 ? 0x7ffff000 : part);
        if (r <= 0) {
            break;
        }
        *bytes += r;
        offset += r;
        left -= (unsigned long) r;
        if (part < left && is_hostile && !waits) {
            r = -EAGAIN;
            break;
        }
    }
    if (r >= 0 && h) {
        r = copy_of_header(fd, h->trailers, h->trailer_count, bytes);
    }
    if (r == -ECONNRESET || r == -EPIPE) {
        pthread_mutex_lock(&lock);
        if (r == -ECONNRESET && to == TCP) {
            o->error = ECONNRESET;
        }
        pthread_mutex_unlock(&lock);
        r = -EPIPE;
    }
    if (*bytes > 0 || r == -EAGAIN) {
        pthread_mutex_lock(&lock);
        sent(fd, o, r >= 0);
        pthread_mutex_unlock(&lock);
    }
    return r < 0 ? r : 0;
}

#ifdef MACOS
API(int, sendfile, int file, int fd, long offset, long *length, const struct headers *h, int flags) {
    if (flags || !length) {
        return (int) done_refusing("sendfile", "flags %#x, len %p", flags, (void *) length);
    }
    if (*length < 0) {
        return (int) done(-EINVAL);
    }
    long sent;
    long r = send_file(file, fd, offset, (unsigned long) *length, h, &sent);
    *length = sent;
    return (int) done(r);
}
#else
API(int, sendfile, int file, int fd, long offset, size_t length, const struct headers *h, long *sbytes, int flags) {
    if (flags) {
        return (int) done_refusing("sendfile", "flags %#x", flags);
    }
    long sent;
    long r = send_file(file, fd, offset, length, h, &sent);
    if (sbytes && !(r == -EINVAL && offset < 0)) {
        *sbytes = sent;
    }
    return (int) done(r);
}
#endif

/* ---- memory */

extern void *__libc_calloc(size_t count, size_t size);
extern void __libc_free(void *block);

API(void *, calloc, size_t count, size_t size) {
    void *block = __libc_calloc(count, size);
    if (!block) {
        done(-ENOMEM);
    }
    return block;
}

API(void, free, void *block) {
    __libc_free(block);
}

API(int, getpagesize, void) {
#if defined MACOS && defined __aarch64__
    return 16384;
#else
    return 4096;
#endif
}

API(long, mmap, void *at, size_t length, int protection, int flags, int fd, long offset) {
    long page = d_getpagesize();
    int to = flags & (MAP_SHARED | MAP_PRIVATE);
    int left = flags & ~(T_MAP_SHARED | T_MAP_PRIVATE | T_MAP_FIXED | T_MAP_ANON);
    bool exclusive = false;
#ifdef T_MAP_EXCL
    exclusive = flags & T_MAP_EXCL;
    left &= ~T_MAP_EXCL;
#endif
    to |= flags & T_MAP_FIXED ? MAP_FIXED : 0;
    to |= exclusive ? MAP_FIXED_NOREPLACE : 0;
    to |= flags & T_MAP_ANON ? MAP_ANONYMOUS : 0;
    if (left || protection & ~(PROT_READ | PROT_WRITE) || (flags & T_MAP_ANON && fd != -1)
            || (flags & T_MAP_FIXED && (uintptr_t) at % (unsigned long) page) || offset % page) {
        return done_refusing("mmap", "%p, %#x, flags %#x, %d, %ld", at, protection, flags, fd, offset);
    }
    return done(SYS(mmap, at, length, (long) protection, (long) to, (long) fd, offset));
}

API(int, munmap, void *at, size_t length) {
    return (int) done((uintptr_t) at % (unsigned long) d_getpagesize() ? -EINVAL : SYS(munmap, at, length));
}

/* Named shared memory, by names of this process only. */
static struct shared { char name[40]; int fd; } shared[256];

static long open_shared(const char *name, int flags) {
    if (strlen(name) > 31) {
        return -ENAMETOOLONG;
    }
    if (name[0] != '/' || flags & ~(T_O_RDWR | T_O_CREAT | T_O_EXCL | T_O_TRUNC)) {
        done_refusing("shm_open", "\"%s\", flags %#x", name, flags);
        return -EINVAL;
    }
    struct shared *unused = NULL;
    for (int i = 0; i < 256; i++) {
        if (!shared[i].name[0]) {
            unused = &shared[i];
        } else if (!strcmp(shared[i].name, name)) {
            return flags & T_O_CREAT && flags & T_O_EXCL ? -EEXIST : SYS(fcntl, (long) shared[i].fd,
                (long) F_DUPFD_CLOEXEC, 0L);
        }
    }
    if (!(flags & T_O_CREAT) || !unused) {
        return unused ? -ENOENT : -ENFILE;
    }
    long fd = SYS(memfd_create, name, (long) MFD_CLOEXEC);
    if (fd >= 0) {
        strcpy(unused->name, name);
        unused->fd = (int) SYS(fcntl, fd, (long) F_DUPFD_CLOEXEC, 600L);
    }
    return fd;
}

static int shm_open_by(const char *name, int flags) {
#ifdef T_SHM_ANON
    if ((uintptr_t) name == T_SHM_ANON) {
        return (int) done(SYS(memfd_create, "SHM_ANON", (long) MFD_CLOEXEC));
    }
#endif
    pthread_mutex_lock(&lock);
    long r = open_shared(name, flags);
    pthread_mutex_unlock(&lock);
    return (int) done(r);
}

#ifdef MACOS
API(int, shm_open, const char *name, int flags, VARIABLE) {
    FIRST(int, mode, flags);
#else
API(int, shm_open, const char *name, int flags, unsigned short mode) {
#endif
    if (mode & ~0777) {
        return (int) done_refusing("shm_open", "mode %#o", mode);
    }
    return shm_open_by(name, flags);
}

API(int, shm_unlink, const char *name) {
    long r = -ENOENT;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < 256; i++) {
        if (shared[i].name[0] && !strcmp(shared[i].name, name)) {
            SYS(close, (long) shared[i].fd);
            shared[i].name[0] = 0;
            r = 0;
        }
    }
    pthread_mutex_unlock(&lock);
    return (int) done(r);
}
