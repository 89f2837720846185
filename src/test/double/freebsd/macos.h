/*
 * What the probe is with macOS's headers. What they lack is no flag or option there, calls.c replaces it, or it stands for
 * what has its place.
 */
#define __APPLE_USE_RFC_3542 1
#include <sys/param.h>
#include <sys/types.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/ucred.h>
#include <sys/poll.h>
#include <sys/uio.h>
#include <sys/time.h>
#include <sys/mount.h>
#include <sys/errno.h>
#include <sys/fcntl.h>
#include <sys/filio.h>
#include <sys/sockio.h>
#include <sys/signal.h>
#include <sys/wait.h>
#include <sys/unistd.h>
#include <sys/stat.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/in_systm.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

#define SOCK_NONBLOCK 0x20000000 /* by calls.c, as for FreeBSD */
#define SOCK_CLOEXEC 0x10000000
#define EVFILT_EMPTY (-13)
#define EV_KEEPUDATA 0
#define NOTE_ABSTIME NOTE_ABSOLUTE
#define POLLRDHUP 0
#define MSG_CMSG_CLOEXEC 0
#define TCP_KEEPIDLE TCP_KEEPALIVE
#define TCP_KEEPINIT TCP_CONNECTIONTIMEOUT
#define SO_PROTOCOL SO_TYPE
#define SO_REUSEPORT_LB SO_REUSEPORT
#define FIONWRITE FIONREAD
#define FIONSPACE FIONREAD
#define cr_pid cr_version
#undef SO_LINGER
#define SO_LINGER SO_LINGER_SEC
#define QUEUE_OF_4 4
