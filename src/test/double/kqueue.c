/*
 * kqueue(2) and poll(2). A kqueue is an epoll descriptor, which other programs can wait on, with three descriptors in
 * it: an epoll for what may be read, one for what may be written, and an eventfd that is readable while events are
 * queued. Linux's edges are only the alarm: what happened is found out from the socket.
 */
#include "double.h"
#include <sys/eventfd.h>

struct knote {
    struct kqueue *kqueue;
    struct object *object; /* NULL: EVFILT_USER, EVFILT_EMPTY */
    struct t_kevent event; /* what it was registered with; flags as the target keeps them */
    bool queued, active, disabled;
    bool triggered;        /* EVFILT_USER */
    bool seen_eof;         /* the state at the last activation */
    int seen_error;
    unsigned long long seen_bytes;
    bool seen_room;        /* it was writable once */
    struct knote *next;            /* of the same bucket */
    struct knote *next_of_object;
    struct knote *after, *before;  /* in the queue */
};

struct kqueue {
    int fd, readers, writers, signal;
    bool closed, signalled;
    struct knote *first, *last;
    int users;
};

#define MAX_FDS 65536
static struct kqueue *kqueues[MAX_FDS];
#define BUCKETS 16384
static struct knote *knotes[BUCKETS];

static struct kqueue *kqueue_of(int fd) {
    return fd >= 0 && fd < MAX_FDS ? kqueues[fd] : NULL;
}

/* A kqueue is not inherited: a child has no such descriptor. */
static void forked(void) {
    for (int fd = 0; fd < MAX_FDS; fd++) {
        if (kqueues[fd]) {
            SYS(close, (long) fd);
            kqueues[fd] = NULL;
        }
    }
    pthread_mutex_unlock(&lock);
}

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void after_fork(void) {
    pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(before_fork, after_fork, forked);
}

bool is_kqueue(int fd) {
    return kqueue_of(fd) != NULL;
}

/* ---- states */

