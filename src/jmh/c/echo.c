// The contender c of the echo benchmark: TCP echo in plain C with epoll, as fast as possible. One thread,
// edge-triggered, one shared buffer; three system calls for each request: a wait, a receive, a send.
//   echo PORT [spin|thread]
// spin: never sleeps in epoll_wait. thread: has a second thread, which only sleeps, as a JVM has further threads:
// the kernel then counts the references to a descriptor in every call.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 1024, BUFFER = 32 * 1024, BACKLOG = 4096 };

// A client and its pending output. While there is pending output, nothing more is read from it.
struct client {
    int fd;
    size_t from, to;
    char *pending;
};

static char buffer[BUFFER] __attribute__((aligned(64)));
static int epoll, listener;

static int watch(int op, int fd, uint32_t events, struct client *client) {
    struct epoll_event event = { .events = events | EPOLLRDHUP | EPOLLET, .data.ptr = client };
    return epoll_ctl(epoll, op, fd, &event);
}

static void drop(struct client *client) {
    close(client->fd);
    free(client->pending);
    free(client);
}

// Returns the number of bytes sent, possibly 0; -1 if the connection is broken.
static ssize_t transmit(int fd, const char *bytes, size_t length) {
    ssize_t n;
    do {
        n = send(fd, bytes, length, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 && errno == EAGAIN ? 0 : n;
}

// Sends what was read. Returns 1 if all of it was sent, 0 if some is pending, -1 if the connection is broken.
static int echo(struct client *client, size_t length) {
    ssize_t sent = transmit(client->fd, buffer, length);
    if (sent < 0 || (size_t) sent == length) {
        return sent < 0 ? -1 : 1;
    }
    if (!client->pending && !(client->pending = malloc(BUFFER))) {
        return -1;
    }
    client->from = 0;
    client->to = length - sent;
    memcpy(client->pending, buffer + sent, client->to);
    return watch(EPOLL_CTL_MOD, client->fd, EPOLLOUT, client);
}

// Sends pending output. Returns 1 if all of it was sent, 0 if some is still pending, -1 if the connection is broken.
static int flush(struct client *client) {
    ssize_t sent = transmit(client->fd, client->pending + client->from, client->to - client->from);
    if (sent < 0) {
        return -1;
    }
    client->from += sent;
    if (client->from < client->to) {
        return 0;
    }
    return watch(EPOLL_CTL_MOD, client->fd, EPOLLIN, client) < 0 ? -1 : 1;
}

// Serves a client. Returns -1 at the end of the connection.
static int serve(struct client *client, uint32_t events) {
    if (client->from < client->to) {
        int done = flush(client);
        if (done <= 0) {
            return done;
        }
    }
    for (;;) {
        ssize_t n = recv(client->fd, buffer, BUFFER, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 && errno == EAGAIN ? 0 : -1;
        }
        int done = echo(client, n);
        if (done <= 0) {
            return done;
        }
        // a short read means drained, but a FIN that arrived with the last data has no edge of its own
        if (n < BUFFER && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) {
            return 0;
        }
    }
}

static void accept_all(void) {
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            return;
        }
        struct client *client = calloc(1, sizeof *client);
        if (!client) {
            close(fd);
            continue;
        }
        client->fd = fd;
        if (watch(EPOLL_CTL_ADD, fd, EPOLLIN, client)) {
            drop(client);
        }
    }
}

static void *sleep_forever(void *none) {
    for (;;) {
        pause();
    }
    return none;
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: echo PORT [spin|thread]\n");
        return 2;
    }
    int timeout = argc > 2 && strcmp(argv[2], "spin") == 0 ? 0 : -1;
    pthread_t second;
    if (argc > 2 && strcmp(argv[2], "thread") == 0 && pthread_create(&second, NULL, sleep_forever, NULL) != 0) {
        fprintf(stderr, "echo: no second thread\n");
        return 1;
    }
    struct rlimit files; // as the JVM does
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int on = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)
    };
    epoll = epoll_create1(EPOLL_CLOEXEC);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (epoll < 0 || listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on)
            || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) // Linux: inherited by accepted sockets
            || bind(listener, (struct sockaddr *) &address, sizeof address) || listen(listener, BACKLOG)
            || watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL)) {
        perror("echo");
        return 1;
    }
    static struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, timeout);
        for (int i = 0; i < n; i++) {
            struct client *client = events[i].data.ptr;
            if (!client) {
                accept_all();
            } else if (serve(client, events[i].events) < 0) {
                drop(client);
            }
        }
    }
}
