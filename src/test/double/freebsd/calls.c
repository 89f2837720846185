/* Calls of the probe: functions of the double by their names, and what no double has by Linux. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int probe(const char *only);
extern const int on_macos;

static void *library;
static int tunnel = -1;

static void up(const char *name, const char *own, const char *other) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r = {0};
    struct sockaddr_in *in = (struct sockaddr_in *) &r.ifr_addr;
    strcpy(r.ifr_name, name);
    in->sin_family = AF_INET;
    inet_pton(AF_INET, own, &in->sin_addr);
    ioctl(fd, SIOCSIFADDR, &r);
    if (other) {
        inet_pton(AF_INET, other, &in->sin_addr);
        ioctl(fd, SIOCSIFDSTADDR, &r);
    }
    r.ifr_flags = IFF_UP | IFF_RUNNING;
    ioctl(fd, SIOCSIFFLAGS, &r);
    close(fd);
}

/* FreeBSD's tun0, whose packets have no header. */
static long open_tunnel(void) {
    struct ifreq r = {.ifr_name = "tun0", .ifr_flags = IFF_TUN | IFF_NO_PI};
    tunnel = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (tunnel < 0 || ioctl(tunnel, TUNSETIFF, &r) < 0) {
        return -2;
    }
    up("tun0", "10.0.0.1", "10.0.0.2");
    return tunnel;
}

static long linux_result(long r) {
    return r < 0 ? -errno : r; /* only errors whose numbers are equal */
}

long call(const char *name, long a, long b, long c, long d, long e, long f, long g, long h);
#define IS(of) !strcmp(name, #of)
#define CALL(name, a, b, c, d, e, f) call(name, (long) (a), (long) (b), (long) (c), (long) (d), (long) (e), (long) (f), 0, 0)

/* O_NONBLOCK as the flag SOCK_NONBLOCK or O_NONBLOCK of FreeBSD is, and FD_CLOEXEC: F_SETFL, F_SETFD. */
static void set_flags(long fd, long flags) {
    if (fd >= 0) {
        CALL("fcntl", fd, 4, flags & (0x20000000 | 4) ? 4 : 0, 0, 0, 0);
        CALL("fcntl", fd, 2, flags & 0x10000000 ? 1 : 0, 0, 0, 0);
    }
}

/* What macOS lacks, by what it has; 1 if the function is not one of those. */
static long call_of_macos(const char *name, long a, long b, long c, long d, long e, long f) {
    long flags = b & 0x30000000, r;
    if (IS(accept4)) {
        r = CALL("accept", a, b, c, 0, 0, 0);
        set_flags(r, d);
    } else if (IS(pipe2)) {
        r = CALL("pipe", a, 0, 0, 0, 0, 0);
        set_flags(((int *) a)[0], b);
        set_flags(((int *) a)[1], b);
    } else if (IS(socket) && flags) {
        r = CALL("socket", a, b & ~flags, c, 0, 0, 0);
        set_flags(r, flags);
    } else if (IS(socketpair) && flags) {
        r = CALL("socketpair", a, b & ~flags, c, d, 0, 0);
        set_flags(((int *) d)[0], r < 0 ? 0 : flags);
        set_flags(((int *) d)[1], r < 0 ? 0 : flags);
    } else if (IS(sendfile)) { /* file, socket, offset, length, headers, sent */
        long length = d;
        long (*function)(long, long, long, long *, long, long) = dlsym(library, name);
        r = (int) function(a, b, c, &length, e, 0);
        r = r < 0 ? -(long) errno : r;
        if (f) {
            *(long *) f = length;
        }
    } else {
        r = 1;
    }
    return r;
}

/* The errno of the target is in errno, as Linux's is. */
long call(const char *name, long a, long b, long c, long d, long e, long f, long g, long h) {
    if (IS(fork)) {
        return linux_result(fork());
    } else if (IS(exit)) {
        _exit((int) a);
    } else if (IS(nanosleep)) {
        return linux_result(nanosleep((void *) a, NULL));
    } else if (IS(kill)) {
        return linux_result(kill((pid_t) a, (int) b));
    } else if (IS(getpid)) {
        return getpid();
    } else if (IS(wait4)) {
        return linux_result(wait4((pid_t) a, (int *) b, c ? WNOHANG : 0, NULL));
    } else if (IS(clock_gettime)) {
        return linux_result(clock_gettime(CLOCK_MONOTONIC, (void *) b));
    } else if (IS(sigaction)) { /* of the probe: only the default again */
        signal(SIGPIPE, SIG_DFL);
        return 0;
    } else if (IS(getrlimit)) {
        return linux_result(getrlimit(RLIMIT_NOFILE, (void *) b));
    } else if (IS(setrlimit)) {
        return linux_result(setrlimit(RLIMIT_NOFILE, (void *) b));
    } else if (IS(mkfifoat)) {
        return linux_result(mkfifoat(AT_FDCWD, (const char *) b, (mode_t) c));
    } else if (IS(open) && !strcmp((const char *) a, "/dev/tun0")) {
        return open_tunnel();
    } else if (IS(ioctl) && (b == 0x8044692b || b == 0x8040691a || b == 0xc0206911 || b == 0x80206910)) { /* of interfaces: done */
        return 0;
    } else if (IS(write) && (a == 1 || a == tunnel)) {
        return linux_result(write((int) a, (const void *) b, (size_t) c));
    } else if (IS(read) && a == tunnel) {
        return linux_result(read((int) a, (void *) b, (size_t) c));
    } else if (IS(__sysctlbyname)) {
        return -2;
    }
    if (on_macos) {
        long r = call_of_macos(name, a, b, c, d, e, f);
        if (r != 1) {
            return r;
        }
    }
    long (*function)(long, long, long, long, long, long, long, long) = dlsym(library, name);
    if (!function) {
        fprintf(stderr, "the double has no %s\n", name);
        return -78;
    }
    long r = function(a, b, c, d, e, f, g, h);
    if (!IS(sendto) && !IS(recvfrom) && !IS(recvmsg) && !IS(sendmsg) && !IS(read) && !IS(write) && !IS(writev)) {
        r = (int) r;
    }
    return r < 0 ? -(long) errno : r;
}

struct start {
    void (*run)(void *);
    void *argument;
};

static void *run_thread(void *of) {
    struct start *start = of;
    start->run(start->argument);
    free(start);
    return NULL;
}

long begin_thread(void (*run)(void *), void *argument) {
    struct start *start = malloc(sizeof *start);
    *start = (struct start) {run, argument};
    pthread_t thread;
    return pthread_create(&thread, NULL, run_thread, start) ? 0 : (long) thread;
}

void end_thread(long thread) {
    pthread_join((pthread_t) thread, NULL);
}

static void put(const char *file, const char *text) {
    int fd = open(file, O_WRONLY);
    if (write(fd, text, strlen(text)) < 0) {
        perror(file);
    }
    close(fd);
}

/* A network of its own, with a loopback interface, and /tmp of its own. */
static void separate(void) {
    char uid[50], gid[50];
    snprintf(uid, sizeof uid, "0 %d 1", getuid());
    snprintf(gid, sizeof gid, "0 %d 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0) {
        perror("unshare");
        exit(2);
    }
    put("/proc/self/setgroups", "deny");
    put("/proc/self/uid_map", uid);
    put("/proc/self/gid_map", gid);
    up("lo", "127.0.0.1", NULL);
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mount("tmp", "/tmp", "tmpfs", 0, NULL) < 0) {
        perror("mount");
        exit(2);
    }
}

int main(int count, char **arguments) {
    library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    separate();
    return probe(count > 2 ? arguments[2] : NULL);
}