static void look_at_tcp(int fd, struct object *o, struct look *l) {
    struct tcp_info info;
    int bits = raw_poll(fd, POLLIN | POLLOUT | POLLPRI | POLLRDHUP);
    if (bits & POLLERR) {
        take_error(fd, o);
    }
    bool counts = tcp_state(fd, &info);
    l->error = o->error;
    switch (info.tcpi_state) {
    case 10: /* listening */
        l->to_read = counts ? info.tcpi_unacked : (bits & POLLIN) != 0;
        l->read = l->to_read > 0;
        if (o->dead_listener) {
            l->read = l->read_eof = true;
            l->error = ECONNABORTED;
        }
        return;
    case 2: /* SYN sent */
        l->read = l->read_eof = o->shut_read;
        l->write = l->write_eof = o->shut_write;
        return;
    case 7: /* closed */
        if (!o->used) {
            return;
        }
        o->connecting = false;
        l->read_eof = l->write_eof = true;
        break;
    default:
        o->used = true;
        if (o->connecting) { /* the limit was that of connecting */
            set_number(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
            o->connecting = false;
        }
        l->read_eof = o->shut_read || bits & (POLLRDHUP | POLLHUP);
        l->write_eof = o->shut_write || bits & POLLHUP;
    }
    l->out_of_band = bits & POLLPRI || o->urgent;
    l->to_read = o->shut_read ? 0 : bytes_to_read(fd);
    if (l->to_read == 0 && !o->shut_read && bits & POLLIN && bits & POLLPRI) {
        l->to_read = 1; /* at least: Linux counts up to the mark, at which a read has stopped */
    }
    l->read = l->to_read >= (o->receive_low > 0 ? o->receive_low : 1) || l->read_eof || l->error;
    l->write = l->write_eof || bits & POLLOUT;
    int queued = 0;
    SYS(ioctl, (long) fd, (long) SIOCOUTQ, &queued);
    l->room = size_of(o, true) > queued ? size_of(o, true) - queued : 0;
}

static void look_at_unix(int fd, struct object *o, struct look *l) {
    int bits = raw_poll(fd, POLLIN | POLLOUT | POLLRDHUP);
    if (bits & POLLERR) {
        take_error(fd, o);
    }
    if (o->listening) {
        ino_t none;
        int connections = 0;
        l->read = bits & POLLIN;
        l->to_read = unix_state(o->inode, &none, &connections) ? connections : l->read;
        return;
    }
    if (!o->used) {
        char name[128];
        socklen_t length = sizeof name;
        o->used = SYS(getpeername, (long) fd, name, &length) >= 0;
    }
    if (!o->used) {
        return;
    }
    l->error = o->error;
    l->read_eof = o->shut_read || bits & (POLLRDHUP | POLLHUP);
    l->write_eof = o->shut_write || bits & POLLHUP;
    l->to_read = bytes_to_read(fd);
    l->read = l->to_read > 0 || l->read_eof || bits & POLLIN;
    int unread = unread_by_peer(o);
    l->room = size_of(o, true);
    l->write = l->write_eof || (bits & POLLOUT && unread < l->room);
    if (MACOS_HERE) { /* what is left at the peer, which FreeBSD does not count */
        l->room = l->room > unread ? l->room - unread : 0;
    }
}

static void look_at_datagrams(int fd, struct object *o, struct look *l) {
    int bits = raw_poll(fd, POLLIN | POLLOUT);
    if (bits & POLLERR) {
        take_error(fd, o);
    }
    bool data = bits & POLLIN && !o->shut_read;
    l->read_eof = o->shut_read;
    l->write_eof = o->shut_write;
    l->read = data || l->read_eof || o->error;
    l->to_read = data ? bytes_to_read(fd) : 0;
    l->write = o->kind == UNIX_DGRAM || o->error || bits & POLLOUT; /* a full peer is no reason to wait */
    l->room = size_of(o, true);
}

static void look_at_pipe(int fd, struct object *o, struct look *l) {
    int bits = raw_poll(fd, POLLIN | POLLOUT);
    int mode = access_mode(fd);
    if (mode != O_WRONLY) {
        l->to_read = bytes_to_read(fd);
        l->read_eof = bits & POLLHUP && mode == O_RDONLY;
        l->read = l->to_read > 0 || l->read_eof;
        if (o->fifo && mode == O_RDONLY) {
            return;
        }
        l->write_eof = mode == O_RDONLY && l->read_eof;
        l->write = FREEBSD_HERE || mode != O_RDONLY || l->write_eof; /* the wrong end of one with a direction */
        l->room = 4096;
    }
    if (mode != O_RDONLY) {
        l->write_eof = bits & POLLERR;
        l->write = l->write_eof || bits & POLLOUT;
        l->room = l->write_eof ? 0 : 16384;
        if (mode == O_WRONLY && !o->fifo) {
            l->read = l->read_eof = l->write_eof;
        }
    }
}

static void drain(struct kqueue *kq);
static void signal_queue(struct kqueue *kq);
static bool holds(struct knote *k, struct look *l);

void look(int fd, struct object *o, struct look *l) {
    memset(l, 0, sizeof *l);
    switch (o->kind) {
    case TCP: look_at_tcp(fd, o, l); return;
    case UNIX_STREAM: case UNIX_SEQPACKET: look_at_unix(fd, o, l); return;
    case UDP: case UNIX_DGRAM: case OTHER_SOCKET: look_at_datagrams(fd, o, l); return;
    case PIPE: look_at_pipe(fd, o, l); return;
    case REGULAR: {
        struct stat s;
        SYS(fstat, (long) fd, &s);
        l->to_read = s.st_size - SYS(lseek, (long) fd, 0L, (long) SEEK_CUR);
        l->read = l->to_read != 0;
        l->write = true;
        return;
    }
    case KQUEUE: {
        static int depth; /* under the lock; two kqueues may watch each other */
        struct kqueue *kq = kqueue_of(fd);
        if (depth == 0) {
            drain(kq);
            signal_queue(kq);
        }
        depth++;
        struct look inner;
        for (struct knote *k = kq->first; k; k = k->after) {
            l->to_read += depth > 2 || holds(k, &inner);
        }
        depth--;
        l->read = l->to_read > 0;
        return;
    }
    case DIRECTORY: case DEVICE:
        l->read = l->write = true;
        l->to_read = o->kind == DIRECTORY ? 64 : 0;
        return;
    case OTHER: {
        int bits = raw_poll(fd, POLLIN | POLLOUT);
        l->read = bits & POLLIN;
        l->write = bits & POLLOUT;
        l->to_read = l->read;
        return;
    }
    }
}

/* ---- knotes */

static bool is_write(struct knote *k) {
    return k->event.filter == T_EVFILT_WRITE;
}

/* The low-water mark of a knote: macOS lowers it to the size of the buffer. */
static long mark(struct knote *k) {
    long size = INT64_MAX;
    if (MACOS_HERE) {
        struct object *o = k->object;
        size = o->kind == PIPE ? 65536 : o->kind <= OTHER_SOCKET ? size_of(o, is_write(k)) : size;
    }
    return k->event.data < size ? k->event.data : size;
}

/* Whether the condition of a knote holds, as its filter finds it. */
static bool holds(struct knote *k, struct look *l) {
    memset(l, 0, sizeof *l);
    if (!k->object) {
        return k->triggered || k->event.filter == T_EVFILT_EMPTY_OR_NONE;
    }
    int fd = (int) k->event.ident;
    if (object(fd) != k->object) {
        return false;
    }
    look(fd, k->object, l);
    if (is_write(k)) {
        if (k->event.fflags & T_NOTE_LOWAT && !l->write_eof) {
            return l->room >= mark(k);
        }
        return l->write;
    }
    if (k->event.fflags & T_NOTE_OOB_OR_NONE && l->out_of_band) { /* of EVFILT_READ, too */
        return true;
    }
    if (k->event.fflags & T_NOTE_LOWAT && !l->read_eof) {
        return l->to_read >= mark(k);
    }
    return l->read;
}

static void enqueue(struct knote *k) {
    struct kqueue *kq = k->kqueue;
    if (k->queued) {
        return;
    }
    k->queued = true;
    k->after = NULL;
    k->before = kq->last;
    *(kq->last ? &kq->last->after : &kq->first) = k;
    kq->last = k;
}

static void dequeue(struct knote *k) {
    struct kqueue *kq = k->kqueue;
    if (!k->queued) {
        return;
    }
    k->queued = false;
    *(k->before ? &k->before->after : &kq->first) = k->after;
    *(k->after ? &k->after->before : &kq->last) = k->before;
}

/* Makes the kqueue's own descriptor readable while events are queued. */
static void signal_queue(struct kqueue *kq) {
    bool wanted = kq->first != NULL;
    if (wanted != kq->signalled) {
        uint64_t n = 1;
        if (wanted) {
            SYS(write, (long) kq->signal, &n, 8L);
        } else {
            SYS(read, (long) kq->signal, &n, 8L);
        }
        kq->signalled = wanted;
    }
}

static void activate_knote(struct knote *k) {
    k->active = true;
    if (!k->disabled) {
        enqueue(k);
    }
}

static struct knote *find(struct kqueue *kq, uintptr_t ident, int filter) {
    for (struct knote *k = knotes[ident % BUCKETS]; k; k = k->next) {
        if (k->event.ident == ident && k->event.filter == filter && k->kqueue == kq) {
            return k;
        }
    }
    return NULL;
}

/* Watches a descriptor in one of a kqueue's epolls as its knotes ask. */
static void watch(struct kqueue *kq, int fd) {
    struct epoll_event e = {EPOLLET, {.fd = fd}};
    bool reads = find(kq, (uintptr_t) fd, T_EVFILT_READ);
#ifdef T_EVFILT_EXCEPT
    reads |= find(kq, (uintptr_t) fd, T_EVFILT_EXCEPT) != NULL;
#endif
    e.events |= EPOLLIN | EPOLLRDHUP | (T_NOTE_OOB_OR_NONE ? EPOLLPRI : 0);
    SYS(epoll_ctl, (long) kq->readers, (long) EPOLL_CTL_DEL, (long) fd, &e);
    if (reads) {
        SYS(epoll_ctl, (long) kq->readers, (long) EPOLL_CTL_ADD, (long) fd, &e);
    }
    e.events = EPOLLET | EPOLLOUT;
    SYS(epoll_ctl, (long) kq->writers, (long) EPOLL_CTL_DEL, (long) fd, &e);
    if (find(kq, (uintptr_t) fd, T_EVFILT_WRITE)) {
        SYS(epoll_ctl, (long) kq->writers, (long) EPOLL_CTL_ADD, (long) fd, &e);
    }
}

static void drop(struct knote *k) {
    dequeue(k);
    struct knote **link = &knotes[k->event.ident % BUCKETS];
    while (*link != k) {
        link = &(*link)->next;
    }
    *link = k->next;
    if (k->object) {
        link = &k->object->knotes;
        while (*link != k) {
            link = &(*link)->next_of_object;
        }
        *link = k->next_of_object;
        watch(k->kqueue, (int) k->event.ident);
    }
    free(k);
}

/* Whether something happened since the last activation that a knote counts. */
static bool changed(struct knote *k, struct look *l) {
    struct object *o = k->object;
    bool eof = is_write(k) ? l->write_eof : l->read_eof;
    bool news = eof != k->seen_eof || l->error != k->seen_error;
    k->seen_eof = eof;
    k->seen_error = l->error;
    if (!is_write(k)) {
        if (o->kind == TCP && !o->listening) {
            struct tcp_info info;
            bool counts = tcp_state((int) k->event.ident, &info);
            news |= !counts || info.tcpi_bytes_received != k->seen_bytes;
            k->seen_bytes = info.tcpi_bytes_received;
        } else {
            news = true;
        }
    } else if (o->kind == UNIX_STREAM || o->kind == UNIX_SEQPACKET) { /* each read of the peer counts */
        int queued = 0;
        SYS(ioctl, (long) k->event.ident, (long) SIOCOUTQ, &queued);
        news |= !k->seen_room || (unsigned) queued < k->seen_bytes;
        k->seen_bytes = (unsigned) queued;
    } else if (o->kind == UDP) {
        news |= o->error != 0;
    } else if (o->kind == TCP) { /* what is sent is activated by the send */
        news |= !k->seen_room;
    } else {
        news |= o->kind != UNIX_DGRAM;
    }
    k->seen_room = l->write;
    return news;
}

static void alarms(struct kqueue *kq, int epoll, bool write) {
    struct epoll_event events[64];
    long n;
    do {
        n = SYS(epoll_pwait, (long) epoll, events, 64L, 0L, NULL, 8L);
        for (long i = 0; i < n; i++) {
            for (struct knote *k = knotes[events[i].data.fd % BUCKETS]; k; k = k->next) {
                struct look l;
                if (k->kqueue == kq && k->object && k->event.ident == (uintptr_t) events[i].data.fd
                        && is_write(k) == write && !k->queued && holds(k, &l) && changed(k, &l)) {
                    activate_knote(k);
                }
            }
        }
    } while (n == 64);
}

/* Takes what Linux has reported. */
static void drain(struct kqueue *kq) {
    alarms(kq, kq->readers, false);
    alarms(kq, kq->writers, true);
}

void activate(struct object *o, int filter) {
    for (struct knote *k = o->knotes; k; k = k->next_of_object) {
        struct look l;
        if (k->event.filter == filter && !k->queued && holds(k, &l)) {
            changed(k, &l);
            activate_knote(k);
            signal_queue(k->kqueue);
        }
    }
}

void sent(int fd, struct object *o, bool all) {
    int queued = 0;
    SYS(ioctl, (long) fd, (long) SIOCOUTQ, &queued);
    o->local &= !all;
    for (struct knote *k = o->knotes; k; k = k->next_of_object) {
        drain(k->kqueue); /* what the send has caused at once comes first */
        signal_queue(k->kqueue);
    }
    if (o->kind == TCP) {
        activate(o, T_EVFILT_WRITE); /* as the acknowledgement does */
    }
    for (struct knote *k = o->knotes; k; k = k->next_of_object) {
        if (is_write(k)) {
            k->seen_bytes = (unsigned) queued;
            k->seen_room &= all;
        }
    }
}

/* ---- changes */

#ifdef MACOS
#define KNOWN_FLAGS (T_EV_ADD | T_EV_DELETE | T_EV_ENABLE | T_EV_DISABLE | T_EV_ONESHOT | T_EV_CLEAR | T_EV_RECEIPT \
    | T_EV_DISPATCH)
