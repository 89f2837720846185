/*
 * A double of the C library of macOS or FreeBSD: its functions, under their own names and with that system's ABI, on
 * Linux, where real sockets move real bytes. NUMBERS is the header of the target's numbers, see ./numbers.
 *
 * Names: T_X is the target's number X; d_f is the target's function f; everything else is Linux's. Results inside are
 * Linux's: a negated errno of Linux is a failure.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <poll.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <linux/sockios.h>
#include NUMBERS

#ifdef T_SO_LINGER_SEC
#define MACOS 1
#define MACOS_HERE true
#define FREEBSD_HERE false
#define SYSTEM "macOS"
#else
#define FREEBSD 1
#define MACOS_HERE false
#define FREEBSD_HERE true
#define SYSTEM "FreeBSD"
#endif

/* Declares and begins a function of the target's library. */
#define API(type, name, ...) \
    __attribute__((visibility("default"))) type d_##name(__VA_ARGS__) __asm__(#name); type d_##name(__VA_ARGS__)

/*
 * What stands for the variable arguments of a function with two others, and takes the first of them. On Apple's aarch64
 * they are on the stack, where Linux's aarch64 passes a ninth parameter.
 */
#if defined MACOS && defined __aarch64__
#define VARIABLE long x2, long x3, long x4, long x5, long x6, long x7, long on_stack
#define FIRST(type, name, last) \
    (void) x2, (void) x3, (void) x4, (void) x5, (void) x6, (void) x7; type name = (type) on_stack
#else
#define VARIABLE ...
#define FIRST(type, name, last) \
    va_list arguments; va_start(arguments, last); type name = va_arg(arguments, type); va_end(arguments)
#endif

/* A system call of Linux: its result, or the negated errno. */
#define SYS(name, ...) ({ long r_ = syscall(SYS_##name, ##__VA_ARGS__); r_ < 0 ? -(long) errno : r_; })

/* Of a pipe of FreeBSD, for small writes; twice as much for a large one. */
#define PIPE_SIZE 32768

/* What is returned for ENOTSUP where the target tells it from EOPNOTSUPP. */
#define NOT_SUPPORTED 524

/* ---- the target's structures, checked against its headers */

struct t_kevent {
    uintptr_t ident;
    int16_t filter;
    uint16_t flags;
    uint32_t fflags;
    int64_t data;
    void *udata;
#ifdef T_OFF_kevent_ext
    uint64_t ext[4];
#endif
};
struct t_msghdr {
    void *name;
    uint32_t namelen;
    struct iovec *iov;
    int32_t iovlen;
    void *control;
    uint32_t controllen;
    int32_t flags;
};
struct t_cmsghdr {
    uint32_t len;
    int32_t level;
    int32_t type;
};
#define CHECK(x) _Static_assert(x, #x)
CHECK(sizeof(struct t_kevent) == T_SIZE_kevent && offsetof(struct t_kevent, filter) == T_OFF_kevent_filter);
CHECK(offsetof(struct t_kevent, flags) == T_OFF_kevent_flags && offsetof(struct t_kevent, data) == T_OFF_kevent_data);
CHECK(offsetof(struct t_kevent, fflags) == T_OFF_kevent_fflags);
CHECK(offsetof(struct t_kevent, udata) == T_OFF_kevent_udata);
CHECK(sizeof(struct t_msghdr) == T_SIZE_msghdr && offsetof(struct t_msghdr, iov) == T_OFF_msghdr_msg_iov);
CHECK(offsetof(struct t_msghdr, control) == T_OFF_msghdr_msg_control);
CHECK(offsetof(struct t_msghdr, iovlen) == T_OFF_msghdr_msg_iovlen);
CHECK(offsetof(struct t_msghdr, controllen) == T_OFF_msghdr_msg_controllen);
CHECK(offsetof(struct t_msghdr, flags) == T_OFF_msghdr_msg_flags);
CHECK(sizeof(struct t_cmsghdr) == T_SIZE_cmsghdr && offsetof(struct t_cmsghdr, type) == T_OFF_cmsghdr_cmsg_type);
CHECK(T_SIZE_timespec == sizeof(struct timespec) && T_SIZE_pollfd == sizeof(struct pollfd));
#ifdef T_EVFILT_EMPTY
#define T_EVFILT_EMPTY_OR_NONE T_EVFILT_EMPTY
#else
#define T_EVFILT_EMPTY_OR_NONE -1000
#endif
#ifdef T_NOTE_OOB
#define T_NOTE_OOB_OR_NONE T_NOTE_OOB
#else
#define T_NOTE_OOB_OR_NONE 0
#endif
#ifdef T_TCP_CONGESTION
#define T_TCP_CONGESTION_OR_NONE T_TCP_CONGESTION
#else
#define T_TCP_CONGESTION_OR_NONE -1000
#endif
#ifdef T_IP_PKTINFO
#define T_IP_PKTINFO_OR_NONE T_IP_PKTINFO
#else
#define T_IP_PKTINFO_OR_NONE -1000
#endif
#ifdef T_IOV_MAX
#define T_IOV_MAX_OR_1024 T_IOV_MAX
#else
#define T_IOV_MAX_OR_1024 1024
#endif
#ifdef T_TCP_CONNECTIONTIMEOUT
#define T_TCP_KEEPINIT T_TCP_CONNECTIONTIMEOUT
#endif
#define T_CMSG_DATA T_CMSG_LEN_0
#define T_CMSG_ALIGN (T_CMSG_SPACE_5 - T_CMSG_SPACE_1 ? 4 : 8)

