/* What Panamio's macOS back end reads from the system headers. */

#define __APPLE_USE_RFC_3542 /* the options of IPv6 that are in use today */

#include <stddef.h>

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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include <sys/un.h>

/* This struct is packed around structs of a larger alignment, for which jextract makes no layout. */
#define GROUP_SOURCE_REQ_SIZE sizeof(struct group_source_req)
#define GROUP_SOURCE_REQ_GROUP offsetof(struct group_source_req, gsr_group)
#define GROUP_SOURCE_REQ_SOURCE offsetof(struct group_source_req, gsr_source)

/* What control messages are aligned to. */
#define CMSGHDR_ALIGNMENT (CMSG_SPACE(1) - CMSG_SPACE(0))
