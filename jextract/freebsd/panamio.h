/* What Panamio's FreeBSD back end reads from the system headers. */

#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/event.h>
#include <sys/file.h>
#include <sys/filio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include <sys/un.h>

/* A pointer as a number; what is in the condition may be folded to a constant. */
#define SHM_ANON_ADDRESS (__builtin_constant_p((long) SHM_ANON) ? (long) SHM_ANON : 0)

/* What control messages are aligned to. */
#define CMSGHDR_ALIGNMENT (CMSG_SPACE(1) - CMSG_SPACE(0))