/* ---- double.c */

enum kind { TCP, UDP, UNIX_STREAM, UNIX_DGRAM, UNIX_SEQPACKET, OTHER_SOCKET, PIPE, REGULAR, DIRECTORY, DEVICE, KQUEUE,
    OTHER };

/* What the double knows of an open socket or pipe, by its inode: both ends of a pipe, and duplicates, share it. */
struct object {
    dev_t device;
    ino_t inode;
    mode_t type;            /* a file system gives the inode of a deleted fifo or folder to the next file */
    enum kind kind;
    int error;              /* so_error, of Linux */
    bool used;              /* connected or connecting once */
    bool connecting;        /* connect(2) was called and has not been seen to end */
    bool local;             /* a Unix client that has sent nothing: the end of its listener is a reset */
    bool listening, dead_listener;
    bool shut_read, shut_write;
    bool no_sigpipe;
    bool dst_addr, recv_if, pkt_info; /* which control messages IP_PKTINFO of Linux stands for */
    bool timestamp, real_time, creds;
    int send_size, receive_size; /* of SO_SNDBUF, SO_RCVBUF, as they were set; 0: not set */
    bool reuse_address, reuse_port, shares; /* SO_REUSEADDR, SO_REUSEPORT, SO_REUSEPORT_LB */
    bool lost_peer;         /* a datagram socket whose peer was gone at a send */
    bool urgent;            /* its byte was received, and nothing since then */
    int linger_on, linger;
    int receive_low, send_low;
    int keep_init;          /* TCP_KEEPINIT, in seconds; 0: not set */
    bool passed;            /* in a message: other descriptors of it may exist elsewhere */
    bool fifo;              /* a pipe with a name: of one direction */
    unsigned name_length;   /* of bind(2) with AF_UNIX */
    struct knote *knotes;
    struct object *next;
};

extern pthread_mutex_t lock;
struct object *object(int fd);         /* holding the lock; NULL if the descriptor is not open */
struct object *by_inode(ino_t inode, dev_t device); /* holding the lock; NULL if the double does not know it */
enum kind kind_of(int fd);
int access_mode(int fd);
long done(long r);                     /* ends a function of the target: sets errno, returns -1 or the result */
long done_refusing(const char *function, const char *format, ...); /* refuses a call, and lets the test fail */
bool hostile(int one_in);              /* whether the hostile mode does the rarer of two things now */
extern bool is_hostile;
int raw_poll(int fd, int events);
int raw_option(int fd, int level, int name);
int bytes_to_read(int fd);
long bytes_in_datagrams(int fd, struct object *o); /* holding the lock: of all that are queued */
int size_of(struct object *o, bool send); /* of SO_SNDBUF or SO_RCVBUF */
long set_number(int fd, int level, int name, int value); /* an option of Linux */
bool tcp_state(int fd, struct tcp_info *info); /* whether it has counters: qemu gives the state only */
void take_error(int fd, struct object *o);
bool unix_state(ino_t inode, ino_t *peer, int *queued); /* the peer's inode, or 0; bytes or connections that wait */
int unread_by_peer(struct object *o);  /* of a Unix stream; 0 before it is accepted */
bool unix_full(struct object *o);
struct object *unix_peer(struct object *o); /* holding the lock; NULL if it is none of this process */
bool sigpipe(struct object *o, int flags); /* whether an EPIPE would come with a signal, which fails the test */
long to_linux(const void *address, unsigned length, struct sockaddr_storage *to); /* the length, or an error */
unsigned to_target(const struct sockaddr_storage *from, unsigned length, void *to); /* at most 128 bytes */
void give_address(const struct sockaddr_storage *from, unsigned length, void *address, unsigned *room);

/* ---- kqueue.c */

struct look {
    bool read, write, read_eof, write_eof, out_of_band;
    int error; /* of Linux */
    long to_read, room;
};
void look(int fd, struct object *o, struct look *l);    /* holding the lock */
void activate(struct object *o, int filter);            /* holding the lock: something happened, for EV_CLEAR */
void sent(int fd, struct object *o, bool all);          /* holding the lock: after a send of all there was, or not */
void forget(int fd);                                    /* before a descriptor is closed; takes the lock */
void pass(int fd);                                      /* before a descriptor is sent; takes the lock */
bool is_kqueue(int fd);
