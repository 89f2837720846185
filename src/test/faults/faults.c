/*
 * Forwards the functions of Panamio to the C library, or to a double of one, and injects faults by a plan. The plan is
 * shared memory: of a file, if PANAMIO_FAULTS names one, otherwise of this library, where a test finds it by
 * faults_plan().
 *
 * All functions are forwarded alike, with eight integers: arguments beyond those of a function are ignored, see the
 * documentation of Libc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef NUMBERS
#include NUMBERS
#else
#define T_EINTR EINTR
#define T_EINPROGRESS EINPROGRESS
#define T_SOL_SOCKET SOL_SOCKET
#define T_SO_TYPE SO_TYPE
#define T_MSG_PEEK MSG_PEEK
#define T_SIZE_msghdr sizeof(struct msghdr)
#define T_OFF_msghdr_msg_iov offsetof(struct msghdr, msg_iov)
#define T_OFF_msghdr_msg_iovlen offsetof(struct msghdr, msg_iovlen)
#endif

#define G(name, symbol) F(name)
enum {
#define F(name) F_##name,
#include FUNCTIONS
#undef F
  FUNCTIONS_END
};
#undef G

static const char *const names[] = {
#define G(name, symbol) symbol,
#define F(name) #name,
#include FUNCTIONS
#undef F
#undef G
};

typedef long function(long, long, long, long, long, long, long, long);
static function *real[FUNCTIONS_END];

enum { FORWARD, SINGLE, INTERRUPT, CUT };

/* Plan: what to inject; the rest counts. Java sees an array of longs. */
static struct plan {
  int64_t mode;
  int64_t chosen;    /* SINGLE: the index of the function that fails */
  int64_t countdown; /* SINGLE: its calls until the one that fails */
  int64_t error;     /* SINGLE: errno */
  int64_t injected;  /* the number of faults */
  int64_t mapped;    /* bytes mapped and not unmapped */
  int64_t allocated; /* blocks allocated and not freed */
  int64_t quiet;     /* the error of a call that was made nevertheless, as the system makes it */
  int64_t calls[FUNCTIONS_END];
} own, *plan = &own;

#define ADD(field, n) __atomic_add_fetch(&plan->field, n, __ATOMIC_RELAXED)
#define EXPORT __attribute__((visibility("default")))

EXPORT void *faults_plan(void) {
  return plan;
}

EXPORT const char *faults_name(long i) {
  return i < FUNCTIONS_END ? names[i] : "";
}

static void report(void) {
  char text[100];
  int n = snprintf(text, sizeof text, "%lld\n", (long long) plan->injected);
  const char *log = getenv("PANAMIO_FAULTS_LOG");
  int fd = log != NULL && plan == &own ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0666) : -1;
  if (fd >= 0) {
    if (write(fd, text, n) != n) {
      perror(log);
    }
    close(fd);
  }
}

__attribute__((constructor)) static void init(void) {
  const char *file = getenv("PANAMIO_FAULTS");
  const char *mode = getenv("PANAMIO_FAULTS_MODE");
  int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
  if (fd >= 0) {
    void *shared = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    plan = shared != MAP_FAILED ? shared : plan;
    close(fd);
  }
  if (mode != NULL) {
    plan->mode = strcmp(mode, "eintr") == 0 ? INTERRUPT : CUT;
    atexit(report);
  }
  void *library = dlopen(REAL[0] != 0 ? REAL : "libc.so.6", RTLD_NOW | RTLD_LOCAL);
  for (int i = 0; i < FUNCTIONS_END; i++) {
    real[i] = library == NULL ? NULL : (function *) dlsym(library, names[i]);
    if (real[i] == NULL) {
      fprintf(stderr, "faults: no function %s\n", names[i]);
      abort();
    }
  }
}

/* ---- calls that the system makes although they report an error */

/*
 * Of an interrupted connect, of an interrupted kevent with changes, and of a close that fails, the caller must not try
 * again.
 */
static int is_made(int f, long error, const long *a) {
  (void) a;
#ifdef NUMBERS
  if (f == F_kevent && error == T_EINTR && a[2] > 0) {
    return 1;
  }
#endif
  return f == F_close || (f == F_connect && (error == T_EINTR || error == T_EINPROGRESS));
}

/* ---- which calls can be interrupted, see errors.txt */

static int is_interruptible(int f, const long *a) {
  (void) a;
  switch (f) {
    case F_accept: case F_close: case F_connect: case F_flock: case F_ftruncate: case F_ioctl: case F_open: case F_poll:
    case F_pread: case F_read: case F_readv: case F_recv: case F_recvfrom: case F_recvmsg: case F_send: case F_sendfile:
    case F_sendmsg: case F_sendto: case F_write: case F_writev: case F_fchmod: case F_fchmodat:
#ifdef NUMBERS
    case F_shm_open:
      return 1;
    case F_kevent:
      return a[2] == 0; /* otherwise the changes have been made */
#else
    case F_accept4: case F_epoll_wait: case F_epoll_pwait2: case F_recvmmsg: case F_sendmmsg: case F_splice:
      return 1;
#endif
    default:
      return 0;
  }
}