#else
#define KNOWN_FLAGS (T_EV_ADD | T_EV_DELETE | T_EV_ENABLE | T_EV_DISABLE | T_EV_ONESHOT | T_EV_CLEAR | T_EV_RECEIPT \
    | T_EV_DISPATCH | T_EV_KEEPUDATA)
#endif
#define KEPT_FLAGS (T_EV_ONESHOT | T_EV_CLEAR | T_EV_RECEIPT | T_EV_DISPATCH)

static void touch_user(struct knote *k, const struct t_kevent *c) {
    uint32_t flags = c->fflags & T_NOTE_FFLAGSMASK;
    switch (c->fflags & T_NOTE_FFCTRLMASK) {
    case T_NOTE_FFAND: k->event.fflags &= flags; break;
    case T_NOTE_FFOR: k->event.fflags |= flags; break;
    case T_NOTE_FFCOPY: k->event.fflags = flags; break;
    }
    k->event.data = c->data;
    if (c->fflags & T_NOTE_TRIGGER) {
        k->triggered = true;
    }
#ifdef FREEBSD
    if (c->flags & T_EV_CLEAR) { /* cancels a trigger, also one of this change */
        k->triggered = false;
        if (c->fflags & T_NOTE_TRIGGER) {
            done_refusing("kevent", "NOTE_TRIGGER and EV_CLEAR in one change: the trigger is lost");
        }
    }
#endif
}

