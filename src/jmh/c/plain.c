// The benchmarks' operations in plain C, which show the cost of the kernel. Plain.java compiles and calls this.
// Each operation is a function with its benchmark's name. It performs n operations and returns 0, or the negated errno.
// The Java class of the same name documents the operation and its system calls.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SOURCES = 64, MOST_SOURCES = 1024, BYTES = 64, ROOM = 1024, PARTS = 4, BATCH = 32 };

struct pair { int client, server; };

// Not watched: sending to a socket that an epoll watches costs more.
static struct pair tcp, local, udp;
static struct sockaddr_in udp_address;

static struct pair watched[SOURCES];
static int sources; // an epoll that watches the server ends of those

static struct pair tcp_turn, local_turn, udp_turn; // each with an epoll that watches its server end
static int tcp_epoll, local_epoll, udp_epoll;
static struct sockaddr_in udp_turn_address;

static int listener, watched_listener; // the second one with an epoll that watches it
static struct sockaddr_in address, watched_address;
static int connects;

static int registrations; // an epoll that watches nothing
static int levels;        // an epoll that watches pipes, the first ones of which stay ready
static long ready_levels;

static int here, here_event, there, there_event; // two epolls, each of which watches an eventfd

#define CHECK(call) do { if ((call) < 0) return -errno; } while (0)

static int watch(int op, int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = { .events = events | EPOLLET, .data.u64 = token };
    return epoll_ctl(epoll, op, fd, &event);
}

static int open_bound(int type, struct sockaddr_in *bound) { // to a port chosen by the system
    *bound = (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) bound, sizeof *bound) < 0) {
        return -1;
    }
    return getsockname(fd, (struct sockaddr *) bound, &(socklen_t) { sizeof *bound }) < 0 ? -1 : fd;
}

static int open_client(const struct sockaddr_in *to) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *) to, sizeof *to) < 0 && errno != EINPROGRESS) {
        return -1;
    }
    return fd;
}

static int accept_now(int from) {
    return accept4(from, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static int accept_client(void) {
    int fd;
    do {
        fd = accept_now(listener);
    } while (fd < 0 && errno == EAGAIN);
    return fd;
}

static int finish_connect(int fd) {
    int error;
    struct sockaddr_in peer;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0) {
        return -1;
    }
    length = sizeof peer;
    return getpeername(fd, (struct sockaddr *) &peer, &length);
}

static int no_delay(int fd) {
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int) { 1 }, sizeof(int));
}

static int open_pair(struct pair *pair) {
    pair->client = open_client(&address);
    pair->server = accept_client();
    return pair->client < 0 || pair->server < 0 ? -1 : no_delay(pair->client) | no_delay(pair->server);
}

static int open_local_pair(struct pair *pair) {
    int ends[2];
    int r = socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
    *pair = (struct pair) { ends[0], ends[1] };
    return r;
}

static int open_udp_pair(struct pair *pair, struct sockaddr_in *to) {
    pair->client = open_bound(SOCK_DGRAM, to);
    pair->server = open_bound(SOCK_DGRAM, to);
    return pair->client < 0 || pair->server < 0 ? -1 : 0;
}

static int open_watching(int fd) { // an epoll, with token 1
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll < 0 || watch(EPOLL_CTL_ADD, epoll, fd, EPOLLIN | EPOLLRDHUP, 1) < 0 ? -1 : epoll;
}

static int open_levels(long ready) { // at least as many pipes as the other epoll has connections
    if ((levels = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        return -1;
    }
    for (long i = 0; i < (ready > SOURCES ? ready : SOURCES); i++) {
        int ends[2];
        struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.u64 = i + 1 };
        if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0 || epoll_ctl(levels, EPOLL_CTL_ADD, ends[0], &event) < 0
                || (i < ready && write(ends[1], "", 1) < 0)) {
            return -1;
        }
    }
    ready_levels = ready;
    return 0;
}

static int wait_for(int epoll, struct epoll_event *events) {
    int n;
    do {
        n = epoll_wait(epoll, events, SOURCES, -1);
    } while (n < 0 && errno == EINTR);
    return n;
}

static int wait_for_one(int epoll) {
    struct epoll_event events[SOURCES];
    return wait_for(epoll, events) == 1 && events[0].data.u64 == 1 && (events[0].events & EPOLLIN) ? 0 : -1;
}