/* ---- short transfers, on streams only */

static int is_stream(int fd) {
  struct stat status;
  int type;
  socklen_t length = sizeof type;
  if (fstat(fd, &status) != 0) {
    return 0;
  }
  return S_ISFIFO(status.st_mode) || (S_ISSOCK(status.st_mode)
    && getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM);
}

/* Calls a function with one byte of its vectors: the first byte of the first that is not empty. */
static long cut_vectors(int f, long *a, const struct iovec *vectors, long count, struct iovec *byte) {
  for (long i = 0; i < count; i++) {
    if (vectors[i].iov_len > 0) {
      *byte = (struct iovec) {vectors[i].iov_base, 1};
      ADD(injected, vectors[i].iov_len > 1 || i + 1 < count);
      a[1] = (long) byte;
      a[2] = 1;
      break;
    }
  }
  return real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

static long cut_message(int f, long *a) {
  char *header = (char *) a[1];
  struct iovec **vectors = (struct iovec **) (header + T_OFF_msghdr_msg_iov);
  struct iovec *all = *vectors;
  struct iovec byte;
  long count = 0;
#ifdef NUMBERS
  int *length = (int *) (header + T_OFF_msghdr_msg_iovlen);
#else
  long *length = (long *) (header + T_OFF_msghdr_msg_iovlen);
#endif
  count = *length;
  for (long i = 0; i < count; i++) {
    if (all[i].iov_len > 0) {
      byte = (struct iovec) {all[i].iov_base, 1};
      ADD(injected, all[i].iov_len > 1 || i + 1 < count);
      *vectors = &byte;
      *length = 1;
      break;
    }
  }
  long r = real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
  int error = errno;
  *vectors = all;
  *length = count;
  errno = error;
  return r;
}

static void cut(long *length) {
  if (*length > 1) {
    *length = 1;
    ADD(injected, 1);
  }
}

/* Makes a call with at most one byte, if it is one that may transfer less than it is asked to. */
static long call_cut(int f, long *a) {
  struct iovec byte;
  int error = errno;
  int stream = is_stream((int) a[0]);
  errno = error;
  if (stream) {
    switch (f) {
      case F_recv: case F_recvfrom:
        if (((int) a[3] & T_MSG_PEEK) != 0) {
          break;
        } /* fall through */
      case F_send: case F_sendto: case F_read: case F_write:
        cut(&a[2]);
        break;
      case F_readv: case F_writev:
        return cut_vectors(f, a, (struct iovec *) a[1], (int) a[2], &byte);
      case F_recvmsg: case F_sendmsg:
        if (((int) a[2] & T_MSG_PEEK) == 0) {
          return cut_message(f, a);
        }
        break;
#ifndef NUMBERS
      case F_sendfile:
        cut(&a[3]);
        break;
      case F_splice:
        cut(&a[4]);
        break;
#endif
      default:
        break;
    }
  }
  return real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}

/* ---- forwarding */

static void account(int f, const long *a, long r) {
  if (f == F_mmap && r != -1 && a[0] == 0) {
    ADD(mapped, a[1]);
  } else if (f == F_munmap && (int) r == 0) {
    ADD(mapped, -a[1]);
  } else if (f == F_calloc && r != 0) {
    ADD(allocated, 1);
  } else if (f == F_free && a[0] != 0) {
    ADD(allocated, -1);
  }
}

static long call(int f, long *a) {
  int64_t made = ADD(calls[f], 1);
  if (plan->mode == SINGLE && plan->chosen == f && ADD(countdown, -1) == 0) {
    ADD(injected, 1);
    if (is_made(f, plan->error, a)) {
      long r = real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
      if (f == F_connect && (int) r != 0 && errno != T_EINPROGRESS) {
        return r;
      }
    }
#ifdef NUMBERS
    if (f == F_sendfile) { /* nothing was sent */
      *(int64_t *) (sizeof REAL > 1 && strstr(REAL, "macos") != NULL ? a[3] : a[5]) = 0;
    }
#endif
    errno = plan->error;
    return f == F_calloc ? 0 : -1;
  }
  if (plan->mode == INTERRUPT && made % 2 == 0 && is_interruptible(f, a)) {
    ADD(injected, 1);
    long r = is_made(f, T_EINTR, a) ? real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]) : 0;
    if (f == F_connect && (int) r != 0 && errno != T_EINPROGRESS) {
      return r;
    }
    errno = T_EINTR;
    return -1;
  }
  long r = plan->mode == CUT ? call_cut(f, a) : real[f](a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
  account(f, a, r);
  return r;
}

#define F(name) G(name, #name)
#define G(name, symbol) \
  EXPORT long fault_##name(long, long, long, long, long, long, long, long) __asm__(symbol); \
  long fault_##name(long a, long b, long c, long d, long e, long f, long g, long h) { \
    return call(F_##name, (long[]) {a, b, c, d, e, f, g, h}); \
  }
#include FUNCTIONS