/* Whether a kqueue is another one, or on macOS watches it: FreeBSD takes a cycle. */
static bool watches(struct kqueue *kq, struct kqueue *other) {
    bool found = kq == other;
#ifdef MACOS
    for (int i = 0; i < BUCKETS && !found; i++) {
        for (struct knote *k = knotes[i]; k && !found; k = k->next) {
            found = k->kqueue == kq && k->object && k->object->kind == KQUEUE
                && watches(kqueue_of((int) k->event.ident), other);
        }
    }
#endif
    return found;
}

static long change(struct kqueue *kq, const struct t_kevent *c) {
    if (c->flags & ~KNOWN_FLAGS) {
        done_refusing("kevent", "flags %#x", c->flags);
        return -EINVAL;
    }
#ifdef T_OFF_kevent_ext
    if (c->ext[0] | c->ext[1] | c->ext[2] | c->ext[3]) {
        done_refusing("kevent", "ext is not zero");
        return -EINVAL;
    }
#endif
    struct object *o = NULL;
    bool user = c->filter == T_EVFILT_USER;
    switch (c->filter) {
    case T_EVFILT_USER:
        break;
    case T_EVFILT_READ: case T_EVFILT_WRITE:
#ifdef T_EVFILT_EXCEPT
    case T_EVFILT_EXCEPT:
#endif
        if (c->fflags & ~(uint32_t) (T_NOTE_LOWAT | T_NOTE_OOB_OR_NONE)) {
            done_refusing("kevent", "filter %d with fflags %#x", c->filter, c->fflags);
            return -EINVAL;
        }
        if (c->ident > INT32_MAX || !(o = object((int) c->ident))) {
#ifdef MACOS
            return c->flags & T_EV_DELETE ? -ENOENT : -EBADF;
#else
            return -EBADF;
#endif
        }
        break;
#ifdef FREEBSD
    case T_EVFILT_EMPTY:
        break;
    case 0:
        return 0; /* silently skipped */
#endif
    default:
        return -EINVAL;
    }
    struct knote *k = find(kq, c->ident, c->filter);
    if (k && k->object != o) {
        drop(k); /* of a descriptor that somebody else has closed */
        k = NULL;
    }
    if (!k) {
        if (!(c->flags & T_EV_ADD)) {
            return -ENOENT;
        }
        if (o && (o->kind == DEVICE || (o->kind == KQUEUE && is_write(&(struct knote) {.event = *c})))) {
            return o->kind == DEVICE ? -ENODEV : -EINVAL;
        }
        if (o && o->kind == KQUEUE && watches(kqueue_of((int) c->ident), kq)) {
            return -EINVAL;
        }
#ifdef FREEBSD
        if (o && o->kind == PIPE && !o->fifo && c->filter == T_EVFILT_WRITE) {
            struct look l;
            look((int) c->ident, o, &l);
            if (l.write_eof) {
                return -EPIPE;
            }
        }
#endif
        k = calloc(1, sizeof *k);
        k->kqueue = kq;
        k->object = o;
        k->event = *c;
        k->event.flags = c->flags & KEPT_FLAGS;
        k->disabled = c->flags & T_EV_DISABLE;
        k->next = knotes[c->ident % BUCKETS];
        knotes[c->ident % BUCKETS] = k;
        if (o) {
            k->next_of_object = o->knotes;
            o->knotes = k;
            drain(kq);
            watch(kq, (int) c->ident);
            drain(kq); /* of the edge that adding makes; nothing was registered before */
            dequeue(k);
            k->active = false;
        } else {
#ifdef MACOS
            k->triggered = user && c->fflags & T_NOTE_TRIGGER;
#endif
        }
    } else if (c->flags & T_EV_DELETE) {
        drop(k);
        return 0;
    } else {
#ifdef FREEBSD
        if (c->flags & T_EV_KEEPUDATA && c->flags & T_EV_ADD) {
            return -EINVAL;
        }
#endif
        k->event.udata = c->udata;
        if (user) {
            touch_user(k, c);
        } else {
            k->event.fflags = c->fflags;
            k->event.data = c->data;
        }
        if (c->flags & T_EV_DISABLE) {
            k->disabled = true;
            dequeue(k);
        }
    }
    if (c->flags & T_EV_ENABLE) {
        k->disabled = false;
    }
    struct look l;
    if (user && !k->triggered) {
        k->active = false;
        dequeue(k);
    }
    if (k->active || holds(k, &l)) {
        if (k->object && holds(k, &l)) {
            changed(k, &l);
        }
        activate_knote(k);
    } else if (k->object) {
        changed(k, &l);
        if (holds(k, &l)) { /* what arrived after the first look is already counted, so no alarm would follow */
            activate_knote(k);
        }
    }
    return 0;
}