static int wake(int event) { // edge-triggered, so that no read is needed, as in Panamio
    return write(event, &(uint64_t) { 1 }, sizeof(uint64_t)) < 0 ? -1 : 0;
}

static void *answer_wakes(void *unused) {
    while (wait_for_one(there) == 0 && wake(here_event) == 0) {
    }
    return unused;
}

// Opens everything that the operations use; ready is the number of ready sources for PollLevel. Never closed.
long setup(long ready) {
    CHECK(listener = open_bound(SOCK_STREAM, &address));
    CHECK(listen(listener, SOMAXCONN));
    CHECK(open_pair(&tcp));
    CHECK(open_local_pair(&local));
    CHECK(open_udp_pair(&udp, &udp_address));
    CHECK(sources = epoll_create1(EPOLL_CLOEXEC));
    for (int i = 0; i < SOURCES; i++) {
        CHECK(open_pair(&watched[i]));
        CHECK(watch(EPOLL_CTL_ADD, sources, watched[i].server, EPOLLIN | EPOLLRDHUP, i));
    }
    CHECK(open_pair(&tcp_turn));
    CHECK(open_local_pair(&local_turn));
    CHECK(open_udp_pair(&udp_turn, &udp_turn_address));
    CHECK(tcp_epoll = open_watching(tcp_turn.server));
    CHECK(local_epoll = open_watching(local_turn.server));
    CHECK(udp_epoll = open_watching(udp_turn.server));
    CHECK(watched_listener = open_bound(SOCK_STREAM, &watched_address));
    CHECK(listen(watched_listener, SOMAXCONN));
    CHECK(connects = open_watching(watched_listener));
    CHECK(registrations = epoll_create1(EPOLL_CLOEXEC));
    CHECK(open_levels(ready));
    CHECK(here_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    CHECK(there_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    CHECK(here = open_watching(here_event));
    CHECK(there = open_watching(there_event));
    pthread_t thread;
    return -pthread_create(&thread, NULL, answer_wakes, NULL);
}

static int send_some(int fd, const char *bytes, int size) {
    return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == size ? 0 : -1;
}

static int receive_some(int fd, char *bytes, int size) { // all pending bytes, which drains the socket
    ssize_t n;
    do {
        n = recv(fd, bytes, ROOM, MSG_DONTWAIT);
    } while (n < 0 && errno == EAGAIN);
    return n == size ? 0 : -1;
}

static long send_receive(const struct pair *pair, long n) {
    char bytes[BYTES] = { 0 };
    while (n-- > 0) {
        CHECK(send_some(pair->client, bytes, BYTES));
        ssize_t received;
        do {
            received = recv(pair->server, bytes, BYTES, MSG_DONTWAIT);
        } while (received < 0 && errno == EAGAIN);
        if (received != BYTES) {
            return -EPROTO;
        }
    }
    return 0;
}

long SendRecv(long n) {
    return send_receive(&tcp, n);
}

long UnixSendRecv(long n) {
    return send_receive(&local, n);
}

long GatherScatter(long n) {
    char bytes[BYTES] = { 0 };
    struct iovec parts[PARTS];
    for (int i = 0; i < PARTS; i++) {
        parts[i] = (struct iovec) { bytes + i * (BYTES / PARTS), BYTES / PARTS };
    }
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = PARTS };
    while (n-- > 0) {
        if (sendmsg(tcp.client, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != BYTES) {
            return -EPROTO;
        }
        ssize_t received;
        do {
            received = recvmsg(tcp.server, &message, MSG_DONTWAIT);
        } while (received < 0 && errno == EAGAIN);
        if (received != BYTES) {
            return -EPROTO;
        }
    }
    return 0;
}

static int send_datagram(const struct pair *pair, const struct sockaddr_in *to, const char *bytes) {
    return sendto(pair->client, bytes, BYTES, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *) to, sizeof *to);
}

static int receive_datagram(const struct pair *pair, char *bytes) {
    struct sockaddr_in from;
    return recvfrom(pair->server, bytes, BYTES, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *) &from,
        &(socklen_t) { sizeof from });
}

long Udp(long n) {
    char bytes[BYTES] = { 0 };
    while (n-- > 0) {
        if (send_datagram(&udp, &udp_address, bytes) != BYTES || receive_datagram(&udp, bytes) != BYTES) {
            return -EPROTO;
        }
    }
    return 0;
}

