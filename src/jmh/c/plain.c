// The benchmarks' operations in plain C: what the kernel itself costs. See Plain.java, which compiles and calls this.
// Each operation is a function with its benchmark's name; it does n operations and returns 0, or the negated errno.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOURCES = 64, BYTES = 64 };

static int client[SOURCES], server[SOURCES]; // both ends of each connection
static int sources;                          // an epoll that watches the server ends
static int listener;
static struct sockaddr_in address;
static int here, here_event, there, there_event; // two epolls, each of which watches an eventfd

#define CHECK(call) do { if ((call) < 0) return -errno; } while (0)

static int watch(int op, int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = { .events = events | EPOLLET, .data.u64 = token };
    return epoll_ctl(epoll, op, fd, &event);
}

static int open_client(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof address) < 0 && errno != EINPROGRESS) {
        return -1;
    }
    return fd;
}

static int accept_client(void) {
    int fd;
    do {
        fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

static int wait_woken(int epoll) {
    struct epoll_event events[SOURCES];
    int n;
    do {
        n = epoll_wait(epoll, events, SOURCES, -1);
    } while (n < 0 && errno == EINTR);
    return n == 1 && events[0].data.u64 == 1 ? 0 : -1;
}

static int wake(int event) { // edge-triggered, so that nobody need read it, as in Panamio
    return write(event, &(uint64_t) { 1 }, sizeof(uint64_t)) < 0 ? -1 : 0;
}

static void *answer_wakes(void *unused) {
    while (wait_woken(there) == 0 && wake(here_event) == 0) {
    }
    return unused;
}

// Makes all that the operations use. It goes with the process.
long setup(void) {
    address = (struct sockaddr_in) { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    CHECK(listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    CHECK(bind(listener, (struct sockaddr *) &address, sizeof address));
    CHECK(listen(listener, SOMAXCONN));
    CHECK(getsockname(listener, (struct sockaddr *) &address, &(socklen_t) { sizeof address }));
    CHECK(sources = epoll_create1(EPOLL_CLOEXEC));
    for (int i = 0; i < SOURCES; i++) {
        CHECK(client[i] = open_client());
        CHECK(server[i] = accept_client());
        CHECK(no_delay(client[i]));
        CHECK(no_delay(server[i]));
        CHECK(watch(EPOLL_CTL_ADD, sources, server[i], EPOLLIN | EPOLLRDHUP, i));
    }
    CHECK(here = epoll_create1(EPOLL_CLOEXEC));
    CHECK(there = epoll_create1(EPOLL_CLOEXEC));
    CHECK(here_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    CHECK(there_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    CHECK(watch(EPOLL_CTL_ADD, here, here_event, EPOLLIN, 1));
    CHECK(watch(EPOLL_CTL_ADD, there, there_event, EPOLLIN, 1));
    pthread_t thread;
    return -pthread_create(&thread, NULL, answer_wakes, NULL);
}

static int send_some(int fd, const char *bytes, int size) {
    return send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) == size ? 0 : -1;
}

static int receive_some(int fd, char *bytes, int size) {
    ssize_t n;
    do {
        n = recv(fd, bytes, BYTES, MSG_DONTWAIT);
    } while (n < 0 && errno == EAGAIN);
    return n == size ? 0 : -1;
}

long SendRecv(long n) {
    char bytes[BYTES] = { 0 };
    while (n-- > 0) {
        CHECK(send_some(client[0], bytes, BYTES));
        CHECK(receive_some(server[0], bytes, BYTES));
    }
    return 0;
}

long WouldBlock(long n) {
    char bytes[BYTES];
    while (n-- > 0) {
        if (recv(server[0], bytes, BYTES, MSG_DONTWAIT) >= 0 || errno != EAGAIN) {
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

long PollReady(long n) {
    struct epoll_event events[SOURCES];
    char bytes[BYTES] = { 0 };
    while (n-- > 0) {
        for (int i = 0; i < SOURCES; i++) {
            CHECK(send_some(client[i], bytes, 1));
        }
        for (int seen = 0; seen < SOURCES;) {
            int ready = epoll_wait(sources, events, SOURCES, 0);
            CHECK(ready);
            for (int i = 0; i < ready; i++) {
                if (events[i].events & EPOLLIN) {
                    CHECK(receive_some(server[events[i].data.u64], bytes, 1));
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
            CHECK(watch(EPOLL_CTL_MOD, sources, server[i], interest, i));
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

long Wake(long n) {
    while (n-- > 0) {
        CHECK(wake(here_event));
        CHECK(wait_woken(here));
    }
    return 0;
}

long WakeOther(long n) {
    while (n-- > 0) {
        CHECK(wake(there_event));
        CHECK(wait_woken(here));
    }
    return 0;
}

long ConnectAcceptClose(long n) {
    while (n-- > 0) {
        int connected, accepted;
        CHECK(connected = open_client());
        CHECK(accepted = accept_client());
        CHECK(finish_connect(connected));
        CHECK(close(accepted));
        CHECK(close(connected));
    }
    return 0;
}