/* ---- collecting */

/* Fills an event of a queued knote, if its condition still holds. */
static bool report(struct knote *k, struct t_kevent *e) {
    struct look l;
    dequeue(k);
    if (k->disabled) {
        return false;
    }
    if (!holds(k, &l)) {
        k->active = false;
        return false;
    }
    if (k->object) {
        changed(k, &l);
    }
    *e = k->event;
    if (k->event.filter == T_EVFILT_USER) {
#ifdef FREEBSD
        if (k->event.flags & T_EV_ONESHOT) {
            e->fflags = 0;
            e->data = 0;
        }
#endif
    } else if (k->object) {
        bool eof = is_write(k) ? l.write_eof : l.read_eof;
        e->fflags = 0;
        e->data = is_write(k) ? l.room : l.to_read;
        if (!is_write(k) && (k->object->kind == UDP || k->object->kind == UNIX_DGRAM) && l.to_read > 0) {
            e->data = bytes_in_datagrams((int) k->event.ident, k->object);
        }
        if (eof) {
            e->flags |= T_EV_EOF;
            int saved = errno;
            e->fflags = l.error && done(-l.error) < 0 ? (uint32_t) errno : 0;
            errno = saved;
            if (k->object->kind == PIPE && !k->object->fifo && is_write(k)) {
                e->data = 0;
#ifdef FREEBSD
                e->flags |= T_EV_ONESHOT | T_EV_CLEAR;
                k->event.flags |= T_EV_ONESHOT;
#endif
            }
        }
        if (k->event.fflags & T_NOTE_OOB_OR_NONE && l.out_of_band) {
            e->fflags = T_NOTE_OOB_OR_NONE;
            e->flags &= ~T_EV_EOF;
        }
    }
    if (k->event.flags & T_EV_ONESHOT) {
        drop(k);
    } else if (k->event.flags & T_EV_DISPATCH) {
        k->disabled = true;
        k->active = false;
        if (k->event.flags & T_EV_CLEAR) {
            k->triggered = false;
        }
    } else if (k->event.flags & T_EV_CLEAR) {
        k->active = k->triggered = false;
    } else {
        enqueue(k);
    }
    return true;
}