long UdpBatch(long n) {
    static char bytes[BATCH][BYTES];
    static struct iovec parts[BATCH];
    static struct sockaddr_in from[BATCH];
    static struct mmsghdr sent[BATCH], received[BATCH];
    for (int i = 0; i < BATCH; i++) {
        parts[i] = (struct iovec) { bytes[i], BYTES };
        sent[i].msg_hdr = (struct msghdr) { &udp_address, sizeof udp_address, &parts[i], 1, NULL, 0, 0 };
    }
    while (n-- > 0) {
        for (int i = 0; i < BATCH; i++) { // as the kernel overwrites the lengths
            received[i].msg_hdr = (struct msghdr) { &from[i], sizeof from[i], &parts[i], 1, NULL, 0, 0 };
        }
        if (sendmmsg(udp.client, sent, BATCH, MSG_DONTWAIT | MSG_NOSIGNAL) != BATCH
                || recvmmsg(udp.server, received, BATCH, MSG_DONTWAIT, NULL) != BATCH) {
            return -EPROTO;
        }
    }
    return 0;
}

long WouldBlock(long n) {
    char bytes[BYTES];
    while (n-- > 0) {
        if (recv(tcp.server, bytes, BYTES, MSG_DONTWAIT) >= 0 || errno != EAGAIN) {
            return -EPROTO;
        }
    }
    return 0;
}

long PollIdle(long n) {
    struct epoll_event events[SOURCES];
    while (n-- > 0) {
        if (epoll_wait(sources, events, SOURCES, 0) != 0) {
            return -EPROTO;
        }
    }
    return 0;
}

long PollLevel(long n) {
    static struct epoll_event events[MOST_SOURCES];
    while (n-- > 0) {
        int ready = epoll_wait(levels, events, MOST_SOURCES, 0);
        uint64_t tokens = 0;
        for (int i = 0; i < ready; i++) {
            if (events[i].events & EPOLLIN) {
                tokens += events[i].data.u64;
            }
        }
        if (tokens != (uint64_t) (ready_levels * (ready_levels + 1) / 2)) {
            return -EPROTO;
        }
    }
    return 0;
}

long PollReady(long n) {
    struct epoll_event events[SOURCES];
    char bytes[ROOM] = { 0 };
    while (n-- > 0) {
        for (int i = 0; i < SOURCES; i++) {
            CHECK(send_some(watched[i].client, bytes, 1));
        }
        for (int seen = 0; seen < SOURCES;) {
            int ready = epoll_wait(sources, events, SOURCES, 0);
            CHECK(ready);
            for (int i = 0; i < ready; i++) {
                if (events[i].events & EPOLLIN) {
                    CHECK(receive_some(watched[events[i].data.u64].server, bytes, 1));
                    seen++;
                }
            }
        }
    }
    return 0;
}

long PollRearm(long n) {
    static uint32_t interest = EPOLLOUT;
    struct epoll_event events[SOURCES];
    while (n-- > 0) {
        interest ^= EPOLLIN | EPOLLRDHUP;
        for (int i = 0; i < SOURCES; i++) {
            CHECK(watch(EPOLL_CTL_MOD, sources, watched[i].server, interest, i));
        }
        int ready = epoll_wait(sources, events, SOURCES, 0);
        uint64_t tokens = 0;
        for (int i = 0; i < ready; i++) {
            if (events[i].events & EPOLLOUT) {
                tokens += events[i].data.u64;
            }
        }
        if (tokens != SOURCES * (SOURCES - 1) / 2) {
            return -EPROTO;
        }
    }
    return 0;
}

static int register_for(int op, uint32_t events) {
    return watch(op, registrations, tcp.server, events | EPOLLIN | EPOLLRDHUP, 1);
}

long Register(long n) {
    while (n-- > 0) {
        CHECK(register_for(EPOLL_CTL_ADD, 0));
        CHECK(register_for(EPOLL_CTL_MOD, EPOLLOUT));
        CHECK(register_for(EPOLL_CTL_DEL, 0));
    }
    return 0;
}

