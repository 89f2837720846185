/* What Panamio's Windows back end reads from mingw-w64's headers, and from missing.h what is in none of them. */

#define NTDDI_VERSION 0x0A000006 /* Windows 10 1809, which has struct _TCP_INFO_v1 */
#define _WIN32_WINNT 0x0A00
#define WIN32_LEAN_AND_MEAN

/* windows.h has some of the status codes of ntstatus.h as well. */
#define WIN32_NO_STATUS
#include <winsock2.h>
#include <windows.h>
#undef WIN32_NO_STATUS
#include <ntstatus.h>

#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>
#include <afunix.h>
#include <winternl.h>

#include "missing.h"