static int collect(struct kqueue *kq, struct t_kevent *events, int room) {
    int n = 0;
    drain(kq);
    struct knote *last = kq->last;
    for (struct knote *k = kq->first; k && n < room;) {
        struct knote *next = k == last ? NULL : k->after;
        n += report(k, &events[n]);
        k = next;
    }
    signal_queue(kq);
    return n;
}

static long remaining(const struct timespec *until, struct timespec *left) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    left->tv_sec = until->tv_sec - now.tv_sec;
    left->tv_nsec = until->tv_nsec - now.tv_nsec;
    if (left->tv_nsec < 0) {
        left->tv_nsec += 1000000000;
        left->tv_sec--;
    }
    return left->tv_sec < 0 ? -1 : 0;
}

static long wait_and_collect(struct kqueue *kq, struct t_kevent *events, int room, const struct timespec *timeout) {
    struct timespec until, left;
    if (timeout) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        bool forever = timeout->tv_sec > INT32_MAX;
        until.tv_sec += forever ? INT32_MAX : timeout->tv_sec;
        until.tv_nsec += timeout->tv_nsec;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
    }
    for (;;) {
        int n = collect(kq, events, room);
        if (n > 0) {
            return n;
        }
        if (timeout && (timeout->tv_sec | timeout->tv_nsec) == 0) {
            return 0;
        }
        if (timeout && remaining(&until, &left) < 0) {
            return 0;
        }
        if (hostile(50)) {
            return -EINTR;
        }
        struct pollfd p = {kq->fd, POLLIN, 0};
        pthread_mutex_unlock(&lock);
        long r = SYS(ppoll, &p, 1L, timeout ? &left : NULL, NULL, 8L);
        pthread_mutex_lock(&lock);
        if (kq->closed) {
#ifdef MACOS
            return -EBADF;
#else
            return 0;
#endif
        }
        if (r < 0) {
            return r;
        }
    }
}

static bool is_readable_memory(const void *p) {
    return (uintptr_t) p >= 4096;
}

API(int, kevent, int fd, const struct t_kevent *changes, int nchanges, struct t_kevent *events, int nevents,
        const struct timespec *timeout) {
    if (nchanges < 0 || nevents < 0) {
        return (int) done(-EINVAL);
    }
    if ((nchanges && !is_readable_memory(changes)) || (nevents && !is_readable_memory(events))) {
        return (int) done(-EFAULT);
    }
    pthread_mutex_lock(&lock);
    struct kqueue *kq = kqueue_of(fd);
    if (!kq) {
        pthread_mutex_unlock(&lock);
        return (int) done(-EBADF);
    }
    kq->users++;
    long r = 0;
#ifdef MACOS
    if (timeout && (timeout->tv_sec < 0 || timeout->tv_sec > INT32_MAX || timeout->tv_nsec < 0
            || timeout->tv_nsec > 1000000000)) {
        r = -EINVAL;
    }
#else
    if (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0 || timeout->tv_nsec >= 1000000000)) {
        r = -EINVAL;
    }