long RegisterPolled(long n) {
    struct epoll_event events[SOURCES];
    while (n-- > 0) {
        CHECK(register_for(EPOLL_CTL_ADD, 0));
        int added = epoll_wait(registrations, events, SOURCES, 0);
        CHECK(register_for(EPOLL_CTL_MOD, EPOLLOUT));
        int modified = epoll_wait(registrations, events, SOURCES, 0);
        CHECK(register_for(EPOLL_CTL_DEL, 0));
        int deleted = epoll_wait(registrations, events, SOURCES, 0);
        if (added != 0 || modified != 1 || deleted != 0) {
            return -EPROTO;
        }
    }
    return 0;
}

long Wake(long n) {
    while (n-- > 0) {
        CHECK(wake(here_event));
        CHECK(wait_for_one(here));
    }
    return 0;
}

long WakeOther(long n) {
    while (n-- > 0) {
        CHECK(wake(there_event));
        CHECK(wait_for_one(here));
    }
    return 0;
}

long ConnectAcceptClose(long n) {
    while (n-- > 0) {
        int connected, accepted;
        CHECK(connected = open_client(&address));
        CHECK(accepted = accept_client());
        CHECK(finish_connect(connected));
        CHECK(close(accepted));
        CHECK(close(connected));
    }
    return 0;
}

static long turn(const struct pair *pair, int epoll, long n) {
    char bytes[ROOM] = { 0 };
    while (n-- > 0) {
        CHECK(send_some(pair->client, bytes, BYTES));
        CHECK(wait_for_one(epoll));
        CHECK(receive_some(pair->server, bytes, BYTES));
    }
    return 0;
}

long Turn(long n) {
    return turn(&tcp_turn, tcp_epoll, n);
}

long UnixTurn(long n) {
    return turn(&local_turn, local_epoll, n);
}

long UdpTurn(long n) {
    char bytes[BYTES] = { 0 };
    while (n-- > 0) {
        if (send_datagram(&udp_turn, &udp_turn_address, bytes) != BYTES || wait_for_one(udp_epoll) < 0
                || receive_datagram(&udp_turn, bytes) != BYTES || receive_datagram(&udp_turn, bytes) >= 0) {
            return -EPROTO;
        }
    }
    return 0;
}

static int serve(void) {
    int fd;
    while ((fd = accept_now(watched_listener)) >= 0) {
        if (watch(EPOLL_CTL_ADD, connects, fd, EPOLLIN | EPOLLRDHUP, 2) < 0 || close(fd) < 0) {
            return -1;
        }
    }
    return errno == EAGAIN ? 0 : -1;
}

long ConnectTurn(long n) {
    struct epoll_event events[SOURCES];
    char bytes[BYTES];
    while (n-- > 0) {
        int connecting, connected = 0;
        CHECK(connecting = open_client(&watched_address));
        CHECK(watch(EPOLL_CTL_ADD, connects, connecting, EPOLLIN | EPOLLOUT | EPOLLRDHUP, 3));
        while (connecting >= 0) {
            int ready = wait_for(connects, events);
            CHECK(ready);
            for (int i = 0; i < ready; i++) {
                if (events[i].data.u64 == 1) {
                    CHECK(serve());
                    continue;
                }
                if (!connected && (events[i].events & EPOLLOUT)) {
                    CHECK(finish_connect(connecting));
                    connected = 1;
                }
                if (events[i].events & (EPOLLIN | EPOLLRDHUP)) {
                    if (!connected || recv(connecting, bytes, BYTES, MSG_DONTWAIT) != 0) {
                        return -EPROTO;
                    }
                    CHECK(close(connecting));
                    connecting = -1;
                }
            }
        }
    }
    return 0;
}

long GuardEnterExit(long n) { // exactly what Guard.java does
    static atomic_int state;
    while (n-- > 0) {
        int s = atomic_load(&state);
        do {
            if (s < 0) {
                return -EBADF;
            }
        } while (!atomic_compare_exchange_weak(&state, &s, s + 1));
        if (atomic_fetch_sub(&state, 1) == (INT_MIN | 1)) {
            return -EBADF;
        }
    }
    return 0;
}

long ArenaOpenClose(long n) {
    while (n-- > 0) {
        void *memory = calloc(1, BYTES);
        __asm__ volatile("" : "+r"(memory)); // otherwise the compiler eliminates both calls
        if (!memory) {
            return -ENOMEM;
        }
        free(memory);
    }
    return 0;
}