#endif
    int written = 0;
    for (int i = 0; i < nchanges && r == 0; i++) {
        struct t_kevent c = changes[i]; /* events may be the same array */
        long e = change(kq, &c);
        if (e == 0 && !(c.flags & T_EV_RECEIPT)) {
            continue;
        }
        if (written == nevents) {
            if (e == 0) {
                done_refusing("kevent", "no room for a receipt: what follows it is lost");
            }
#ifdef MACOS
            if (e == 0) {
                continue;
            }
#endif
            r = e;
            written = e == 0 ? -1 : written; /* returns 0 */
            break;
        }
        done(e);
        c.data = e == 0 ? 0 : errno;
#ifdef MACOS
        c.flags |= T_EV_ERROR;
#else
        c.flags = T_EV_ERROR;
        c.fflags = 0;
#endif
        events[written++] = c;
    }
    if (written < 0) {
        r = 0;
    } else if (r == 0 && written > 0) {
        r = written;
    } else if (r == 0 && nevents > 0) {
        r = wait_and_collect(kq, events, nevents, timeout);
    }
    if (!kq->closed) {
        signal_queue(kq);
    }
    if (--kq->users == 0 && kq->closed) {
        free(kq);
    }
    pthread_mutex_unlock(&lock);
    return (int) done(r);
}

static long open_kqueue(int flags) {
    long fd = SYS(epoll_create1, (long) flags);
    if (fd < 0) {
        return fd;
    }
    /* High numbers for the double's own descriptors, so that those of the target's programs are as there. */
    int own[3] = {-1, -1, -1};
    for (int i = 0; i < 3; i++) {
        long low = i == 2 ? SYS(eventfd2, 0L, (long) (EFD_NONBLOCK | EFD_CLOEXEC))
            : SYS(epoll_create1, (long) EPOLL_CLOEXEC);
        if (low >= 0) {
            long high = SYS(fcntl, low, (long) F_DUPFD_CLOEXEC, 600L);
            own[i] = (int) (high >= 0 ? high : low);
            if (high >= 0) {
                SYS(close, low);
            }
        }
    }
    struct epoll_event e = {EPOLLIN, {.fd = 0}};
    for (int i = 0; i < 3; i++) {
        if (own[i] < 0 || SYS(epoll_ctl, fd, (long) EPOLL_CTL_ADD, (long) own[i], &e) < 0) {
            for (int j = 0; j < 3; j++) {
                SYS(close, (long) own[j]);
            }
            SYS(close, fd);
            return -EMFILE;
        }
    }
    pthread_mutex_lock(&lock);
    struct kqueue *kq = calloc(1, sizeof *kq);
    kq->fd = (int) fd;
    kq->readers = own[0];
    kq->writers = own[1];
    kq->signal = own[2];
    kqueues[fd] = kq;
    pthread_mutex_unlock(&lock);
    return fd;
}

API(int, kqueue, void) {
    return (int) done(open_kqueue(0));
}

#ifdef T_KQUEUE_CLOEXEC
API(int, kqueuex, unsigned flags) {
    return (int) done(flags & ~T_KQUEUE_CLOEXEC ? -EINVAL : open_kqueue(flags ? EPOLL_CLOEXEC : 0));
}
#endif

static void close_kqueue(struct kqueue *kq) {
    for (int i = 0; i < BUCKETS; i++) {
        for (struct knote *k = knotes[i]; k;) {
            struct knote *next = k->next;
            if (k->kqueue == kq) {
                drop(k);
            }
            k = next;
        }
    }
    kqueues[kq->fd] = NULL;
    kq->closed = true;
#ifdef MACOS
    uint64_t n = 1;
    SYS(write, (long) kq->signal, &n, 8L);
#endif
    SYS(close, (long) kq->readers);
    SYS(close, (long) kq->writers);
    SYS(close, (long) kq->signal);
    if (kq->users == 0) {
        free(kq);
    }
}

void forget(int fd) {
    if (fd < 0) {
        return;
    }
    pthread_mutex_lock(&lock);
    for (struct knote *k = knotes[fd % BUCKETS]; k;) {
        struct knote *next = k->next;
        if (k->object && k->event.ident == (uintptr_t) fd) {
            struct kqueue *kq = k->kqueue;
            drop(k);
            signal_queue(kq);
        }
        k = next;
    }
    if (kqueue_of(fd)) {
        close_kqueue(kqueue_of(fd));
    }
    pthread_mutex_unlock(&lock);
}

/* ---- poll(2) */

#ifdef MACOS
#define POLL_BITS (T_POLLIN | T_POLLPRI | T_POLLOUT | T_POLLRDNORM | T_POLLRDBAND | T_POLLWRBAND)
#else
#define POLL_BITS (T_POLLIN | T_POLLPRI | T_POLLOUT | T_POLLRDNORM | T_POLLRDBAND | T_POLLWRBAND | T_POLLRDHUP)
#endif

static int poll_bits(int fd, int asked) {
    struct object *o = object(fd);
    if (!o) {
        return T_POLLNVAL;
    }
#ifdef T_POLLRDHUP
    if (asked & T_POLLRDHUP && (o->kind == REGULAR || o->kind == DIRECTORY || o->kind == DEVICE)) {
        return T_POLLNVAL;
    }
#endif
    if (o->kind == REGULAR || o->kind == DIRECTORY || o->kind == DEVICE) {
        return asked & (T_POLLIN | T_POLLRDNORM | T_POLLOUT);
    }
    struct look l;
    look(fd, o, &l);
    int bits = 0;
#ifdef FREEBSD
    if (o->dead_listener) {
        l.read_eof = l.write_eof = l.to_read == 0;
        return (asked & T_POLLIN) | (l.read_eof ? T_POLLHUP : 0);
    }
#endif
    if (l.read) {
        bits |= asked & (T_POLLIN | T_POLLRDNORM);
    }
    if (l.out_of_band) {
        bits |= asked & T_POLLPRI;
    }
#ifdef MACOS
    /* a filter for each direction that is asked for, and its end is a hang-up */
    bool reads = asked & (T_POLLIN | T_POLLRDNORM | T_POLLPRI | T_POLLRDBAND | T_POLLHUP);
    bool writes = asked & (T_POLLOUT | T_POLLWRBAND);
    if ((reads && l.read_eof) || (writes && l.write_eof)) {
        return bits | T_POLLHUP; /* withholds POLLOUT */
    }
#else
    bool socket = o->kind <= OTHER_SOCKET;
    if (socket ? l.read_eof && l.write_eof : l.read_eof || l.write_eof) {
        bits |= T_POLLHUP;
        l.write = false;
    }
    if (socket && l.read_eof) {
        bits |= asked & T_POLLRDHUP;
    }
#endif
    if (l.write) {
        bits |= asked & T_POLLOUT;
    }
    return bits;
}

API(int, poll, struct pollfd *fds, unsigned n, int timeout) {
    if (timeout < -1) {
#ifdef FREEBSD
        return (int) done(-EINVAL);
#endif
    }
    struct timespec until, left, slice;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout / 1000;
    until.tv_nsec += timeout % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    struct pollfd *linux_fds = malloc((n + 1) * sizeof *linux_fds);
    long r;
    for (;;) {
        int ready = 0;
        pthread_mutex_lock(&lock);
        for (unsigned i = 0; i < n; i++) {
            if (fds[i].fd >= 0 && fds[i].events & ~(POLL_BITS | T_POLLERR | T_POLLHUP | T_POLLNVAL)) {
                pthread_mutex_unlock(&lock);
                free(linux_fds);
                return (int) done_refusing("poll", "events %#x", fds[i].events);
            }
            fds[i].revents = fds[i].fd < 0 ? 0 : (short) poll_bits(fds[i].fd, fds[i].events);
            ready += fds[i].revents != 0;
            int asked = fds[i].events;
            linux_fds[i].fd = fds[i].fd;
            linux_fds[i].events = (short) ((asked & (T_POLLIN | T_POLLRDNORM) ? POLLIN : 0)
                | (asked & T_POLLOUT ? POLLOUT : 0) | (asked & T_POLLPRI ? POLLPRI : 0) | POLLRDHUP);
        }
        pthread_mutex_unlock(&lock);
        if (ready || timeout == 0) {
            r = ready;
            break;
        }
        if (timeout > 0 && remaining(&until, &left) < 0) {
            r = 0;
            break;
        }
        if (hostile(50)) {
            r = -EINTR;
            break;
        }
        /* What Linux reports and the target does not is left out of the wait, for a while. */
        struct timespec none = {0, 0};
        long silent = SYS(ppoll, linux_fds, (long) n, &none, NULL, 8L);
        bool all = silent <= 0;
        for (unsigned i = 0; i < n && !all; i++) {
            if (linux_fds[i].revents) {
                linux_fds[i].fd = -1;
            }
        }
        slice = (struct timespec) {0, 5000000};
        bool short_wait = !all && (timeout < 0 || left.tv_sec > 0 || left.tv_nsec > slice.tv_nsec);
        r = SYS(ppoll, linux_fds, (long) n, short_wait ? &slice : timeout < 0 ? NULL : &left, NULL, 8L);
        if (r < 0) {
            break;
        }
    }
    free(linux_fds);
    return (int) done(r);
}
